package ffmpeg

import (
	"bufio"
	"context"
	"io"
	"strconv"
	"strings"
	"time"
)

// Progress is how far a run has come.
type Progress struct {
	Frames int           // written to the first video output
	Time   time.Duration // of the output so far
	Bytes  int64         // of the first output; 0 where ffmpeg can't tell
}

// watchProgress follows the reports in r and tells tell, which may be nil, of each change. The context it returns ends with
// errStalled once there was none for limit. Stop must be called when r has come to its end; it waits for tell.
func watchProgress(ctx context.Context, r io.Reader, limit time.Duration, tell func(Progress)) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(limit, func() { cancel(errStalled) })
	done := make(chan struct{})
	go func() {
		defer close(done)
		parseProgress(r, func(p Progress) {
			timer.Reset(limit)
			if tell != nil {
				tell(p)
			}
		})
	}()
	return ctx, func() {
		<-done
		timer.Stop()
		cancel(nil)
	}
}

// parseProgress reads reports, lines of key=value that end with progress=…, and passes on those that differ from the last.
// The clock in them (fps, speed, bitrate) goes on in a run that hangs and is no progress.
func parseProgress(r io.Reader, changed func(Progress)) {
	var last, p Progress
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		key, value, _ := strings.Cut(strings.TrimSpace(lines.Text()), "=")
		n, _ := strconv.ParseInt(strings.TrimSpace(value), 10, 64) // N/A: not known yet
		switch key {
		case "frame":
			p.Frames = int(n)
		case "out_time_us":
			p.Time = time.Duration(n) * time.Microsecond
		case "total_size":
			p.Bytes = n
		case "progress":
			if p != last {
				changed(p)
			}
			last = p
		}
	}
}
