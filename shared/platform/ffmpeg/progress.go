package ffmpeg

import (
	"bufio"
	"context"
	"io"
	"strconv"
	"strings"
	"time"
)

// Progress says how far a run has come.
type Progress struct {
	Frames int           // frames written to the first video output
	Time   time.Duration // duration of the output so far
	Bytes  int64         // size of the first output; 0 if ffmpeg does not know it
}

// watchProgress reads ffmpeg's progress reports from r and calls changed, which may be nil, at each change. The context
// that it returns ends with the cause errStalled after a time of limit without a change. The caller calls stop at the
// end of r; it waits for the last call of changed.
func watchProgress(
	ctx context.Context, r io.Reader, limit time.Duration, changed func(Progress),
) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(limit, func() { cancel(errStalled) })
	done := make(chan struct{})
	go func() {
		defer close(done)
		parseProgress(r, func(p Progress) {
			timer.Reset(limit)
			if changed != nil {
				changed(p)
			}
		})
	}()
	return ctx, func() {
		<-done
		timer.Stop()
		cancel(nil)
	}
}

// parseProgress reads the reports that ffmpeg writes with -progress: lines of key=value, of which progress=… is the
// last. It calls changed for each report that differs from the one before. It ignores fps, speed and bitrate, which
// also change while a run hangs.
func parseProgress(r io.Reader, changed func(Progress)) {
	var last, p Progress
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		key, value, _ := strings.Cut(strings.TrimSpace(lines.Text()), "=")
		n, _ := strconv.ParseInt(strings.TrimSpace(value), 10, 64) // 0 for N/A: not known yet
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
