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
	"sluice/shared/domain/fairshare"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
)

// newFullInFlightLimit returns the in-flight limit of a tenant with tasks in flight, so many of each video.
func newFullInFlightLimit(tasks, each int) fairshare.InFlightLimit {
	r := rand.NewChaCha8([32]byte{1})
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	l := fairshare.InFlightLimit{Tenant: "acme", Lane: video.Interactive, Version: 1}
	for n := range tasks / each {
		id := make([]byte, 16)
		_, _ = r.Read(id)
		at := noon.Add(time.Duration(n)*time.Second + time.Duration(r.Uint64()%1e9))
		a := fairshare.Allotment{
			QueuePosition: fairshare.QueuePosition{
				Planned: at, Video: "vid_" + base32.HexEncoding.EncodeToString(id)[:26],
			},
			NextTask: each, EndTask: each, LeaseStart: at.Add(time.Minute), InFlight: map[int]string{},
		}
		for k := range each {
			a.InFlight[k] = fmt.Sprintf("%07x", r.Uint64()%(1<<28))
		}
		l.Allotments = append(l.Allotments, a)
	}
	return l
}

// TestLargestInFlightLimitFitsOneRow: DynamoDB allows rows of 400 kB, and 1,000 kB of writes per second to one row.
func TestLargestInFlightLimitFitsOneRow(t *testing.T) {
	t.Parallel()
	encode, _ := services.Lookup("encode")
	tasks := services.ComputeInFlightLimit(encode.WorkerLimit(1 << 20))
	for _, each := range []int{1, 2, tasks} {
		d := &fakeDynamoDB{responses: []response{{200, `{}`, nil}}}
		if err := d.newStore(t, aws.NopRetryer{}).SaveInFlightLimit(
			t.Context(), newFullInFlightLimit(tasks, each),
		); err != nil {
			t.Fatal(err)
		}
		if size := d.requests[0].length; size > 300<<10 { // the request, where bytes are base64
			t.Errorf("%d tasks in flight, %d of each video, make a call of %d bytes", tasks, each, size)
		}
	}
}

func TestInFlightLimitRoundTrips(t *testing.T) {
	t.Parallel()
	want := newFullInFlightLimit(30, 3)
	fake := &fakeDynamoDB{responses: []response{{200, `{}`, nil}}}
	if err := fake.newStore(t, aws.NopRetryer{}).SaveInFlightLimit(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	fake = &fakeDynamoDB{responses: []response{{200, `{"Item":` + string(fake.requests[0].Item) + `}`, nil}}}
	got, err := fake.newStore(t, aws.NopRetryer{}).LoadInFlightLimit(t.Context(), "acme", video.Interactive)
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Error(err, d)
	}
}

func TestInFlightLimitReadsOldAndCorruptAllotments(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		shares string
		kind   errs.Kind
		want   int
	}{
		"plain text, as in older rows": {`{"S":"[{\"video\":\"vid_1\",\"end\":3}]"}`, "", 3},
		"compressed, but truncated":    {`{"B":"iqUC"}`, errs.Internal, 0},
		"a number":                     {`{"N":"1"}`, errs.Internal, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &fakeDynamoDB{
				responses: []response{{
					200, `{"Item":{"pk":{"S":"WINDOW#acme"},"sk":{"S":"WINDOW#bulk"},"shares":` + tt.shares + `}}`, nil,
				}},
			}
			got, err := d.newStore(t, aws.NopRetryer{}).LoadInFlightLimit(t.Context(), "acme", video.Bulk)
			if a, _ := got.FindAllotment("vid_1"); errs.KindOf(err) != tt.kind || a.EndTask != tt.want {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// TestDequeuePositionsDeletesEachRowOnce: DynamoDB rejects a call that names a row twice.
func TestDequeuePositionsDeletesEachRowOnce(t *testing.T) {
	t.Parallel()
	position := fairshare.QueuePosition{Planned: time.Unix(1, 0), Video: "vid_1"}
	d := &fakeDynamoDB{responses: []response{{200, `{}`, nil}}}
	if err := d.newStore(t, aws.NopRetryer{}).DequeuePositions(
		t.Context(), "acme", video.Bulk, position, fairshare.QueuePosition{Planned: position.Planned, Video: "vid_2"},
		position,
	); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(d.requests[0].RequestItems), "DeleteRequest"); n != 2 {
		t.Errorf("%d rows: %s", n, d.requests[0].RequestItems)
	}
}
