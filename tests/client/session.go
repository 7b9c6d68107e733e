package client

import (
	"context"
	"fmt"
	"net/url"
	"slices"
)

// uploadSession is what the API answers to a new upload.
type uploadSession struct {
	UploadID  string       `json:"upload_id"`
	VideoID   string       `json:"video_id"`
	PartSize  int64        `json:"part_size"`
	PartCount int          `json:"part_count"`
	Parts     []signedPart `json:"parts"`
}

// signedPart is the right to send one part. Its size is not read: it follows from the part size.
type signedPart struct {
	Number int    `json:"number"`
	URL    string `json:"url"`
}

// completedPart is the receipt for a part.
type completedPart struct {
	Number int    `json:"number"`
	ETag   string `json:"etag"`
}

func (s uploadSession) actionPath(action string) string {
	return "/v1/uploads/" + url.PathEscape(s.UploadID) + "/" + action
}

func (c *Client) createUpload(ctx context.Context, f File, o UploadOptions) (uploadSession, error) {
	var s uploadSession
	err := c.callAPI(ctx, "POST", "/v1/uploads", map[string]any{
		"title":        firstNonBlank(o.Title, f.Name),
		"file_name":    f.Name,
		"size":         f.Size,
		"content_type": firstNonBlank(f.ContentType, "application/octet-stream"),
	}, &s)
	if err != nil {
		return s, err
	}
	return s, s.checkSession(f.Size)
}

// signParts asks for the URLs of the parts with the given numbers, in whatever order it answers.
func (c *Client) signParts(ctx context.Context, s uploadSession, numbers []int) ([]signedPart, error) {
	var answer struct{ Parts []signedPart }
	err := c.callAPI(ctx, "POST", s.actionPath("parts"), map[string]any{"numbers": numbers}, &answer)
	if err != nil {
		return nil, fmt.Errorf("ask for the URLs of parts: %w", err)
	}
	return answer.Parts, s.checkPartNumbers(answer.Parts, numbers)
}

// checkSession holds the answer to a new upload to the contract: a server that is wrong must not cost us a panic, a wait
// without end or a file with a hole.
func (s uploadSession) checkSession(size int64) error {
	count := int64(0)
	if s.PartSize > 0 {
		count = (size + s.PartSize - 1) / s.PartSize
	}
	if s.UploadID == "" || s.VideoID == "" || count < 1 || count != int64(s.PartCount) {
		return fmt.Errorf("the API answered an upload that can't be: %q of %q, %d parts of %d bytes for %d bytes",
			s.UploadID, s.VideoID, s.PartCount, s.PartSize, size)
	}
	return s.checkPartNumbers(s.Parts, numberRange(1, min(maxSignedParts, s.PartCount)))
}

// checkPartNumbers checks that parts are those with the given numbers, and as long as they must be.
func (s uploadSession) checkPartNumbers(parts []signedPart, want []int) error {
	var got []int
	for _, p := range parts {
		got = append(got, p.Number)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		return fmt.Errorf("the API gave the URLs of the parts %v instead of %v", got, want)
	}
	return nil
}

func numberRange(first, last int) []int {
	list := make([]int, last-first+1)
	for i := range list {
		list[i] = first + i
	}
	return list
}
