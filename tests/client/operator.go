package client

import (
	"context"
	"time"
)

// Map is the state of all services. It takes a token with the scope operator, as all in this file does.
type Map struct {
	At       time.Time `json:"at"`
	Services []Service `json:"services"`
}

// Service is one of them.
type Service struct {
	Name   string  `json:"name"`
	Queues []Queue `json:"queues"`
}

// Queue is a lane of a service's inbox; what is nil is not known.
type Queue struct {
	Name     string `json:"name"`
	Lane     string `json:"lane"`
	Waiting  *int   `json:"waiting"`
	InFlight *int   `json:"in_flight"`
	Ceiling  *int   `json:"ceiling"` // workers at most, for now
	Dead     *int   `json:"dead"`
}

// Map returns the map as it is now.
func (c *Client) Map(ctx context.Context) (Map, error) {
	var m Map
	err := c.call(ctx, "GET", "/v1/map", nil, &m)
	return m, err
}

// Letter is a message that no service will handle.
type Letter struct {
	ID      string    `json:"id"`
	Service string    `json:"service"`
	Type    string    `json:"type"`
	Video   string    `json:"video_id"`
	Code    string    `json:"code"`
	Reason  string    `json:"reason"`
	State   string    `json:"state"`
	Filed   time.Time `json:"filed_at"`
}

// Letters lists dead letters as Videos lists videos.
func (c *Client) Letters(ctx context.Context, cursor string) (page []Letter, next string, err error) {
	var answer struct {
		Letters []Letter
		Next    string `json:"next_cursor"`
	}
	err = c.call(ctx, "GET", "/v1/dead-letters"+query(cursor), nil, &answer)
	return answer.Letters, answer.Next, err
}
