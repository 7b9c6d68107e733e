package client

import (
	"context"
	"net/url"
)

// listPageSize is the largest page that the API returns.
const listPageSize = "100"

// ListVideos returns one page of the tenant's videos, newest first, at most 100. The page begins at cursor, "" for the
// first one. The returned cursor is that of the next page, "" after the last one. Listed videos lack the fields that
// only GetVideo returns, such as Stages.
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
