package chaos

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"testing/synctest"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"sluice/events"
	"sluice/functions/encode"
	"sluice/functions/inspect"
	"sluice/functions/publish"
	"sluice/functions/purge"
	"sluice/functions/reconcile"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/autoscale"
	"sluice/shared/platform/queue"
)

const (
	maxInvocations = 5       // at the same time
	inFlightLimit  = 2       // per tenant; fewer than the tasks of a video
	maxSteps       = 200_000 // per run; more count as an endless run
)

// runSchedule runs one step after the other until nothing is left to do.
func (sim *simulation) runSchedule() {
	for n, body := range sim.files {
		sim.clients = append(sim.clients, sim.startClient(n, body))
	}
	for range maxSteps {
		synctest.Wait()
		switch busy := len(sim.waitingCalls) > 0; {
		case busy && (!sim.unordered || sim.rng.Float64() < 0.7):
			sim.releaseCall()
			time.Sleep(time.Duration(sim.drawInt(20)) * time.Millisecond)
		case sim.poisonMessages > 0 && sim.rng.Float64() < 0.2:
			sim.poisonMessages--
			sim.sendPoison()
		case sim.deletesFirst && sim.clients[0].completed && sim.rng.Float64() < 0.02:
			sim.deletesFirst = false
			sim.requestDeletion(sim.clients[0])
		case len(sim.lateCalls) > 0 && sim.rng.Float64() < 0.1:
			sim.deliverLateCall()
		case len(sim.running) < maxInvocations && sim.receiveBatch():
		case busy:
			sim.releaseCall()
		case sim.isDone():
			return
		case len(sim.lateCalls) > 0:
			sim.deliverLateCall() // a call does not last for minutes
		case len(sim.running) > 0: // they wait for time to pass
			time.Sleep(50 * time.Millisecond)
		default:
			time.Sleep(time.Duration(1+sim.drawInt(30)) * time.Second)
			sim.runReconciler()
		}
	}
	sim.recordProblem("no end after %d steps", maxSteps)
}

// isDone reports whether nothing is left to do.
func (sim *simulation) isDone() bool {
	for _, url := range sim.queueURLs {
		if sim.sqs.CountMessages(url) > 0 {
			return false
		}
	}
	ever, err := sim.store.ListOverdueVideos(context.Background(), time.Now().AddDate(1, 0, 0), 1)
	return err == nil && len(ever) == 0 && len(sim.running) == 0 && len(sim.lateCalls) == 0 &&
		sim.poisonMessages == 0 &&
		!sim.deletesFirst
}

// runReconciler runs reconcile once a minute.
func (sim *simulation) runReconciler() {
	s, _ := services.Lookup("reconcile")
	if time.Since(sim.reconciledAt) < s.Interval {
		return
	}
	sim.reconciledAt = time.Now()
	p := sim.startProcess(s.Name)
	go func() {
		defer p.exitProcess()
		ctx, cancel := context.WithTimeout(context.Background(), s.Timeout)
		defer cancel()
		r := reconcile.Reconciler{
			Videos: p.newStore(), InFlightLimits: p.newStore(), Originals: faultySource{p},
			QueueDepths: queue.DepthReader{Client: faultyQueues{p}, URL: func(name string) string {
				return sim.queueURLs[name]
			}},
			Sender: sim.newPublisher(p, s), DeadLetterQueues: noopPorts{}, DeadLetters: noopPorts{},
			Autoscaler: noopPorts{}, Now: func() time.Time { return time.Now().UTC() },
			Log: slog.New(slog.DiscardHandler),
		}
		_ = r.Run(ctx, reconcile.Signal{}) // a failure is retried after a minute
		p.checkDuration(s, sim.reconciledAt)
	}()
}

// noopPorts are the ports of reconcile that are not simulated: dead letters stay in their queues, where the ledger
// checks them, and the number of workers is fixed.
type noopPorts struct{}

