package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sluice/localstack/cloud"
	"sluice/tests/client"
)

// demo sends one video and shows how it is processed.
type demo struct {
	videoPath    string        // empty: the footage in build
	tenant       string        // that owns the video
	timeout      time.Duration // for everything
	pollInterval time.Duration // between two requests for the video
	out          io.Writer
	openDisplay  func() display // starts the display
	now          func() time.Time
	findRoot     func() (string, error) // of the repository
	openClient   func(ctx context.Context) (*client.Client, error)
}

// display shows the progress of the video.
type display interface {
	showProgress(progressView)
	close() // leaves the last progress on the terminal
}

var errInterrupted = errors.New("interrupted")

// timeoutError reports that the time limit has passed.
type timeoutError struct {
	limit time.Duration
	last  progressView
}

// runDemo sends the video, waits for it, checks that it can be watched, and prints its links and its trace.
func (d demo) runDemo(ctx context.Context) error {
	root, err := d.findRoot()
	if err != nil {
		return err
	}
	if d.videoPath == "" {
		d.videoPath = filepath.Join(root, "build", "footage", "bigbuckbunny.mp4")
		if _, err := os.Stat(d.videoPath); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there is no file %s: run make tools for the usual footage", d.videoPath)
		}
	}
	size, err := checkVideoFile(d.videoPath)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	v := progressView{Total: size, Began: d.now()}
	err = d.sendVideo(ctx, root, &v)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &timeoutError{d.timeout, v}
	case errors.Is(context.Cause(ctx), cloud.ErrEnded):
		return cloud.ErrEnded
	case ctx.Err() != nil:
		return errInterrupted
	}
	return err
}

func (d demo) sendVideo(ctx context.Context, root string, v *progressView) error {
	c, err := d.openClient(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.out, "sending %s, %s\n", d.videoPath, formatBytes(v.Total))
	if err := d.uploadAndWait(ctx, c, v); err != nil {
		return err
	}
	if v.Video.Error != nil || v.Video.State != client.Ready {
		return videoFailure(*v.Video)
	}
	if err := checkPlayback(ctx, c.HTTP, v.Video.Playback); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(d.out, strings.Join(renderSummary(*v.Video), "\n")); err != nil {
		return err
	}
	return d.printTrace(ctx, c, v.Video.ID)
}

// uploadAndWait uploads the video and waits until it is ready or has failed.
func (d demo) uploadAndWait(ctx context.Context, c *client.Client, view *progressView) error {
	screen := d.openDisplay()
	defer screen.close()
	view.Began = d.now()
	screen.showProgress(*view)
	up, err := c.UploadFile(ctx, d.videoPath, client.UploadOptions{
		Title: strings.TrimSuffix(filepath.Base(d.videoPath), filepath.Ext(d.videoPath)),
		Progress: func(sent, _ int64) {
			view.Sent = sent
			screen.showProgress(*view)
		},
	})
	if err != nil {
		return err
	}
	view.Sent, view.Ended = view.Total, d.now()
	_, err = c.WaitForVideo(ctx, up.VideoID, d.pollInterval, func(v client.Video) {
		view.Video = &v
		screen.showProgress(*view)
	})
	return err
}

func videoFailure(v client.Video) *client.Failure {
	if v.Error != nil {
		return v.Error
	}
	return &client.Failure{Code: v.State, Message: "The API does not say why."}
}

// checkVideoFile returns the size of a file in bytes, or an error if it can't be sent. It calls Stat before Open,
// because opening a pipe blocks.
func checkVideoFile(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, unusableFileError(path, 0, err)
	}
	if !info.Mode().IsRegular() {
		return 0, unusableFileError(path, info.Mode(), nil)
	}
	file, err := os.Open(path)
	if err != nil {
		return 0, unusableFileError(path, 0, err)
	}
	return info.Size(), file.Close()
}
