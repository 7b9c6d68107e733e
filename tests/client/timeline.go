package client

import (
	"context"
	"net/url"
	"time"
)

// TimelineEntry is one entry of a video's timeline.
type TimelineEntry struct {
	At    time.Time `json:"at"`
	Event string    `json:"event"`
	State string    `json:"state"` // of the video after the event
	Task  *Task     `json:"task"`  // the finished task; nil if the entry is about the whole video
	Error *Failure  `json:"error"`
}

// Task is a part of a video that is encoded by itself.
type Task struct {
	Number    int    `json:"number"`
	Kind      string `json:"kind"` // "video" or "audio"
	FromFrame int    `json:"from_frame"`
	ToFrame   int    `json:"to_frame"` // exclusive
}

// GetTimeline returns all events of a video in order.
func (c *Client) GetTimeline(ctx context.Context, id string) ([]TimelineEntry, error) {
	var page struct{ Entries []TimelineEntry }
	err := c.callAPI(ctx, "GET", "/v1/videos/"+url.PathEscape(id)+"/timeline", nil, &page)
	return page.Entries, err
}