func (noopPorts) AdjustConcurrency(context.Context, autoscale.ScaleSignal) (time.Duration, error) {
	return 0, nil
}

func (noopPorts) ConsumeBatch(
	context.Context, services.Service, func(context.Context, video.DeadLetter) error,
) (int, error) {
	return 0, nil
}

func (noopPorts) CreateDeadLetter(context.Context, video.DeadLetter) error  { return nil }
func (noopPorts) CountOpenDeadLetters(context.Context, string) (int, error) { return 0, nil }

// deliverLateCall makes a call of a process that has died.
func (sim *simulation) deliverLateCall() {
	i := sim.drawInt(len(sim.lateCalls))
	do := sim.lateCalls[i]
	sim.lateCalls = slices.Delete(sim.lateCalls, i, i+1)
	do()
}

// receiveBatch starts an invocation with messages of a queue. It reports whether a queue had messages.
func (sim *simulation) receiveBatch() bool {
	names := slices.Sorted(maps.Keys(sim.queueURLs))
	if sim.unordered {
		sim.rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	}
	for _, name := range names {
		s, _ := services.Lookup(queueService(name))
		url := sim.queueURLs[name]
		most := int32(s.Inbox.BatchSize)
		if sim.unordered {
			most = 1 + int32(sim.drawInt(s.Inbox.BatchSize))
		}
		out, err := sim.sqs.ReceiveMessage(
			context.Background(), &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: most},
		)
		if err != nil {
			sim.recordProblem("can't receive: %v", err)
		}
		if len(out.Messages) > 0 {
			sim.invokeFunction(s, url, out)
			return true
		}
	}
	return false
}

// startProcess returns a new process.
func (sim *simulation) startProcess(name string) *process {
	sim.mu.Lock()
	defer sim.mu.Unlock()
	sim.lastNumber++
	p := &process{w: sim, name: name, number: sim.lastNumber, deadLettered: map[string]bool{}}
	sim.running[p.number] = p
	return p
}

func (p *process) exitProcess() {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	delete(p.w.running, p.number)
	p.w.logf("%d %s exits", p.number, p.name)
}

// invokeFunction invokes a service's function with a batch, as Lambda does, and deletes the messages that it does not
// report as failed.
func (sim *simulation) invokeFunction(s services.Service, url string, out *sqs.ReceiveMessageOutput) {
	p := sim.startProcess(s.Name)
	batch := lambdaevents.SQSEvent{}
	for _, m := range out.Messages {
		batch.Records = append(
			batch.Records,
			lambdaevents.SQSMessage{
				MessageId: *m.MessageId, ReceiptHandle: *m.ReceiptHandle, Body: *m.Body, Attributes: m.Attributes,
				EventSourceARN: "arn:aws:sqs:::" + queueName(url),
			},
		)
		sim.ledger.redeliveries += min(1, receiveCount(m.Attributes)-1)
		p.faultFree = p.faultFree || receiveCount(m.Attributes) >= s.Inbox.MaxAttempts-1
	}
	sim.deliveredMessages += len(batch.Records)
	sim.logf("%d %s begins with %v", p.number, s.Name, summarizeBatch(batch))
	go func() {
		defer p.exitProcess()
		began := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), s.Timeout)
		defer cancel()
		r, err := sim.newConsumer(p, s).HandleBatch(ctx, batch)
		p.checkDuration(s, began)
		if err == nil {
			p.deleteHandled(s, url, batch, r)
		}
	}()
}

// checkDuration checks that an invocation has ended before its timeout.
func (p *process) checkDuration(s services.Service, began time.Time) {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	if lasted := time.Since(began); lasted >= s.Timeout {
		p.w.recordProblem("%s ran for %v", s.Name, lasted)
	}
}

