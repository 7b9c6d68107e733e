package publish

import (
	"context"
	"reflect"
	"time"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// round brings a tenant's windows up to date, and on: one after the other.
type round struct {
	Turns
	e    events.Event
	own  video.Video // the event's
	asks bool        // it wants all of its tasks that are not done
	now  time.Time
	rows map[string]video.Video // that were read
	lane video.Lane
	w    video.Window // of it
	line
}

// line is what is known of a tenant's line.
type line struct {
	read  []video.Turn // and not taken
	last  video.Turn   // that was read
	ended bool         // there is nothing behind it
	taken []video.Turn
}

// run does it for one window; saved is false if another has written the window meanwhile.
func (r *round) run(ctx context.Context) (saved bool, err error) {
	before, err := r.Windows.Window(ctx, r.own.Tenant, r.lane)
	if err != nil {
		return false, err
	}
	r.line, r.w = line{}, before.Settle(r.own, r.now).Lapse(r.now)
	if _, passed := r.e.Data.(video.DeadlinePassed); passed && r.asks {
		r.w = r.w.Again(r.own, r.occasion(), r.now)
	}
	if _, had := before.Share(r.own.ID); !had && !r.own.State.Encoding() && r.w.More {
		r.taken = append(r.taken, r.own.Turn())
	}
	waits, err := r.fill(ctx)
	if err != nil {
		return false, err
	}
	if waits || !reflect.DeepEqual(before, r.w) {
		r.w.Version++
		if err := r.Windows.SaveWindow(ctx, r.w); err != nil {
			return false, unless(err, errs.Conflict)
		}
	}
	if len(r.taken) == 0 {
		return true, nil
	}
	return true, r.Lines.Leave(ctx, r.own.Tenant, r.lane, r.taken...)
}

// occasion stands for what is asked for under the round's event. A redelivery has the same. What says the same anew has
// the same id, but another time: a task that was done twice does not have others done twice, and these others again.
func (r *round) occasion() string { return r.e.ID + " " + r.e.Time.UTC().Format(time.RFC3339Nano) }

// unless returns err if it is not of a kind.
func unless(err error, kind errs.Kind) error {
	if errs.KindOf(err) == kind {
		return nil
	}
	return err
}

// fill asks for tasks until there is no room, or nothing more to ask for. It reports whether the event's video waits
// from now on: then the window must be written, so that who has seen the line without it is refused.
func (r *round) fill(ctx context.Context) (waits bool, err error) {
	joins := r.joins()
	for r.w.Room(r.Size) > 0 {
		t, ok, err := r.first(ctx, joins)
		if err != nil {
			return false, err
		}
		if !ok {
			r.w.More = false
			return false, nil
		}
		v, err := r.row(ctx, t.Video)
		if err != nil {
			return false, err
		}
		joins = joins && v.ID != r.own.ID
		r.w = r.w.Settle(v, r.now).Ask(v, r.Size, r.occasion(), r.now)
	}
	if !joins {
		return false, nil
	}
	r.w.More = true
	return true, r.Lines.Wait(ctx, r.own.Tenant, r.lane, r.own.Turn())
}

// joins reports whether the event's video is to get a place: it is planned, or asks for what was lost, or says that it
// waits, which it may not do any more. One that has tasks in flight has its place.
func (r *round) joins() bool {
	passed, _ := r.e.Data.(video.DeadlinePassed)
	_, has := r.w.Share(r.own.ID)
	return !has && r.w.Wants(r.own) && (r.asks || passed.Queued)
}

// first returns whose turn it is; ok is false if nobody waits.
func (r *round) first(ctx context.Context, joins bool) (t video.Turn, ok bool, err error) {
	if err := r.look(ctx); err != nil {
		return t, false, err
	}
	all := r.w.Line()
	if joins {
		all = append(all, r.own.Turn())
	}
	all = append(all, r.read...)
	if len(all) == 0 {
		return t, false, nil
	}
	t = all[0]
	for _, o := range all {
		if o.Compare(t) < 0 {
			t = o
		}
	}
	if len(r.read) > 0 && r.read[0] == t {
		r.taken, r.read = append(r.taken, t), r.read[1:]
	}
	return t, true, nil
}

// mostRead is how many turns are read at once, and taken out of the line with one call.
const mostRead = 25

// look reads on in the line, if nothing is known of it and there may be somebody.
func (r *round) look(ctx context.Context) error {
	if len(r.read) > 0 || r.ended || !r.w.More {
		return nil
	}
	limit := min(r.w.Room(r.Size), mostRead)
	turns, err := r.Lines.Waiting(ctx, r.own.Tenant, r.lane, r.last, limit)
	if err != nil {
		return err
	}
	if r.read, r.ended = turns, len(turns) < limit; len(turns) > 0 {
		r.last = turns[len(turns)-1]
	}
	return nil
}

// row returns a video's row; of one that is gone, one that nothing is asked for of.
func (r *round) row(ctx context.Context, id string) (video.Video, error) {
	if v, ok := r.rows[id]; ok {
		return v, nil
	}
	v, err := r.Rows.Video(ctx, r.own.Tenant, id)
	if errs.KindOf(err) == errs.NotFound {
		v, err = video.Video{Tenant: r.own.Tenant, ID: id}, nil
	}
	if err == nil {
		r.rows[id] = v
	}
	return v, err
}
