package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"sluice/localstack/cloud"
	"sluice/tests/client"
	"sluice/tests/subscriber"
)

const (
	maxParallel  = 4                // uploads per tenant, and videos whose details are fetched, at the same time
	idleSamples  = 3                // consecutive samples with empty queues, after which nothing is in flight
	idleTimeout  = 90 * time.Second // for these samples
	eventTimeout = 20 * time.Second // for the events of all ready videos
)

// target is the deployment that receives the burst.
type target struct {
	root, clipFolder string
	operator         *client.Client
	clients          map[string]*client.Client // by tenant
	tenantNames      []string                  // in their order
	subscription     *subscriber.Queue         // nil without a topic
}

// burstRun is a burst while it runs.
type burstRun struct {
	burstConfig
	target
	began       time.Time
	tracker     *videoTracker
	recorder    *queueRecorder
	readyEvents *readyEvents
}

// runBurst sends the burst, waits for its end, evaluates it and prints the report. It returns an error if a video or
// the fairness is not as it must be.
func (b burstConfig) runBurst(ctx context.Context, out *os.File) error {
	run := "load-" + b.now().UTC().Format("20060102-150405")
	names, orders := b.planVideos(run)
	at, err := b.connectTarget(ctx, names)
	if err != nil {
		return err
	}
	if at.subscription != nil {
		defer at.subscription.Close(context.WithoutCancel(ctx))
	}
	s := &burstRun{
		burstConfig: b, target: at, tracker: newVideoTracker(run, orders, names), readyEvents: newReadyEvents(),
	}
	before, err := listDeadLetters(ctx, at.operator)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "sending %d videos of %d tenants\n", b.videos, b.tenants)
	err = s.sendAndWait(ctx, out)
	if errors.Is(err, context.DeadlineExceeded) { // videos that are not ready count as lost
		fmt.Fprintf(out, "not all are ready after %v, the time limit; -timeout sets another\n", b.timeout)
	} else if err != nil {
		return err
	}
	fmt.Fprintln(out, "fetching the details of each video")
	r, err := s.evaluateVideos(ctx, before)
	if err != nil {
		return err
	}
	return errors.Join(s.writeReport(r, out), r.verdictError())
}

// connectTarget finds the API, creates tenants and tokens, encodes missing clips and subscribes to the topic.
func (b burstConfig) connectTarget(ctx context.Context, names []string) (t target, err error) {
	if t.root, err = cloud.FindRoot("."); err != nil {
		return t, err
	}
	o, err := cloud.NewAdminClient(ctx, t.root)
	if err != nil {
		return t, err
	}
	if t.clipFolder, err = makeClips(ctx, t.root); err != nil {
		return t, err
	}
	t.tenantNames, t.clients = names, map[string]*client.Client{}
	for _, name := range names {
		token, err := o.CreateToken(ctx, name)
		if err != nil {
			return t, fmt.Errorf("get a token for the tenant %s: %w", name, err)
		}
		t.clients[name] = client.New(o.URL, token)
	}
	token, err := o.CreateToken(ctx, names[0], "operator")
	if err != nil {
		return t, fmt.Errorf("get a token of an operator: %w", err)
	}
	t.operator = client.New(o.URL, token)
	t.subscription, err = b.subscribeToTopic(ctx, t.root, o, names)
	return t, err
}

// sendAndWait sends all videos and waits until each is ready or has failed and the queues are empty.
func (b *burstRun) sendAndWait(ctx context.Context, out *os.File) error {
	ctx, cancel := context.WithTimeout(ctx, b.timeout)
	defer cancel()
	b.began = b.now()
	b.recorder = &queueRecorder{getMap: b.operator.GetServiceMap, now: b.now, began: b.began}
	aside, stop := context.WithCancel(ctx)
	var beside errgroup.Group
	beside.Go(func() error { b.recorder.recordUntilDone(aside, b.interval); return nil })
	beside.Go(func() error { return b.receiveEvents(aside) })
	hide := showProgress(out, b.buildProgressView)
	work, watching := errgroup.WithContext(ctx)
	for _, name := range b.tenantNames {
		work.Go(func() error { return b.uploadVideos(watching, name) })
	}
	work.Go(func() error { return b.tracker.pollUntilFinal(watching, b.clients, b.interval) })
	err := work.Wait()
	if err == nil {
		err = b.waitUntilIdle(ctx)
	}
	stop()
	hide()
	return errors.Join(err, beside.Wait())
}

func (b *burstRun) buildProgressView() progressView {
	return progressView{
		elapsed: b.now().Sub(b.began), queues: b.recorder.activeQueues(), tenants: b.tracker.countByTenant(),
	}
}

// uploadVideos uploads a tenant's videos, several at the same time. A failed upload does not stop the others.
func (b *burstRun) uploadVideos(ctx context.Context, tenant string) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxParallel)
	for _, p := range b.tracker.planned {
		if p.tenant != tenant {
			continue
		}
		group.Go(func() error {
			up, err := b.clients[tenant].UploadFile(ctx, p.clip.filePath(b.clipFolder),
				client.UploadOptions{Title: p.title})
			b.tracker.recordUpload(p.title, uploadResult{id: up.VideoID, err: err})
			return ctx.Err()
		})
	}
	return group.Wait()
}

// receiveEvents receives events of the topic until ctx ends.
func (b *burstRun) receiveEvents(ctx context.Context) error {
	for b.subscription != nil && ctx.Err() == nil {
		if err := b.subscription.ReceiveEvents(ctx, b.readyEvents.recordEvent); err != nil && ctx.Err() == nil {
			return fmt.Errorf("listen to the topic: %w", err)
		}
	}
	return nil
}

// waitUntilIdle waits until the queues are empty and the event of each ready video has arrived.
func (b *burstRun) waitUntilIdle(ctx context.Context) error {
	over := b.now()
	from := over.Sub(b.began).Seconds()
	for {
		rested := b.now().Sub(over)
		if (b.recorder.isIdle(idleSamples, from) || rested > idleTimeout) &&
			(b.allAnnounced() || rested > eventTimeout) {
			return nil
		}
		if err := b.operator.Sleep(ctx, b.interval); err != nil {
			return err
		}
	}
}

// allAnnounced reports whether the event of each video has arrived, or there is no subscription.
func (b *burstRun) allAnnounced() bool {
	for _, u := range b.tracker.uploadResults() {
		if b.subscription != nil && b.readyEvents.countEvents(u.id) == 0 {
			return false
		}
	}
	return true
}
