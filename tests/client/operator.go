package client

import (
	"context"
	"net/url"
	"time"
)

// ServiceMap is the state of all services. The calls in this file need a token with the scope operator.
type ServiceMap struct {
	At       time.Time `json:"at"`
	Services []Service `json:"services"`
}

// Service is one service of the map.
type Service struct {
	Name   string  `json:"name"`
	Queues []Queue `json:"queues"`
}

// Queue is one queue of a service. A field is nil if its value is not known.
type Queue struct {
	Name        string `json:"name"`
	Lane        string `json:"lane"`
	Waiting     *int   `json:"waiting"`
	InFlight    *int   `json:"in_flight"`
	Ceiling     *int   `json:"ceiling"` // maximum number of workers at the moment
	DeadLetters *int   `json:"dead"`
}

// GetServiceMap returns the current map.
func (c *Client) GetServiceMap(ctx context.Context) (ServiceMap, error) {
	var m ServiceMap
	err := c.callAPI(ctx, "GET", "/v1/map", nil, &m)
	return m, err
}

// DeadLetter is a message that failed in all attempts or was rejected.
type DeadLetter struct {
	ID       string    `json:"id"`
	Service  string    `json:"service"`
	Type     string    `json:"type"`
	VideoID  string    `json:"video_id"`
	Code     string    `json:"code"`
	Reason   string    `json:"reason"`
	State    string    `json:"state"`
	Kind     string    `json:"kind"`
	Attempts int       `json:"attempts"`
	FiledAt  time.Time `json:"filed_at"`
	Body     string    `json:"body"` // of GetDeadLetter only
}

// ListDeadLetters returns one page of dead letters. The cursors work as those of ListVideos.
func (c *Client) ListDeadLetters(ctx context.Context, cursor string) (page []DeadLetter, next string, err error) {
	var answer struct {
		DeadLetters []DeadLetter `json:"letters"`
		Next        string       `json:"next_cursor"`
	}
	err = c.callAPI(ctx, "GET", "/v1/dead-letters"+buildPageQuery(cursor), nil, &answer)
	return answer.DeadLetters, answer.Next, err
}

// GetDeadLetter returns the dead letter with the given id.
func (c *Client) GetDeadLetter(ctx context.Context, id string) (DeadLetter, error) {
	var l DeadLetter
	err := c.callAPI(ctx, "GET", "/v1/dead-letters/"+url.PathEscape(id), nil, &l)
	return l, err
}

// DiscardDeadLetter gives a dead letter up, for a reason.
func (c *Client) DiscardDeadLetter(ctx context.Context, id, reason string) error {
	var l DeadLetter
	path := "/v1/dead-letters/" + url.PathEscape(id) + "/discard"
	return c.callAPI(ctx, "POST", path, map[string]any{"reason": reason}, &l)
}
