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
	maxRunning = 5       // invocations at once
	window     = 2       // tasks of a tenant in flight: fewer than a video has
	maxSteps   = 200_000 // of one run: then it does not end
)

// play is the scheduler: it lets one thing happen after the other until nothing is left to do.
func (w *world) play() {
	for n, body := range w.files {
		w.clients = append(w.clients, w.client(n, body))
	}
	for range maxSteps {
		synctest.Wait()
		switch busy := len(w.waiting) > 0; {
		case busy && (!w.wild || w.rng.Float64() < 0.7):
			w.release()
			time.Sleep(time.Duration(w.draw(20)) * time.Millisecond)
		case w.poison > 0 && w.rng.Float64() < 0.2:
			w.poison--
			w.spoil()
		case w.remove && w.clients[0].completed && w.rng.Float64() < 0.02:
			w.remove = false
			w.delete(w.clients[0])
		case len(w.overdue) > 0 && w.rng.Float64() < 0.1:
			w.arrive()
		case len(w.running) < maxRunning && w.receive():
		case busy:
			w.release()
		case w.done():
			return
		case len(w.overdue) > 0:
			w.arrive() // no call is under way for minutes
		case len(w.running) > 0: // and waiting for the time to pass
			time.Sleep(50 * time.Millisecond)
		default:
			time.Sleep(time.Duration(1+w.draw(30)) * time.Second)
			w.tend()
		}
	}
	w.wrong("no end after %d steps", maxSteps)
}

// done reports whether nothing is left to do.
func (w *world) done() bool {
	for _, url := range w.url {
		if w.sqs.Len(url) > 0 {
			return false
		}
	}
	ever, err := w.rows.Due(context.Background(), time.Now().AddDate(1, 0, 0), 1)
	return err == nil && len(ever) == 0 && len(w.running) == 0 && len(w.overdue) == 0 && w.poison == 0 && !w.remove
}

// tend runs the service of that name every minute.
func (w *world) tend() {
	s, _ := services.Lookup("reconcile")
	if time.Since(w.tended) < s.Every {
		return
	}
	w.tended = time.Now()
	p := w.start(s.Name)
	go func() {
		defer p.exit()
		ctx, cancel := context.WithTimeout(context.Background(), s.Timeout)
		defer cancel()
		t := reconcile.Tender{
			Rows: rows{p}, Windows: rows{p}, Originals: source{p}, Queues: queue.Depths{Client: queues{p}, URL: func(name string) string { return w.url[name] }},
			Send: w.publisher(p, s), Dead: rest{}, Letters: rest{}, Steer: rest{}, Now: func() time.Time { return time.Now().UTC() }, Log: slog.New(slog.DiscardHandler),
		}
		_ = t.Run(ctx, autoscale.Hint{}) // what fails is looked at in a minute
		p.ended(s, w.tended)
	}()
}

// rest leaves the dead letters where they are, as the ledger looks at them there, and the workers as many as there are.
type rest struct{}

func (rest) Decide(context.Context, autoscale.Hint) (time.Duration, error) { return 0, nil }

func (rest) Take(context.Context, services.Service, func(context.Context, video.Letter) error) (int, error) {
	return 0, nil
}

func (rest) PutLetter(context.Context, video.Letter) error    { return nil }
func (rest) OpenLetters(context.Context, string) (int, error) { return 0, nil }

// arrive lets a call of a dead process arrive.
func (w *world) arrive() {
	i := w.draw(len(w.overdue))
	do := w.overdue[i]
	w.overdue = slices.Delete(w.overdue, i, i+1)
	do()
}

// receive starts an invocation with messages of some queue; it reports whether there were any.
func (w *world) receive() bool {
	names := slices.Sorted(maps.Keys(w.url))
	if w.wild {
		w.rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	}
	for _, name := range names {
		s, _ := services.Lookup(service(name))
		url := w.url[name]
		most := int32(s.Inbox.Batch)
		if w.wild {
			most = 1 + int32(w.draw(s.Inbox.Batch))
		}
		out, err := w.sqs.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: most})
		if err != nil {
			w.wrong("can't receive: %v", err)
		}
		if len(out.Messages) > 0 {
			w.deliver(s, url, out)
			return true
		}
	}
	return false
}

// start returns a new process.
func (w *world) start(name string) *process {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.number++
	p := &process{w: w, name: name, number: w.number, buried: map[string]bool{}}
	w.running[p.number] = p
	return p
}

func (p *process) exit() {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	delete(p.w.running, p.number)
	p.w.logf("%d %s exits", p.number, p.name)
}

