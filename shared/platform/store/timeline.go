package store

import (
	"context"
	"slices"

	"sluice/shared/domain/video"
	"sluice/shared/platform/store/item"
)

// LoadTimeline returns the changes of a video's row and the ends of its tasks in the order of time, none if there is no
// such video. Task results are deleted with the video; the changes stay.
func (s Store) LoadTimeline(ctx context.Context, tenant, id string) ([]video.TimelineEntry, error) {
	const op = "store.LoadTimeline"
	k := videoKey(tenant, id)
	all, err := item.QueryPrefix(ctx, s.Table, op, timelineItem.toEntry, k, timelinePrefix)
	if err != nil {
		return nil, err
	}
	done, err := item.QueryPrefix(ctx, s.Table, op, taskResultItem.toEncodeDone, k, resultPrefix)
	if err != nil {
		return nil, err
	}
	for _, t := range done {
		all = append(all, video.NewTaskEntry(t))
	}
	slices.SortStableFunc(all, func(a, b video.TimelineEntry) int { return a.At.Compare(b.At) })
	state := video.Processing
	for i, e := range all { // the end of a task does not change the row: its entry has the state of the last change
		if e.Task == nil {
			state = e.State
		} else if state.IsEncoding() {
			all[i].State = state
		}
	}
	return all, nil
}
