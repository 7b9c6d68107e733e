package client

import (
	"context"
	"net/url"
	"time"
)

// Entry is a line of a video's timeline.
type Entry struct {
	At    time.Time `json:"at"`
	Event string    `json:"event"`
	State string    `json:"state"` // of the video after it
	Task  *Task     `json:"task"`  // that is finished; nil: it is of the video
	Error *Failure  `json:"error"`
}

// Task is a part of a video that was encoded by itself.
type Task struct {
	Number int    `json:"number"`
	Kind   string `json:"kind"` // video or audio
	From   int    `json:"from_frame"`
	To     int    `json:"to_frame"` // one past the last
}

// Timeline returns all that has happened to a video, in order.
func (c *Client) Timeline(ctx context.Context, id string) ([]Entry, error) {
	var page struct{ Entries []Entry }
	err := c.call(ctx, "GET", "/v1/videos/"+url.PathEscape(id)+"/timeline", nil, &page)
	return page.Entries, err
}
