package api

import (
	"cmp"
	"math"
	"net/http"
	"strings"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/video"
	"sluice/shared/platform/httpapi"
)

// videoSummary is a video in a list.
type videoSummary struct {
	ID         string            `json:"id"`
	Title      string            `json:"title"`
	ExternalID string            `json:"external_id,omitempty"`
	Metadata   map[string]string `json:"metadata,omitempty"`
	State      video.State       `json:"state"`
	Created    httpapi.Timestamp `json:"created_at"`
	Source     sourceView        `json:"source"`
	Media      *mediaView        `json:"media,omitempty"` // once inspected
	Playback   playbackView      `json:"playback"`
	Error      *errs.Problem     `json:"error,omitempty"` // why it failed
}

// videoView is a video in a response.
type videoView struct {
	videoSummary
	Renditions []string          `json:"renditions"`           // names; empty until inspected
	Playable   httpapi.Timestamp `json:"playable_at,omitzero"` // when it became playable
	// when it was unpublished; absent: it may be played
	Unpublished httpapi.Timestamp `json:"unpublished_at,omitzero"`
	Progress    videoProgress     `json:"progress"`
	Stages      []stage           `json:"stages"`
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

// playbackView are the links to watch a video. They work once it is playable, and are absent if it never will be.
type playbackView struct {
	ID    string `json:"id"`
	HLS   string `json:"hls,omitempty"`
	Watch string `json:"watch,omitempty"`
}

// showVideo answers GET /v1/videos/{id}.
func (a *API) showVideo(w http.ResponseWriter, r *http.Request) error {
	c := httpapi.CallerFromContext(r.Context())
	v, err := a.findVideo(r, c.Tenant)
	if err != nil {
		return err
	}
	return httpapi.WriteJSON(w, http.StatusOK, a.buildVideoView(v, c))
}

func (a *API) buildVideoView(v video.Video, c httpapi.Caller) videoView {
	out := videoView{
		videoSummary: a.buildVideoSummary(v, c), Renditions: []string{},
		Playable: httpapi.Timestamp{Time: v.Times.Playable},
	}
	if v.Publication.Unpublished {
		out.Unpublished = httpapi.Timestamp{Time: v.Publication.At}
	}
	out.Progress, out.Stages = computeStages(v, a.now())
	if v.Plan != nil {
		for _, r := range v.Plan.Renditions {
			out.Renditions = append(out.Renditions, r.Name)
		}
	}
	return out
}

func (a *API) buildVideoSummary(v video.Video, c httpapi.Caller) videoSummary {
	out := videoSummary{
		ID: v.ID, Title: v.Title, ExternalID: v.ExternalID, Metadata: v.Metadata, State: v.State,
		Created: httpapi.Timestamp{Time: v.Times.Created},
		Source:  sourceView{v.Source.Name, v.Source.Size, v.Source.ContentType}, Playback: playbackView{ID: v.Playback},
		Error: v.Problem,
	}
	if m := v.Media; m != nil {
		rate := math.Round(m.Rate.Float()*1000) / 1000
		out.Media = &mediaView{m.Width, m.Height, m.Duration, rate, m.VideoCodec, m.AudioCodec}
	}
	switch v.State {
	case video.Waiting, video.Uploaded, video.Processing, video.Playable, video.Ready:
		if v.Publication.Unpublished {
			break
		}
		base := strings.TrimRight(cmp.Or(a.PublicURL, c.BaseURL), "/")
		media := strings.TrimRight(cmp.Or(a.MediaURL, base), "/")
		out.Playback.HLS = media + "/p/" + playback.PublicToken + "/" + v.Playback + "/master.m3u8"
		out.Playback.Watch = base + "/watch/" + v.Playback
	}
	return out
}
