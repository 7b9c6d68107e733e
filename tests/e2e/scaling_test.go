//go:build integration

package e2e

import (
	"context"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/scaling"
	"sluice/shared/domain/services"
	"sluice/shared/platform/autoscale"
	"sluice/shared/platform/queue"
	"sluice/tests/client"
)

// TestPromise12_BurstMovesWorkersBetweenLanes signals a burst, whereupon reconcile must change the ceilings of the
// event source mappings. Half an hour later, with empty queues, they must be as before. For that, the test runs the
// same code with a clock that is ahead, on the deployed queues, rows and mappings.
func TestPromise12_BurstMovesWorkersBetweenLanes(t *testing.T) {
	d := openDeployment(t)
	c := lambda.NewFromConfig(d.aws)
	d.waitUntilIdle(t)
	d.resetLaneSplit(t)
	d.autoscaleHalfAnHour(t, c)
	_, before := d.listMappings(t, c)
	if len(before) != len(services.ListQueues()) {
		t.Fatalf("mappings of %v", slices.Sorted(maps.Keys(before)))
	}
	burst := autoscale.ScaleSignal{MessagesSent: map[string]int{"encode": 500}}
	if err := (autoscale.LambdaFunction{Client: c, Name: "sluice-reconcile"}).InvokeAsync(
		t.Context(), burst,
	); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(waitLimit); ; <-time.After(200 * time.Millisecond) {
		_, during := d.listMappings(t, c)
		state, err := d.newStore(t).LoadScalingState(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		share, _ := state.FindQueue("encode")
		if during["encode"] > before["encode"] && during["encode-bulk"] < before["encode-bulk"] &&
			during["encode"] == share.Workers {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%v after a burst: %v, before %v; decided is %+v", waitLimit, during, before, state)
		}
	}
	d.autoscaleHalfAnHour(t, c)
	if _, after := d.listMappings(t, c); !maps.Equal(before, after) {
		t.Errorf("half an hour later: %v, before %v", after, before)
	}
}

// TestPromise12_LongVideoUsesBothLanes checks that only the first tasks of a long video are in the interactive lane.
func TestPromise12_LongVideoUsesBothLanes(t *testing.T) {
	t.Parallel()
	d := openDeployment(t)
	path := filepath.Join(t.TempDir(), "film.mp4") // 18 chunks
	d.runTool(
		t, "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=25", "-t", "144", "-c:v", "libx264",
		"-preset", "ultrafast", "-g", "50", "-pix_fmt", "yuv420p", "-movflags", "+faststart", path,
	)
	c := d.newTenantClient(t, "film")
	u, err := c.UploadFile(t.Context(), path, client.UploadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	d.waitUntil(t, func() bool { return d.queueDepth(t, d.stackOutput(t, "InboxEncodeBulk")) > 0 })
	ctx, cancel := context.WithTimeout(t.Context(), waitLimit)
	defer cancel()
	if v, err := c.WaitForVideo(ctx, u.VideoID, 200*time.Millisecond, nil); err != nil || v.State != client.Ready {
		t.Errorf("it is %s: %v, %v", v.State, v.Error, err)
	}
}

// resetLaneSplit resets the split of the budget between the lanes, because the law does not change it again for
// minutes.
func (d deployment) resetLaneSplit(t *testing.T) {
	t.Helper()
	d.waitUntil(t, func() bool {
		s, err := d.newStore(t).LoadScalingState(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if s.Split == (scaling.SplitState{}) {
			return true
		}
		s.Version, s.Split = s.Version+1, scaling.SplitState{}
		if err = d.newStore(t).SaveScalingState(t.Context(), s); err != nil && errs.KindOf(err) != errs.Conflict {
			t.Fatal(err)
		}
		return err == nil
	})
}

// autoscaleHalfAnHour autoscales once for each of the next 30 minutes.
func (d deployment) autoscaleHalfAnHour(t *testing.T, c *lambda.Client) {
	t.Helper()
	now := time.Now().UTC()
	ids, workers := d.listMappings(t, c)
	budget := 0
	for _, n := range workers {
		budget += n
	}
	if s, err := d.newStore(t).LoadScalingState(t.Context()); err != nil {
		t.Fatal(err)
	} else if s.Budget > 0 {
		budget = s.Budget
	}
	a := autoscale.Autoscaler{
		Depths: queue.DepthReader{Client: d.sqsClient(), URL: func(queue string) string {
			return d.stackOutput(t, "Inbox"+outputName(queue))
		}},
		Ages: unknownAges{}, Mappings: autoscale.LambdaMappings{Client: c},
		MappingID: func(queue string) string { return ids[queue] }, Store: d.newStore(t),
		QueueName: func(queue string) string { return queue }, Budget: budget,
		Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler),
	}
	for range 30 {
		now = now.Add(time.Minute)
		if _, err := a.AdjustConcurrency(t.Context(), autoscale.ScaleSignal{}); err != nil {
			t.Fatal(err)
		}
	}
}

// unknownAges is a source of queue ages without data.
type unknownAges struct{}

func (unknownAges) OldestMessageAges(context.Context, []string) (map[string]time.Duration, error) {
	return nil, nil
}

// listMappings returns the ids of the event source mappings and their maximum numbers of workers, by name of the queue.
func (d deployment) listMappings(t *testing.T, c *lambda.Client) (ids map[string]string, workers map[string]int) {
	t.Helper()
	ids, workers = map[string]string{}, map[string]int{}
	pages := lambda.NewListEventSourceMappingsPaginator(c, &lambda.ListEventSourceMappingsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.WithoutCancel(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page.EventSourceMappings {
			_, queue, _ := strings.Cut(aws.ToString(m.EventSourceArn), ":sluice-")
			queue = strings.TrimSuffix(queue, ".fifo")
			ids[queue], workers[queue] = aws.ToString(m.UUID), int(aws.ToInt32(m.ScalingConfig.MaximumConcurrency))
		}
	}
	return ids, workers
}

// outputName returns the part of a stack output's name that is for a queue.
func outputName(queue string) (id string) {
	for word := range strings.SplitSeq(queue, "-") {
		id += strings.ToUpper(word[:1]) + word[1:]
	}
	return id
}
