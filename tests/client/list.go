package client

import (
	"context"
	"net/url"
)

// listPageSize is how many the API lists at once.
const listPageSize = "100"

// ListVideos lists the tenant's videos, newest first, without what only GET /v1/videos/{id} tells: a page of at most a
// hundred that begins at cursor, "" at first, and the cursor of the next, "" after the last.
func (c *Client) ListVideos(ctx context.Context, cursor string) (page []Video, next string, err error) {
	var answer struct {
		Videos []Video
		Next   string `json:"next_cursor"`
	}
	err = c.callAPI(ctx, "GET", "/v1/videos"+buildPageQuery(cursor), nil, &answer)
	return answer.Videos, answer.Next, err
}

func buildPageQuery(cursor string) string {
	q := url.Values{"limit": {listPageSize}}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	return "?" + q.Encode()
}
