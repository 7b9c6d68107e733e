package publish

import (
	"context"

	"sluice/events"
	"sluice/shared/domain/fairshare"
	"sluice/shared/domain/video"
)

// loadVideo returns a video of the request's tenant, which it reads once for requests that are handled together. A
// video that does not exist any more has no state, so that no task of it is reserved. The set of finished tasks is only
// read if tasks that the limit may reserve are in it.
func (f FairShare) loadVideo(
	ctx context.Context, r shareRequest, limit fairshare.InFlightLimit, id string,
) (video.Video, error) {
	if v, ok := r.videos[id]; ok {
		return v, nil
	}
	ref := video.Ref{Tenant: r.video.Tenant, ID: id}
	found, err := f.Videos.LoadVideos(ctx, ref)
	if err != nil {
		return video.Video{}, err
	}
	v, ok := found[ref]
	if !ok {
		v = video.Video{Tenant: ref.Tenant, ID: id}
	}
	if a, has := limit.FindAllotment(id); a.Retried || !has && !v.Times.EncodeStarted.IsZero() {
		if v.Done, err = f.Videos.LoadFinishedTasks(ctx, ref.Tenant, id); err != nil {
			return video.Video{}, err
		}
	}
	r.videos[id] = v
	return v, nil
}

// buildTaskEvents returns the encode requests of the tasks that are reserved under r's key. Those of another video
// continue that video's trace.
func (f FairShare) buildTaskEvents(
	ctx context.Context, r shareRequest, limit fairshare.InFlightLimit,
) (out []events.Event, err error) {
	for _, reservation := range limit.ReservedBy(r.key) {
		v, err := f.loadVideo(ctx, r, limit, reservation.Video)
		if err != nil {
			return nil, err
		}
		if !v.State.IsEncoding() { // it has failed or was deleted since
			continue
		}
		tasks := v.Plan.Tasks()
		for _, n := range reservation.Tasks {
			e := events.New(v.Tenant, v.ID, r.now, v.NewEncodeRequest(tasks[n]))
			if e.Correlation = v.Correlation; v.ID != r.video.ID {
				e.Trace = v.Trace
			}
			out = append(out, e)
		}
	}
	return out, nil
}
