package media_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/media"
)

// problemOf returns the error as an errs.Error, which must have a code and a message. For nil it returns the zero
// value.
func problemOf(t *testing.T, err error) errs.Error {
	t.Helper()
	if err == nil {
		return errs.Error{}
	}
	var e *errs.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is not of package video", err)
	}
	if e.Code == "" || !strings.HasSuffix(e.Message, ".") {
		t.Errorf("%v: no code or no sentence", err)
	}
	return *e
}

func TestChooseGridRate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, real, average string
		want                string // rate, or a code
	}{
		{"whole", "25/1", "25/1", "25/1"},
		{"NTSC", "30000/1001", "30000/1001", "30000/1001"},
		{"film is not 24", "24000/1001", "24000/1001", "24000/1001"},
		{"Matroska's approximation", "19001/317", "19001/317", "60000/1001"},
		{"phone that nearly keeps 30", "30/1", "1798/60", "30/1"},
		{"variable: the average counts", "30/1", "27765000/1078477", "25/1"},
		{"field rate of interlaced video", "50/1", "25/1", "25/1"},
		{"timescale as rate", "90000/1", "30/1", "30/1"},
		{"slow motion", "240/1", "240/1", "60/1"},
		{"screen recording", "60/1", "7/1", "15/2"},
		{"one picture in ten seconds", "1/10", "1/10", "1/1"},
		{"average unknown", "50/1", "0/0", "50/1"},
		{"nominal unknown", "0/0", "50/1", "50/1"},
		{"both unknown", "0/0", "0/0", "frame_rate_unsupported"},
		{"absurd", "90000/1", "90000/1", "frame_rate_unsupported"},
		{"negative", "-25/1", "-25/1", "frame_rate_unsupported"},
		{"no numbers", "", "x/y", "frame_rate_unsupported"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := media.ChooseGridRate(tt.real, tt.average)
			got := codeOf(t, err)
			if err == nil {
				got = fmt.Sprintf("%d/%d", r.Num, r.Den)
			}
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// A frame lasts a whole number of ticks. The grid rate is at most 60 and, for sources from 1 to 60 frames a second, at
// most 60 % off the rate of the source (2 → 5).
func TestGridHasWholeTicks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		fps := rapid.Float64Range(0.5, 300).Draw(t, "fps")
		rate := fmt.Sprintf("%d/1000", int(fps*1000))
		r, err := media.ChooseGridRate(rate, rate)
		if err != nil {
			t.Fatal(err)
		}
		if media.VideoTimescale(r)*r.Den%r.Num != 0 {
			t.Errorf("%v: %d ticks a second is no whole number a frame", r, media.VideoTimescale(r))
		}
		near := min(60, max(1, fps))
		if r.Float() > 60 || math.Abs(r.Float()-near) > 0.6*near {
			t.Errorf("%f on a grid of %f", fps, r.Float())
		}
	})
}
