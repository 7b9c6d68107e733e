package main

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"time"

	"sluice/tests/client"
)

// The clips that are uploaded; testdata/clips.sh has made them.
var (
	//go:embed testdata/clip.mp4
	referenceClip []byte
	//go:embed testdata/transport.ts
	transportClip []byte
)

const (
	cleanupTimeout    = 3 * time.Minute // to remove what was made, also after an interruption
	traceTimeout      = 2 * time.Minute // for a complete trace; X-Ray has a delay
	logTimeout        = time.Minute     // for the last log lines
	deadLetterTimeout = 4 * time.Minute // reconcile looks for them each minute

	lateDeadLetterTimeout = 90 * time.Second // for one that the check has not waited for, after an interruption
)

// account has the calls to AWS that the checks make beside those to the API.
type account interface {
	// SendToEncode sends a message to the queue of encode.
	SendToEncode(ctx context.Context, body string) error
	// ReadLogs returns the log lines of a service since a time that contain a phrase.
	ReadLogs(ctx context.Context, service, phrase string, since time.Time) ([]string, error)
	// CountObjects returns how many objects there are in both buckets of a video. playbackID may be "".
	CountObjects(ctx context.Context, tenant, videoID, playbackID string) (int, error)
}

// smoke is one run of the checks.
type smoke struct {
	api      *client.Client
	aws      account
	tenant   string
	name     string    // of this run, which what it makes is named after
	began    time.Time // of this run
	poll     time.Duration
	transfer int64     // bytes of the file with which reading is measured; 0: none
	memory   int       // MiB of encode
	out      io.Writer // the report
	progress io.Writer // what is waited for
	now      func() time.Time

	reference   client.Video // the reference clip; its State is ready once it is checked
	transferred client.Video // the other one
	playbackIDs map[string]string
	sendErr     error // of the failing message
	sent        time.Time
	discarded   bool // its dead letter was discarded
}

// newSmoke returns a run that prints nothing.
func newSmoke(o options, api *client.Client, d deployment) *smoke {
	now := time.Now()
	return &smoke{
		api: api, aws: d, tenant: o.tenant, name: "smoke " + now.UTC().Format("2006-01-02T15:04:05.000Z"), began: now,
		poll: time.Second, transfer: int64(o.transferMB) * 1e6, memory: d.memory, out: io.Discard, progress: io.Discard,
		now: time.Now, playbackIDs: map[string]string{},
	}
}

// check is one part of the run. run returns a line for the report.
type check struct {
	name  string
	run   func(ctx context.Context) (string, error)
	needs *client.Video // must be ready for the check; nil: nothing
}

// runChecks runs all checks and removes what they made. It reports whether all passed.
func (s *smoke) runChecks(ctx context.Context, limit time.Duration) bool {
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	checks := []check{
		{"upload", s.checkUpload, nil}, {"playback", s.checkPlayback, &s.reference},
		{"trace", s.checkTrace, &s.reference},
	}
	if s.transfer > 0 {
		checks = append(checks, check{"transfer", s.checkTransfer, nil})
	}
	checks = append(checks, check{"dead letter", s.checkDeadLetter, nil})
	s.sendFailingMessage(bounded)
	ok := true
	for _, c := range checks {
		ok = s.runCheck(bounded, c) && ok
	}
	var measured measurements
	if bounded.Err() == nil && s.reference.State == client.Ready {
		measured = s.measure(bounded)
	}
	after, stop := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer stop()
	ok = s.runCheck(after, check{"removal", s.removeAll, nil}) && ok
	fmt.Fprint(s.out, s.renderMeasurements(measured))
	if ok {
		fmt.Fprintln(s.out, "\npassed")
	} else {
		fmt.Fprintln(s.out, "\nFAILED")
	}
	return ok
}

// runCheck runs one check and prints its line. It reports whether it passed.
func (s *smoke) runCheck(ctx context.Context, c check) bool {
	if c.needs != nil && c.needs.State != client.Ready || ctx.Err() != nil {
		fmt.Fprintf(s.out, "skipped  %-12s what it needs is not there\n", c.name)
		return false
	}
	line, err := c.run(ctx)
	if err != nil {
		fmt.Fprintf(s.out, "FAILED   %-12s %s\n", c.name, hideAddresses(err.Error()))
		if next := adviseNext(c.name, err); next != "" {
			fmt.Fprintf(s.out, "%22sNext: %s\n", "", next)
		}
		return false
	}
	fmt.Fprintf(s.out, "ok       %-12s %s\n", c.name, line)
	return true
}

// waitUntil calls done until it returns true or an error, or ctx ends.
func (s *smoke) waitUntil(ctx context.Context, done func() (bool, error)) error {
	for {
		ok, err := done()
		if err != nil || ok {
			return err
		}
		if err := s.api.Sleep(ctx, s.poll); err != nil {
			return err
		}
	}
}

// sayOnce returns a function that prints what is waited for, unless it was the last thing printed.
func (s *smoke) sayOnce() func(format string, args ...any) {
	last := ""
	return func(format string, args ...any) {
		if line := fmt.Sprintf(format, args...); line != last {
			last = line
			fmt.Fprintf(s.progress, "  %5.1f s  %s\n", s.now().Sub(s.began).Seconds(), line)
		}
	}
}

// formatBytes formats a size in units of 1000.
func formatBytes(n int64) string {
	if n < 1e6 {
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}
