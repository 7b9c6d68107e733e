package main

import (
	"bytes"
	"strings"
	"testing"

	"sluice/tests/client"
	"sluice/tests/client/fake"
)

func TestPrintTraceDrawsSpans(t *testing.T) {
	t.Parallel()
	a := fake.New(t)
	a.Traces = []string{`{"video_id": "vid_1", "duration_ms": 100, "traces": 1, "complete": true, "hops": [{"service": "encode", "start_ms": 50, "ms": 50, "wait_ms": 50,
		"status": "ok", "steps": [{"name": "ffmpeg", "start_ms": 60, "ms": 30, "status": "fault", "steps": []}]}]}`}
	var out bytes.Buffer
	if err := printTrace(t.Context(), client.New(a.URL, fake.Token), "vid_1", &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"vid_1: 1 span in 1 trace, 100.0 ms", "│·························█████████████████████████│ encode\n",
		"│   ffmpeg FAULT\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("drew\n%s\nwithout %q", out.String(), want)
		}
	}
	if err := printTrace(t.Context(), client.New(a.URL, fake.Token), "vid_2", &out); err == nil {
		t.Error("a video that is not there was drawn")
	}
}

func TestCommandRejectsInvalidFlags(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		args   []string
		status int
		want   string
	}{
		{nil, 2, "make trace VIDEO=vid_… TENANT=demo"},
		{[]string{"-video", "vid_1", "vid_2"}, 2, "say which video"},
		{[]string{"-film"}, 2, "flag provided but not defined"},
		{[]string{"-help"}, 0, "-tenant"},
	} {
		var errs bytes.Buffer
		if got := runCommand(t.Context(), row.args, &errs, &errs); got != row.status ||
			!strings.Contains(errs.String(), row.want) {
			t.Errorf("%q: %d, %s", row.args, got, errs.String())
		}
	}
}
