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

// demo is one video's way.
type demo struct {
	film   string        // path; empty: the usual footage
	tenant string        // whose video it becomes
	limit  time.Duration // for all of it
	every  time.Duration // between two looks at the video
	out    io.Writer
	watch  func() display // begins to show
	now    func() time.Time
	root   func() (string, error) // of the repository
	open   func(ctx context.Context, root string) (*client.Client, error)
}

// display shows how far the video is.
type display interface {
	show(board)
	close() // leaves the last board shown
}

var errInterrupted = errors.New("interrupted")

// overdue is the end of the time limit.
type overdue struct {
	limit time.Duration
	last  board
}

// run sends the video, waits for it, checks that it can be watched, and prints where, and its way through every hop.
func (d demo) run(ctx context.Context) error {
	root, err := d.root()
	if err != nil {
		return err
	}
	if d.film == "" {
		d.film = filepath.Join(root, "build", "footage", "bigbuckbunny.mp4")
		if _, err := os.Stat(d.film); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there is no file %s: run make tools for the usual footage", d.film)
		}
	}
	size, err := sizeOf(d.film)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, d.limit)
	defer cancel()
	b := board{Total: size, Began: d.now()}
	err = d.send(ctx, root, &b)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &overdue{d.limit, b}
	case errors.Is(context.Cause(ctx), cloud.ErrEnded):
		return cloud.ErrEnded
	case ctx.Err() != nil:
		return errInterrupted
	}
	return err
}

func (d demo) send(ctx context.Context, root string, b *board) error {
	c, err := d.open(ctx, root)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.out, "sending %s, %s\n", d.film, bytesText(b.Total))
	if err := d.follow(ctx, c, b); err != nil {
		return err
	}
	if b.Video.Error != nil || b.Video.State != client.Ready {
		return failure(*b.Video)
	}
	if err := check(ctx, c.HTTP, b.Video.Playback); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(d.out, strings.Join(summary(*b.Video), "\n")); err != nil {
		return err
	}
	return d.trace(ctx, c, b.Video.ID)
}

// follow uploads the film and stays with the video until it is ready or has failed.
func (d demo) follow(ctx context.Context, c *client.Client, b *board) error {
	screen := d.watch()
	defer screen.close()
	b.Began = d.now()
	screen.show(*b)
	up, err := c.UploadFile(ctx, d.film, client.Options{
		Title: strings.TrimSuffix(filepath.Base(d.film), filepath.Ext(d.film)),
		Progress: func(sent, _ int64) {
			b.Sent = sent
			screen.show(*b)
		},
	})
	if err != nil {
		return err
	}
	b.Sent, b.Ended = b.Total, d.now()
	_, err = c.Wait(ctx, up.VideoID, d.every, func(v client.Video) {
		b.Video = &v
		screen.show(*b)
	})
	return err
}

func failure(v client.Video) *client.Failure {
	if v.Error != nil {
		return v.Error
	}
	return &client.Failure{Code: v.State, Message: "The API does not say why."}
}

// sizeOf returns the bytes of a film that can be sent. It looks before it opens: to open a pipe is to wait.
func sizeOf(film string) (int64, error) {
	info, err := os.Stat(film)
	if err != nil {
		return 0, unusable(film, 0, err)
	}
	if !info.Mode().IsRegular() {
		return 0, unusable(film, info.Mode(), nil)
	}
	file, err := os.Open(film)
	if err != nil {
		return 0, unusable(film, 0, err)
	}
	return info.Size(), file.Close()
}
