package client

import (
	"context"
	"fmt"
	"net/url"
	"slices"
)

// uploadSession is the response to POST /v1/uploads.
type uploadSession struct {
	UploadID  string       `json:"upload_id"`
	VideoID   string       `json:"video_id"`
	PartSize  int64        `json:"part_size"`
	PartCount int          `json:"part_count"`
	Parts     []signedPart `json:"parts"`
}

// signedPart is a part and the signed URL to PUT it to. Its size follows from the part size.
type signedPart struct {
	Number int    `json:"number"`
	URL    string `json:"url"`
}

// completedPart is a part that S3 has, as CompleteMultipartUpload needs it.
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

// signParts requests the URLs of the parts with the given numbers. They are returned in the order of the response.
func (c *Client) signParts(ctx context.Context, s uploadSession, numbers []int) ([]signedPart, error) {
	var answer struct{ Parts []signedPart }
	err := c.callAPI(ctx, "POST", s.actionPath("parts"), map[string]any{"numbers": numbers}, &answer)
	if err != nil {
		return nil, fmt.Errorf("request the URLs of parts: %w", err)
	}
	return answer.Parts, s.checkPartNumbers(answer.Parts, numbers)
}

// checkSession compares the response to POST /v1/uploads with the contract. A wrong response must not cause a panic, an
// endless loop or a missing part.
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

// checkPartNumbers fails unless parts have exactly the wanted numbers.
func (s uploadSession) checkPartNumbers(parts []signedPart, want []int) error {
	var got []int
	for _, p := range parts {
		got = append(got, p.Number)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		return fmt.Errorf("the API returned the URLs of the parts %v instead of %v", got, want)
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