// deleteHandled deletes the messages of a batch that were handled.
func (p *process) deleteHandled(
	s services.Service, url string, batch lambdaevents.SQSEvent, r lambdaevents.SQSEventResponse,
) {
	failed := map[string]bool{}
	for _, f := range r.BatchItemFailures {
		failed[f.ItemIdentifier] = true
	}
	for _, m := range batch.Records {
		if failed[m.MessageId] {
			continue
		}
		_ = scheduleCallErr(context.Background(), p, "Delete", m.MessageId, readOutcomes, func() error {
			held := p.w.sqs.CountMessages(url)
			_, err := p.w.sqs.DeleteMessage(
				context.Background(), &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: &m.ReceiptHandle},
			)
			if p.w.sqs.CountMessages(url) < held {
				p.w.ledger.recordOutcome(s.Name, m, p.deadLettered[m.MessageId])
			}
			return err
		})
	}
}

// newConsumer returns the consumer of a service, configured as on AWS, with the ports of a process.
func (sim *simulation) newConsumer(p *process, s services.Service) *queue.Consumer {
	now := func() time.Time { return time.Now().UTC() }
	log := slog.New(slog.DiscardHandler)
	q := faultyQueues{p}
	var urls []string
	for _, lane := range s.Queues() {
		urls = append(urls, sim.queueURLs[lane.Name])
	}
	c := &queue.Consumer{
		Service: s, Send: sim.newPublisher(p, s), Log: log, Jitter: func() float64 { return 0.5 },
		Queue: queue.ServiceQueue{Client: q, URLs: urls, DeadLetterURL: sim.deadLetterURLs[s.Name], FIFO: s.Inbox.FIFO},
	}
	switch s.Name {
	case "inspect":
		i := inspect.Inspector{
			Source: faultySource{p}, Indexes: faultySource{p}, Tools: faultyTools{p}, TempDir: sim.workFolder, Now: now,
		}
		c.Handle, c.OnExhausted = i.Handle, i.OnExhausted
	case "encode":
		n := encode.Encoder{
			Source: faultySource{p}, Media: faultyMedia{p}, Tools: faultyTools{p}, TempDir: sim.workFolder, Now: now,
			Log: log,
		}
		if sim.instantEncode {
			n.Now = func() time.Time { return sim.startedAt.Add(time.Duration(p.number)).UTC() }
		}
		c.Handle, c.OnExhausted = n.Handle, n.OnExhausted
		if sim.lastChunkFails {
			c.Handle = failLastChunk(n)
		}
	case "purge":
		c.Handle = purge.Purger{Source: faultySource{p}, Media: faultyMedia{p}, Results: p.newStore(), Now: now}.Handle
	case "publish":
		turns := publish.FairShare{
			Limits: p.newStore(), WaitQueue: p.newStore(), Videos: p.newStore(), MaxInFlight: inFlightLimit, Now: now,
		}
		owner := publish.VideoOwner{
			Videos: p.newStore(), Tasks: p.newStore(), Playlists: faultyMedia{p}, DenyList: p.newStore(),
			FairShare: turns, Now: now, Log: log,
		}
		c.Handle, c.HandleTogether = owner.Handle, owner.HandleBatch
	default:
		panic(fmt.Sprintf("the world has no service %s", s.Name))
	}
	return c
}

// failLastChunk returns a handler that fails for the last chunk of a video and encodes the others.
func failLastChunk(n encode.Encoder) queue.Handler {
	return func(ctx context.Context, e events.Event) ([]events.Event, error) {
		if d := e.Data.(video.EncodeRequested); d.Task.Last && d.Task.Kind == video.VideoTask {
			return n.OnExhausted(e, errs.New("chaos", errs.Invalid, "frames_missing", "It can't be decoded.")), nil
		}
		return n.Handle(ctx, e)
	}
}

func (sim *simulation) newPublisher(p *process, s services.Service) *queue.Publisher {
	q := faultyQueues{p}
	return &queue.Publisher{Service: s, Queues: q, Topic: q, TopicARN: "arn:topic", URL: func(name string) string {
		return sim.queueURLs[name]
	}}
}
