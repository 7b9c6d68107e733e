package publish_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/video"
)

func (env *publishEnv) readDenyStatus(t *testing.T) playback.Status {
	t.Helper()
	e, err := env.table.LoadDenyEntry(t.Context(), playbackID)
	if err != nil {
		t.Fatal(err)
	}
	return e.Status
}

func TestPromise05_DeletedVideoIsDenied(t *testing.T) {
	t.Parallel()
	env := newPublishEnv(t)
	for _, e := range allEvents() {
		env.deliverEvent(t, e)
	}
	if got := env.readDenyStatus(t); got != playback.Allowed {
		t.Fatalf("ready, and %s", got)
	}
	for range 2 {
		env.deliverEvent(t, video.DeleteRequested{At: noon})
		if got := env.readDenyStatus(t); got != playback.Denied {
			t.Errorf("deleting, and %s", got)
		}
	}
}

// An unpublished video is denied while it is processed, too, and is as it would be when it is published again.
func TestPromise05_UnpublishedVideoIsDenied(t *testing.T) {
	t.Parallel()
	env := newPublishEnv(t)
	requireStatus := func(want playback.Status) {
		t.Helper()
		if got := env.readDenyStatus(t); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for i, e := range allEvents() {
		env.deliverEvent(t, e)
		if i == 0 {
			env.deliverEvent(t, video.UnpublishRequested{At: noon.Add(time.Hour)})
		}
	}
	requireStatus(playback.Denied)
	env.deliverEvent(t, video.PublishRequested{At: noon.Add(2 * time.Hour)})
	requireStatus(playback.Allowed)
	env.deliverEvent(t, video.UnpublishRequested{At: noon.Add(time.Hour)}) // late
	requireStatus(playback.Allowed)
	if v := env.readVideo(t); v.State != video.Ready || v.Publication.Unpublished {
		t.Errorf("%s, %+v", v.State, v.Publication)
	}
	env.deliverEvent(t, video.UnpublishRequested{At: noon.Add(3 * time.Hour)})
	requireStatus(playback.Denied)
	env.deliverEvent(t, video.DeleteRequested{At: noon.Add(4 * time.Hour)})
	requireStatus(playback.Denied)
	env.deliverEvent(t, video.PurgeDone{At: noon.Add(5 * time.Hour), Round: 1})
	requireStatus(playback.Denied)
	env.deliverEvent(t, video.PurgeDone{At: noon.Add(5 * time.Hour), Round: 2})
	requireStatus(playback.Removed)
}

// brokenDenyList fails as often as it says.
type brokenDenyList struct {
	failures *int
	denyList interface {
		ApplyDenyRule(ctx context.Context, r playback.DenyRule) (bool, error)
	}
}

func (l brokenDenyList) ApplyDenyRule(ctx context.Context, r playback.DenyRule) (bool, error) {
	if *l.failures > 0 {
		*l.failures--
		return false, errs.E("test", errs.Transient, errors.New("down"))
	}
	return l.denyList.ApplyDenyRule(ctx, r)
}

// The objects are purged after the id is denied, also if that fails at first and the row is saved already.
func TestPromise05_RedeliveryDeniesVideoBeforePurge(t *testing.T) {
	t.Parallel()
	env, failures := newPublishEnv(t), 2
	owner := env.newOwner()
	owner.DenyList = brokenDenyList{&failures, env.table}
	for failures > 0 {
		out, err := owner.Handle(t.Context(), events.New("acme", "vid_1", noon, video.DeleteRequested{At: noon}))
		if errs.KindOf(err) != errs.Transient || out != nil || env.readVideo(t).State != video.Deleting {
			t.Fatalf("%v, %v, %s", out, err, env.readVideo(t).State)
		}
	}
	out, err := owner.Handle(t.Context(), events.New("acme", "vid_1", noon, video.DeleteRequested{At: noon}))
	if err != nil || len(out) != 1 || out[0].Type != events.PurgeRequested {
		t.Errorf("%v, %v", out, err)
	}
	if got := env.readDenyStatus(t); got != playback.Denied {
		t.Errorf("deleting, and %s", got)
	}
}