// deliver does as Lambda: it invokes the function with a batch and deletes what the function does not report.
func (w *world) deliver(s services.Service, url string, out *sqs.ReceiveMessageOutput) {
	p := w.start(s.Name)
	batch := lambdaevents.SQSEvent{}
	for _, m := range out.Messages {
		batch.Records = append(batch.Records, lambdaevents.SQSMessage{MessageId: *m.MessageId, ReceiptHandle: *m.ReceiptHandle, Body: *m.Body, Attributes: m.Attributes, EventSourceARN: "arn:aws:sqs:::" + name(url)})
		w.ledger.again += min(1, attempts(m.Attributes)-1)
		p.sound = p.sound || attempts(m.Attributes) >= s.Inbox.Attempts-1
	}
	w.delivered += len(batch.Records)
	w.logf("%d %s begins with %v", p.number, s.Name, brief(batch))
	go func() {
		defer p.exit()
		began := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), s.Timeout)
		defer cancel()
		r, err := w.consumer(p, s).Batch(ctx, batch)
		p.ended(s, began)
		if err == nil {
			p.settle(s, url, batch, r)
		}
	}()
}

// ended holds an invocation to having ended by itself, before Lambda ends it.
func (p *process) ended(s services.Service, began time.Time) {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	if lasted := time.Since(began); lasted >= s.Timeout {
		p.w.wrong("%s ran for %v", s.Name, lasted)
	}
}

// settle deletes the messages of a batch that are dealt with.
func (p *process) settle(s services.Service, url string, batch lambdaevents.SQSEvent, r lambdaevents.SQSEventResponse) {
	failed := map[string]bool{}
	for _, f := range r.BatchItemFailures {
		failed[f.ItemIdentifier] = true
	}
	for _, m := range batch.Records {
		if failed[m.MessageId] {
			continue
		}
		_ = tell(context.Background(), p, "Delete", m.MessageId, reads, func() error {
			held := p.w.sqs.Len(url)
			_, err := p.w.sqs.DeleteMessage(context.Background(), &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: &m.ReceiptHandle})
			if p.w.sqs.Len(url) < held {
				p.w.ledger.ended(s.Name, m, p.buried[m.MessageId])
			}
			return err
		})
	}
}

// consumer returns a service as it is wired for AWS, on the ports of a process.
func (w *world) consumer(p *process, s services.Service) *queue.Consumer {
	now := func() time.Time { return time.Now().UTC() }
	log := slog.New(slog.DiscardHandler)
	q := queues{p}
	var urls []string
	for _, lane := range s.Queues() {
		urls = append(urls, w.url[lane.Name])
	}
	c := &queue.Consumer{
		Service: s, Send: w.publisher(p, s), Log: log, Jitter: func() float64 { return 0.5 },
		Queue: queue.Queue{Client: q, URLs: urls, Dead: w.dead[s.Name], FIFO: s.Inbox.FIFO},
	}
	switch s.Name {
	case "inspect":
		i := inspect.Inspector{Source: source{p}, Tools: tools{p}, Work: w.work, Now: now}
		c.Handle, c.GiveUp = i.Handle, i.GiveUp
	case "encode":
		n := encode.Encoder{Source: source{p}, Media: objects{p}, Tools: tools{p}, Work: w.work, Now: now}
		if w.swift {
			n.Now = func() time.Time { return w.began.Add(time.Duration(p.number)).UTC() }
		}
		c.Handle, c.GiveUp = n.Handle, n.GiveUp
		if w.broken {
			c.Handle = unlessLast(n)
		}
	case "purge":
		c.Handle = purge.Sweeper{Source: source{p}, Media: objects{p}, Rows: rows{p}, Now: now}.Handle
	case "publish":
		turns := publish.Turns{Windows: rows{p}, Lines: rows{p}, Rows: rows{p}, Size: window, Now: now}
		c.Handle = publish.Publisher{Rows: rows{p}, Media: objects{p}, Turns: turns, Now: now, Log: log}.Handle
	default:
		panic(fmt.Sprintf("the world has no service %s", s.Name))
	}
	return c
}

// unlessLast encodes what is not the last chunk of a video.
func unlessLast(n encode.Encoder) queue.Handler {
	return func(ctx context.Context, e events.Event) ([]events.Event, error) {
		if d := e.Data.(video.EncodeRequested); d.Task.Last && d.Task.Kind == video.VideoTask {
			return n.GiveUp(e, errs.Refuse("chaos", errs.Invalid, "frames_missing", "It can't be decoded.")), nil
		}
		return n.Handle(ctx, e)
	}
}

func (w *world) publisher(p *process, s services.Service) *queue.Publisher {
	q := queues{p}
	return &queue.Publisher{Service: s, Queues: q, Topic: q, ARN: "arn:topic", URL: func(name string) string { return w.url[name] }}
}
