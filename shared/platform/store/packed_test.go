package store_test

import (
	"encoding/base32"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
)

// inFlight is the window of a tenant that has all it may have in flight, of videos of some tasks each.
func inFlight(tasks, each int) video.Window {
	r := rand.NewChaCha8([32]byte{1})
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	w := video.Window{Tenant: "acme", Lane: video.Interactive, Version: 1}
	for n := range tasks / each {
		id := make([]byte, 16)
		_, _ = r.Read(id)
		at := noon.Add(time.Duration(n)*time.Second + time.Duration(r.Uint64()%1e9))
		s := video.Share{Turn: video.Turn{Planned: at, Video: "vid_" + base32.HexEncoding.EncodeToString(id)[:26]}, Next: each, End: each, Since: at.Add(time.Minute), Flight: map[int]string{}}
		for k := range each {
			s.Flight[k] = fmt.Sprintf("%07x", r.Uint64()%(1<<28))
		}
		w.Shares = append(w.Shares, s)
	}
	return w
}

// TestTheLargestWindowIsARow: DynamoDB takes 400 kB, and of one row 1,000 kB a second.
func TestTheLargestWindowIsARow(t *testing.T) {
	t.Parallel()
	encode, _ := services.Lookup("encode")
	tasks := services.Window(encode.Workers(1 << 20))
	for _, each := range []int{1, 2, tasks} {
		w := &wire{answers: []answer{{200, `{}`, nil}}}
		if err := w.store(aws.NopRetryer{}).SaveWindow(t.Context(), inFlight(tasks, each)); err != nil {
			t.Fatal(err)
		}
		if size := w.calls[0].length; size > 300<<10 { // the request, where bytes are base64
			t.Errorf("%d tasks in flight, %d of each video, make a call of %d bytes", tasks, each, size)
		}
	}
}

func TestWindowsAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	want := inFlight(30, 3)
	w := &wire{answers: []answer{{200, `{}`, nil}}}
	if err := w.store(aws.NopRetryer{}).SaveWindow(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	w = &wire{answers: []answer{{200, `{"Item":` + string(w.calls[0].Item) + `}`, nil}}}
	got, err := w.store(aws.NopRetryer{}).Window(t.Context(), "acme", video.Interactive)
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Error(err, d)
	}
}

func TestSharesOfAWindow(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		shares string
		kind   errs.Kind
		want   int
	}{
		"as text, as they were once": {`{"S":"[{\"video\":\"vid_1\",\"end\":3}]"}`, "", 3},
		"deflated, but cut":          {`{"B":"iqUC"}`, errs.Internal, 0},
		"a number":                   {`{"N":"1"}`, errs.Internal, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &wire{answers: []answer{{200, `{"Item":{"pk":{"S":"WINDOW#acme"},"sk":{"S":"WINDOW#bulk"},"shares":` + tt.shares + `}}`, nil}}}
			got, err := w.store(aws.NopRetryer{}).Window(t.Context(), "acme", video.Bulk)
			if s, _ := got.Share("vid_1"); errs.KindOf(err) != tt.kind || s.End != tt.want {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// TestLeavingTwiceInACall: DynamoDB refuses a call that names a row twice.
func TestLeavingTwiceInACall(t *testing.T) {
	t.Parallel()
	turn := video.Turn{Planned: time.Unix(1, 0), Video: "vid_1"}
	w := &wire{answers: []answer{{200, `{}`, nil}}}
	if err := w.store(aws.NopRetryer{}).Leave(t.Context(), "acme", video.Bulk, turn, video.Turn{Planned: turn.Planned, Video: "vid_2"}, turn); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(w.calls[0].RequestItems), "DeleteRequest"); n != 2 {
		t.Errorf("%d rows: %s", n, w.calls[0].RequestItems)
	}
}
