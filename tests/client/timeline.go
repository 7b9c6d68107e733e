package client

import (
	"context"
	"net/url"
	"time"
)

// TimelineEntry is a line of a video's timeline.
type TimelineEntry struct {
	At    time.Time `json:"at"`
	Event string    `json:"event"`
	State string    `json:"state"` // of the video after it
	Task  *Task     `json:"task"`  // that is finished; nil: it is of the video
	Error *Failure  `json:"error"`
}

// Task is a part of a video that was encoded by itself.
type Task struct {
	Number    int    `json:"number"`
	Kind      string `json:"kind"` // video or audio
	FromFrame int    `json:"from_frame"`
	ToFrame   int    `json:"to_frame"` // one past the last
}

// GetTimeline returns all that has happened to a video, in order.
func (c *Client) GetTimeline(ctx context.Context, id string) ([]TimelineEntry, error) {
	var page struct{ Entries []TimelineEntry }
	err := c.callAPI(ctx, "GET", "/v1/videos/"+url.PathEscape(id)+"/timeline", nil, &page)
	return page.Entries, err
}
