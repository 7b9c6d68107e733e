package client

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"
)

const (
	maxSignedParts   = 100 // part URLs that the API returns at once
	maxParallelParts = 3   // parts that are sent at the same time
)

// File is a file to upload.
type File struct {
	Name        string // base name, for display
	ContentType string // MIME type; application/octet-stream if empty
	Size        int64  // bytes
	Content     io.ReaderAt
}

// UploadOptions are the options of an upload.
type UploadOptions struct {
	Title string // of the video; the file's name if empty
	// in bytes; can be nil; called by one goroutine at a time; sent decreases when a part is sent again
	Progress func(sent, total int64)
}

// Upload is a completed upload.
type Upload struct {
	ID      string
	VideoID string
	State   string // of the video: uploaded or a later state
	Parts   int
}

// UploadFile uploads the file at path. If the file can't be read, the error is an *fs.PathError.
func (c *Client) UploadFile(ctx context.Context, path string, o UploadOptions) (Upload, error) {
	file, err := os.Open(path)
	if err != nil {
		return Upload{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return Upload{}, err
	}
	return c.Upload(ctx, File{Name: filepath.Base(path), Size: info.Size(), Content: file}, o)
}

// Upload sends a file in parts, several at the same time, and completes the upload.
func (c *Client) Upload(ctx context.Context, f File, o UploadOptions) (Upload, error) {
	s, err := c.createUpload(ctx, f, o)
	if err != nil {
		return Upload{}, fmt.Errorf("create the upload: %w", err)
	}
	meter := &progressMeter{total: f.Size, report: o.Progress}
	etags := make([]completedPart, s.PartCount)
	for first := 1; first <= s.PartCount; first += maxSignedParts {
		if err := c.sendParts(ctx, s, f, first, etags, meter); err != nil {
			return Upload{}, err
		}
	}
	var done struct {
		VideoID string `json:"video_id"`
		State   string `json:"state"`
	}
	err = c.callAPI(ctx, "POST", s.actionPath("complete"), map[string]any{"parts": etags}, &done)
	if err != nil {
		return Upload{}, fmt.Errorf("complete the upload: %w", err)
	}
	if done.VideoID != s.VideoID {
		return Upload{}, fmt.Errorf("the upload of video %q completed as video %q", s.VideoID, done.VideoID)
	}
	return Upload{ID: s.UploadID, VideoID: s.VideoID, State: done.State, Parts: s.PartCount}, nil
}

// sendParts sends the parts from number first on, at most maxSignedParts, and stores their entity tags in etags.
func (c *Client) sendParts(
	ctx context.Context, s uploadSession, f File, first int, etags []completedPart, m *progressMeter,
) error {
	parts := s.Parts
	if first > 1 {
		var err error
		if parts, err = c.signParts(ctx, s, numberRange(first, min(first+maxSignedParts-1, s.PartCount))); err != nil {
			return err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxParallelParts)
	for _, p := range parts {
		group.Go(func() error {
			tag, err := c.sendPart(ctx, s, f, p, m)
			if err != nil {
				return fmt.Errorf("send part %d of %d: %w", p.Number, s.PartCount, err)
			}
			etags[p.Number-1] = completedPart{p.Number, tag}
			return nil
		})
	}
	return group.Wait()
}
