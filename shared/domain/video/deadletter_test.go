package video_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

func TestDeadLetterIDsSortBySentTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		draw := func(name string) (string, time.Time) {
			at := time.UnixMilli(rapid.Int64Range(0, 1<<45).Draw(rt, name)).UTC()
			return video.DeadLetterID("encode", rapid.String().Draw(rt, name+"'s message"), at), at
		}
		a, at := draw("a")
		b, bt := draw("b")
		if got, ok := video.ParseDeadLetterID(a); !ok || !got.Equal(at) || len(a) != 30 {
			rt.Fatalf("%s was sent at %v, %t, not at %v", a, got, ok, at)
		}
		if at.Before(bt) && a >= b {
			rt.Fatalf("%s of %v sorts after %s of %v", a, at, b, bt)
		}
	})
}

func TestDeadLetterIDDependsOnServiceAndMessage(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1_800_000_000_000)
	id := video.DeadLetterID("encode", "m", at)
	if id != video.DeadLetterID("encode", "m", at.Add(time.Microsecond)) {
		t.Error("the same message has two ids")
	}
	for _, other := range []string{
		video.DeadLetterID("inspect", "m", at), video.DeadLetterID("encode", "n", at),
		video.DeadLetterID("encodem", "", at),
	} {
		if other == id {
			t.Errorf("another dead letter has the id %s too", id)
		}
	}
}

func TestParseDeadLetterIDRejectsOtherText(t *testing.T) {
	t.Parallel()
	id := video.DeadLetterID("encode", "m", time.UnixMilli(1_800_000_000_000))
	for _, bad := range []string{
		"", "ltr_", id[4:], id[:29], id + "0", strings.ToUpper(id), "ltr_" + strings.ToUpper(id[4:]), "vid_" + id[4:],
		id[:29] + "z", id[:29] + "#",
	} {
		if at, ok := video.ParseDeadLetterID(bad); ok {
			t.Errorf("%q is parsed: sent at %v", bad, at)
		}
	}
}

func TestDeadLetterStateTransitions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		state            video.DeadLetterState
		redrive, discard string // error code
	}{
		{video.DeadLetterOpen, "", ""},
		{video.DeadLetterRedriven, "", "letter_settled"},
		{video.DeadLetterDiscarded, "letter_discarded", "letter_settled"},
	} {
		t.Run(string(tt.state), func(t *testing.T) {
			t.Parallel()
			l := video.DeadLetter{State: tt.state, Redrives: 1}
			again, err := l.MarkRedriven()
			if codeOf(
				err,
			) != tt.redrive || err == nil && (again.State != video.DeadLetterRedriven || again.Redrives != 2) {
				t.Errorf("redriven: %+v, %v", again, err)
			}
			gone, err := l.MarkDiscarded("a test")
			if codeOf(
				err,
			) != tt.discard || err == nil && (gone.State != video.DeadLetterDiscarded || gone.Note != "a test") {
				t.Errorf("discarded: %+v, %v", gone, err)
			}
		})
	}
}

func codeOf(err error) string {
	if err == nil {
		return ""
	}
	return string(errs.ProblemOf(err).Code)
}

func TestDeadLetterFilterMatches(t *testing.T) {
	t.Parallel()
	l := video.DeadLetter{Service: "encode", Code: "internal", State: video.DeadLetterOpen}
	for _, tt := range []struct {
		name string
		f    video.DeadLetterFilter
		want bool
	}{
		{"all", video.DeadLetterFilter{}, true},
		{"all of it", video.DeadLetterFilter{Service: "encode", Code: "internal", State: "open"}, true},
		{"service", video.DeadLetterFilter{Service: "inspect"}, false},
		{"code", video.DeadLetterFilter{Service: "encode", Code: "invalid"}, false},
		{"state", video.DeadLetterFilter{State: video.DeadLetterRedriven}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.f.Matches(l); got != tt.want {
				t.Errorf("%t", got)
			}
		})
	}
}

func TestDeadLetterWithoutItsURLIsNotRedriven(t *testing.T) {
	t.Parallel()
	_, err := video.DeadLetter{State: video.DeadLetterOpen, URLShortened: true}.MarkRedriven()
	if errs.KindOf(err) != errs.Conflict || errs.ProblemOf(err).Code != "letter_shortened" {
		t.Errorf("%v", err)
	}
	if _, err := (video.DeadLetter{State: video.DeadLetterOpen, URLShortened: true}).MarkDiscarded("old"); err != nil {
		t.Errorf("it can't be discarded: %v", err)
	}
}
