package video_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

func TestLetterIDs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		draw := func(name string) (string, time.Time) {
			at := time.UnixMilli(rapid.Int64Range(0, 1<<45).Draw(rt, name)).UTC()
			return video.LetterID("encode", rapid.String().Draw(rt, name+"'s message"), at), at
		}
		a, at := draw("a")
		b, bt := draw("b")
		if got, ok := video.LetterSent(a); !ok || !got.Equal(at) || len(a) != 30 {
			rt.Fatalf("%s is of %v, %t, not of %v", a, got, ok, at)
		}
		if at.Before(bt) && a >= b {
			rt.Fatalf("%s of %v sorts after %s of %v", a, at, b, bt)
		}
	})
}

func TestLetterIDsAreOfServiceAndMessage(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1_800_000_000_000)
	id := video.LetterID("encode", "m", at)
	if id != video.LetterID("encode", "m", at.Add(time.Microsecond)) {
		t.Error("the same message has two ids")
	}
	for _, other := range []string{video.LetterID("inspect", "m", at), video.LetterID("encode", "n", at), video.LetterID("encodem", "", at)} {
		if other == id {
			t.Errorf("another letter is %s too", id)
		}
	}
}

func TestNoIDOfALetter(t *testing.T) {
	t.Parallel()
	id := video.LetterID("encode", "m", time.UnixMilli(1_800_000_000_000))
	for _, bad := range []string{"", "ltr_", id[4:], id[:29], id + "0", strings.ToUpper(id), "ltr_" + strings.ToUpper(id[4:]), "vid_" + id[4:], id[:29] + "z", id[:29] + "#"} {
		if at, ok := video.LetterSent(bad); ok {
			t.Errorf("%q is of %v", bad, at)
		}
	}
}

func TestWhatMayBeDecidedAboutALetter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		state            video.LetterState
		redrive, discard string // code of the refusal
	}{
		{video.LetterOpen, "", ""},
		{video.LetterRedriven, "", "letter_settled"},
		{video.LetterDiscarded, "letter_discarded", "letter_settled"},
	} {
		t.Run(string(tt.state), func(t *testing.T) {
			t.Parallel()
			l := video.Letter{State: tt.state, Redrives: 1}
			again, err := l.Redriven()
			if refused(err) != tt.redrive || err == nil && (again.State != video.LetterRedriven || again.Redrives != 2) {
				t.Errorf("redriven: %+v, %v", again, err)
			}
			gone, err := l.Discarded("a test")
			if refused(err) != tt.discard || err == nil && (gone.State != video.LetterDiscarded || gone.Note != "a test") {
				t.Errorf("discarded: %+v, %v", gone, err)
			}
		})
	}
}

func refused(err error) string {
	if err == nil {
		return ""
	}
	return errs.ProblemOf(err).Code
}

func TestLetterFilter(t *testing.T) {
	t.Parallel()
	l := video.Letter{Service: "encode", Code: "internal", State: video.LetterOpen}
	for _, tt := range []struct {
		name string
		f    video.LetterFilter
		want bool
	}{
		{"all", video.LetterFilter{}, true},
		{"all of it", video.LetterFilter{Service: "encode", Code: "internal", State: "open"}, true},
		{"service", video.LetterFilter{Service: "inspect"}, false},
		{"code", video.LetterFilter{Service: "encode", Code: "invalid"}, false},
		{"state", video.LetterFilter{State: video.LetterRedriven}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.f.Has(l); got != tt.want {
				t.Errorf("%t", got)
			}
		})
	}
}
