package publish_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/telemetry/logs"
	"sluice/shared/platform/telemetry/metrics"
	"sluice/shared/platform/telemetry/metrics/metricstest"
)

// Each stage's duration is recorded once, however often its events are delivered; events that change nothing are marked
// as duplicates.
func TestStageTimesAreRecordedOnce(t *testing.T) {
	t.Parallel()
	env := newPublishEnv(t)
	p := env.newOwner()
	var out bytes.Buffer
	p.Log = logs.New("publish", &out)
	duplicates := 0
	for _, d := range []video.Event{
		newMediaInspected(), newMediaInspected(), newEncodeDone(testPlan.Tasks()[0]),
		newEncodeDone(testPlan.Tasks()[0]),
		newEncodeDone(testPlan.Tasks()[1]), newEncodeDone(testPlan.Tasks()[2]), newEncodeDone(testPlan.Tasks()[2]),
	} {
		ctx, isDuplicate := metrics.WithDuplicateMark(t.Context())
		if _, err := p.Handle(ctx, events.New("acme", "vid_1", noon, d)); err != nil {
			t.Fatal(err)
		}
		if isDuplicate() {
			duplicates++
		}
	}
	want := []string{
		"InspectTime[]=1000", "EncodeTime[]=59000", "PublishTime[]=3540000", "PlayableTime[]=60000",
		"ReadyTime[]=3600000",
	}
	if d := cmp.Diff(want, metricstest.ReadTexts(t, out.Bytes())); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if duplicates != 3 {
		t.Errorf("%d of 3 duplicates", duplicates)
	}
}

func TestFailureMetricHasErrorCode(t *testing.T) {
	t.Parallel()
	env := newPublishEnv(t)
	p := env.newOwner()
	var out bytes.Buffer
	p.Log = logs.New("publish", &out)
	refused := video.MediaRefused{
		UploadedAt: noon, At: noon.Add(time.Second), Problem: errs.Problem{Code: "not_a_video", Message: "It is none."},
	}
	for range 2 {
		if _, err := p.Handle(context.Background(), events.New("acme", "vid_1", noon, refused)); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff([]string{"Failed[not_a_video]=1", "Failed[]=1"}, metricstest.ReadTexts(t, out.Bytes())); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
