package client

import (
	"context"
	"encoding/json"
	"net/url"
	"time"
)

// Three states of a video. A playable video can be watched while it is still being encoded. Ready and Failed are final.
const (
	Playable = "playable"
	Ready    = "ready"
	Failed   = "failed"
)

// Video is the document of GET /v1/videos/{id}.
type Video struct {
	ID         string    `json:"id"`
	Title      string    `json:"title"`
	State      string    `json:"state"`
	CreatedAt  time.Time `json:"created_at"`
	Source     Source    `json:"source"`
	Media      *Media    `json:"media"` // nil before inspection
	Renditions []string  `json:"renditions"`
	PlayableAt time.Time `json:"playable_at"` // zero before that
	Progress   Progress  `json:"progress"`
	Stages     []Stage   `json:"stages"`
	Playback   Playback  `json:"playback"`
	Error      *Failure  `json:"error"` // nil unless it failed
}

// Source is the file that was uploaded.
type Source struct {
	Name        string `json:"name"`
	Size        int64  `json:"size"` // bytes
	ContentType string `json:"content_type"`
}

// Media describes the streams of the file.
type Media struct {
	Width      int     `json:"width"` // pixels, as displayed
	Height     int     `json:"height"`
	Duration   float64 `json:"duration_seconds"`
	FrameRate  float64 `json:"frame_rate"` // frames per second
	VideoCodec string  `json:"video_codec"`
	AudioCodec string  `json:"audio_codec"` // empty without sound
}

// Progress is how much of the processing is done.
type Progress struct {
	Stage      string  `json:"stage"`   // upload, inspect, encode, publish or done
	Percent    float64 `json:"percent"` // 0 to 100
	TasksDone  int     `json:"tasks_done"`
	TasksTotal int     `json:"tasks_total"` // 0 until it is known
}

// Stage is one stage of processing.
type Stage struct {
	Name    string     `json:"name"`       // upload, inspect, encode or publish
	State   string     `json:"state"`      // waiting, running, done or failed
	Started *time.Time `json:"started_at"` // nil before that
	Ended   *time.Time `json:"ended_at"`   // nil before that
	Seconds float64    `json:"seconds"`
}

// Playback has the links to watch a video. They work from the state playable on.
type Playback struct {
	ID        string `json:"id"`
	HLS       string `json:"hls"`   // the master playlist
	WatchPage string `json:"watch"` // a page with a player
}

// Failure is the reason why a video failed.
type Failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (f *Failure) Error() string { return f.Code + ": " + f.Message }

// IsFinal reports whether the video is ready or has failed.
func (v Video) IsFinal() bool { return v.State == Ready || v.State == Failed }

// GetVideo returns the video with the given id.
func (c *Client) GetVideo(ctx context.Context, id string) (Video, error) {
	var v Video
	err := c.callAPI(ctx, "GET", "/v1/videos/"+url.PathEscape(id), nil, &v)
	return v, err
}

// DeleteVideo requests that a video is deleted with all that belongs to it. It returns before that is done.
func (c *Client) DeleteVideo(ctx context.Context, id string) error {
	return c.callAPI(ctx, "DELETE", "/v1/videos/"+url.PathEscape(id), nil, nil)
}

// GetTrace returns the document of GET /v1/videos/{id}/trace unchanged: the spans of the video in all services.
func (c *Client) GetTrace(ctx context.Context, id string) (json.RawMessage, error) {
	var text json.RawMessage
	err := c.callAPI(ctx, "GET", "/v1/videos/"+url.PathEscape(id)+"/trace", nil, &text)
	return text, err
}

// WaitForVideo polls a video at the given interval until it is ready or has failed, and returns its last document. It
// calls seen with each document, unless seen is nil. It returns no error for a video that failed.
func (c *Client) WaitForVideo(ctx context.Context, id string, every time.Duration, seen func(Video)) (Video, error) {
	for {
		v, err := c.GetVideo(ctx, id)
		if err != nil {
			return v, err
		}
		if seen != nil {
			seen(v)
		}
		if v.IsFinal() {
			return v, nil
		}
		if err := c.Sleep(ctx, every); err != nil {
			return v, err
		}
	}
}
