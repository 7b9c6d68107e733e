package api

import (
	"cmp"
	"math"
	"net/http"
	"strings"
	"time"

	"sluice/shared/playback"
	"sluice/shared/video"
)

// videoView is a video as its tenant sees it.
type videoView struct {
	ID         string         `json:"id"`
	Title      string         `json:"title"`
	State      video.State    `json:"state"`
	Created    moment         `json:"created_at"`
	Source     sourceView     `json:"source"`
	Media      *mediaView     `json:"media,omitempty"` // once inspected
	Renditions []string       `json:"renditions"`      // names; none until planned
	Progress   progress       `json:"progress"`
	Stages     []stage        `json:"stages"`
	Playback   playbackView   `json:"playback"`
	Error      *video.Problem `json:"error,omitempty"` // why it failed
}

type sourceView struct {
	Name        string `json:"name"`
	Size        int64  `json:"size"`
	ContentType string `json:"content_type"`
}

type mediaView struct {
	Width      int     `json:"width"`
	Height     int     `json:"height"`
	Duration   float64 `json:"duration_seconds"`
	FrameRate  float64 `json:"frame_rate"`
	VideoCodec string  `json:"video_codec"`
	AudioCodec string  `json:"audio_codec,omitempty"` // absent: no sound
}

// playbackView is how to watch a video; the links work once it is ready, and are absent when it never will be.
type playbackView struct {
	ID    string `json:"id"`
	HLS   string `json:"hls,omitempty"`
	Watch string `json:"watch,omitempty"`
}

// showVideo answers GET /v1/videos/{id}.
func (a *API) showVideo(w http.ResponseWriter, r *http.Request) error {
	c := callerOf(r.Context())
	v, err := a.Rows.Video(r.Context(), c.tenant, r.PathValue("id"))
	if err != nil {
		return err
	}
	a.about(r.Context(), v.Tenant, v.ID)
	out := view(v, a.now())
	out.Playback = playbackView{ID: v.Playback}
	if v.State != video.Failed {
		out.Playback = a.links(v.Playback, c)
	}
	return reply(w, http.StatusOK, out)
}

func view(v video.Video, now time.Time) videoView {
	out := videoView{
		ID: v.ID, Title: v.Title, State: v.State, Created: moment{v.Times.Created}, Renditions: []string{},
		Source: sourceView{v.Source.Name, v.Source.Size, v.Source.ContentType}, Error: v.Problem,
	}
	out.Progress, out.Stages = follow(v, now)
	if m := v.Media; m != nil {
		rate := math.Round(m.Rate.Float()*1000) / 1000
		out.Media = &mediaView{m.Width, m.Height, m.Duration, rate, m.VideoCodec, m.AudioCodec}
	}
	if v.Plan != nil {
		for _, r := range v.Plan.Renditions {
			out.Renditions = append(out.Renditions, r.Name)
		}
	}
	return out
}

// links returns where to watch a video.
func (a *API) links(id string, c caller) playbackView {
	base := strings.TrimRight(cmp.Or(a.PublicURL, c.base), "/")
	media := strings.TrimRight(cmp.Or(a.MediaURL, base), "/")
	return playbackView{ID: id, HLS: media + "/p/" + playback.Public + "/" + id + "/master.m3u8", Watch: base + "/watch/" + id}
}
