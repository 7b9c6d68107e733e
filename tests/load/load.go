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
	atOnce  = 4                // uploads of a tenant on their way, and videos that are looked at in the end
	calmed  = 3                // looks that find all queues empty: then nothing is under way any more
	resting = 90 * time.Second // at most, until they do
	quiet   = 20 * time.Second // at most, until the topic has told of all
)

// site is where the burst goes.
type site struct {
	root, clips string
	operator    *client.Client
	clients     map[string]*client.Client // of the tenants
	names       []string                  // of the tenants, in their order
	ear         *subscriber.Ear           // nil: nobody listens
}

// stage is what goes on while the burst does.
type stage struct {
	burst
	site
	began time.Time
	crowd *crowd
	rec   *recorder
	news  *news
}

// run sends the burst, follows it to its end, and judges it.
func (b burst) run(ctx context.Context, out *os.File) error {
	run := "load-" + b.now().UTC().Format("20060102-150405")
	names, orders := b.orders(run)
	at, err := b.open(ctx, names)
	if err != nil {
		return err
	}
	if at.ear != nil {
		defer at.ear.Close(context.WithoutCancel(ctx))
	}
	s := &stage{burst: b, site: at, crowd: newCrowd(run, orders, names), news: newNews()}
	before, err := letters(ctx, at.operator)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "sending %d videos of %d tenants\n", b.videos, b.tenants)
	err = s.play(ctx, out)
	if errors.Is(err, context.DeadlineExceeded) { // those that are not ready are lost: the judgement says so
		fmt.Fprintf(out, "not all are ready after %v, the time limit; -timeout sets another\n", b.limit)
	} else if err != nil {
		return err
	}
	fmt.Fprintln(out, "looking at what came of each")
	r, err := s.judge(ctx, before)
	if err != nil {
		return err
	}
	return errors.Join(s.report(r, out), r.complaint())
}

// open finds the API, makes tenants and tokens, cuts the clips and begins to listen.
func (b burst) open(ctx context.Context, names []string) (s site, err error) {
	if s.root, err = cloud.FindRoot("."); err != nil {
		return s, err
	}
	o, err := cloud.NewOperator(ctx, s.root)
	if err != nil {
		return s, err
	}
	if s.clips, err = cut(ctx, s.root); err != nil {
		return s, err
	}
	s.names, s.clients = names, map[string]*client.Client{}
	for _, name := range names {
		token, err := o.Token(ctx, name)
		if err != nil {
			return s, fmt.Errorf("get a token for the tenant %s: %w", name, err)
		}
		s.clients[name] = client.New(o.URL, token)
	}
	token, err := o.Token(ctx, names[0], "operator")
	if err != nil {
		return s, fmt.Errorf("get a token of an operator: %w", err)
	}
	s.operator = client.New(o.URL, token)
	s.ear, err = b.listen(ctx, s.root, o, names)
	return s, err
}

// play sends all videos and stays until the last has come to its end and the queues are empty.
func (s *stage) play(ctx context.Context, out *os.File) error {
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	s.began = s.now()
	s.rec = &recorder{get: s.operator.Map, now: s.now, began: s.began}
	aside, stop := context.WithCancel(ctx)
	var beside errgroup.Group
	beside.Go(func() error { s.rec.run(aside, s.every); return nil })
	beside.Go(func() error { return s.hear(aside) })
	hide := show(out, s.board)
	work, watching := errgroup.WithContext(ctx)
	for _, name := range s.names {
		work.Go(func() error { return s.send(watching, name) })
	}
	work.Go(func() error { return s.crowd.follow(watching, s.clients, s.every) })
	err := work.Wait()
	if err == nil {
		err = s.rest(ctx)
	}
	stop()
	hide()
	return errors.Join(err, beside.Wait())
}

func (s *stage) board() board {
	return board{elapsed: s.now().Sub(s.began), queues: s.rec.series(), tenants: s.crowd.counts()}
}

// send uploads a tenant's videos, some at once. One that can't be sent keeps none of the others.
func (s *stage) send(ctx context.Context, tenant string) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, o := range s.crowd.orders {
		if o.tenant != tenant {
			continue
		}
		group.Go(func() error {
			up, err := s.clients[tenant].UploadFile(ctx, o.clip.path(s.clips), client.Options{Title: o.title})
			s.crowd.note(o.title, upload{id: up.VideoID, err: err})
			return ctx.Err()
		})
	}
	return group.Wait()
}

// hear listens until ctx ends.
func (s *stage) hear(ctx context.Context) error {
	for s.ear != nil && ctx.Err() == nil {
		if err := s.ear.Hear(ctx, s.news.heard); err != nil && ctx.Err() == nil {
			return fmt.Errorf("listen to the topic: %w", err)
		}
	}
	return nil
}

// rest waits until nothing is under way any more, and the topic has told of all.
func (s *stage) rest(ctx context.Context) error {
	over := s.now()
	from := over.Sub(s.began).Seconds()
	for {
		rested := s.now().Sub(over)
		if (s.rec.calm(calmed, from) || rested > resting) && (s.told() || rested > quiet) {
			return nil
		}
		if err := s.operator.Sleep(ctx, s.every); err != nil {
			return err
		}
	}
}

// told reports whether nothing more is to be heard.
func (s *stage) told() bool {
	for _, u := range s.crowd.uploads() {
		if s.ear != nil && s.news.times(u.id) == 0 {
			return false
		}
	}
	return true
}
