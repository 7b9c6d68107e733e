package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
)

// LoadVideo does as Dynamo's.
func (m *Memory) LoadVideo(ctx context.Context, tenant, id string) (video.Video, error) {
	k := videoKey(tenant, id)
	v, err := readRow(ctx, m, "store.Video", k, videoMissing, videoItem.toVideo)
	if err != nil {
		return video.Video{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	v.Done = mergeDonePages(selectRowsByPrefix[donePageItem](m, k, donePrefix))
	return v, nil
}

// SaveVideo does as Dynamo's.
func (m *Memory) SaveVideo(ctx context.Context, v video.Video, why video.TimelineEntry) error {
	const op = "store.Save"
	i, err := newVideoItem(v)
	if err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	if err := checkRows(ctx, op, i); err != nil {
		return err
	}
	entry, err := newTimelineItem(i.key, why)
	if err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	old, ok := m.rows[i.PK][i.SK].(videoItem)
	if !ok || old.Version != v.Version-1 {
		return versionStale.ToError(op, errs.Conflict, nil)
	}
	i.detailsItem = old.detailsItem
	m.putRow(i)
	m.putRow(entry)
	return nil
}

// FinishTask does as Dynamo's.
func (m *Memory) FinishTask(ctx context.Context, tenant, id string, t video.TaskDone) (map[int]bool, error) {
	const op = "store.Finish"
	k, n := videoKey(tenant, id), t.Result.Task.Number
	if err := checkTaskKey(op, k, n); err != nil {
		return nil, err
	}
	i, err := newTaskResultItem(k, t)
	if err != nil {
		return nil, errs.E(op, errs.Invalid, err)
	}
	if err := checkRows(ctx, op, i); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.putRow(i)
	page, _ := m.rows[k.PK][k.donePage(n).SK].(donePageItem)
	if page.key = k.donePage(n); !slices.Contains(page.Done, n) {
		page.Done = append(page.Done, n)
	}
	m.putRow(page)
	return mergeDonePages(selectRowsByPrefix[donePageItem](m, k, donePrefix)), nil
}

// ListTaskResults does as Dynamo's.
func (m *Memory) ListTaskResults(ctx context.Context, tenant, id string) ([]video.Result, error) {
	const op = "store.Results"
	if err := ctx.Err(); err != nil {
		return nil, wrapError(op, err, errs.Problem{})
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return decodeTaskResults(op, selectRowsByPrefix[taskResultItem](m, videoKey(tenant, id), resultPrefix))
}

// ListVideos does as Dynamo's.
func (m *Memory) ListVideos(ctx context.Context, tenant string, f video.Filter, cursor string, limit int) (page []video.Video, next string, err error) {
	const op = "store.List"
	if err := wrapError(op, ctx.Err(), errs.Problem{}); err != nil {
		return nil, "", err
	}
	from, err := parseCursor(op, cursor)
	if err != nil {
		return nil, "", err
	}
	l := newVideoPage(tenant, f, limit)
	items := m.selectVideoRows(l, from)
	last, full, err := l.addMatching(op, items)
	if !full {
		last = pagePosition{}
	}
	return l.videos, last.encodeCursor(), err
}

// selectVideoRows returns all rows of a list after a place, newest first.
func (m *Memory) selectVideoRows(l *videoPage, after pagePosition) (items []videoItem) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, rows := range m.rows {
		i, ok := rows[services.VideoRows].(videoItem)
		in := map[string]string{"owner": i.Owner, "external": i.External}[l.attribute]
		if ok && i.Created != "" && in == l.partition && l.partition != "" && (after == pagePosition{} || compareNewestFirst(after, pagePosition{i.Created, i.ID}) < 0) {
			items = append(items, i)
		}
	}
	slices.SortFunc(items, func(a, b videoItem) int {
		return compareNewestFirst(pagePosition{a.Created, a.ID}, pagePosition{b.Created, b.ID})
	})
	return items
}

func compareNewestFirst(a, b pagePosition) int {
	return cmp.Or(cmp.Compare(b.created, a.created), cmp.Compare(b.id, a.id))
}

// UpdateDetails does as Dynamo's.
func (m *Memory) UpdateDetails(ctx context.Context, tenant, id string, a video.Details) error {
	const op = "store.Describe"
	if err := wrapError(op, ctx.Err(), errs.Problem{}); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	k := videoKey(tenant, id)
	i, ok := m.rows[k.PK][k.SK].(videoItem)
	if s := video.State(i.State); !ok || s == video.Deleting || s == video.Deleted {
		return videoMissing.ToError(op, errs.NotFound, nil)
	}
	var c codec
	if i.detailsItem = c.newDetailsItem(tenant, a); c.err != nil {
		return errs.E(op, errs.Invalid, c.err)
	}
	m.putRow(i)
	return nil
}

// LoadTimeline does as Dynamo's.
func (m *Memory) LoadTimeline(ctx context.Context, tenant, id string) ([]video.TimelineEntry, error) {
	const op = "store.Timeline"
	if err := wrapError(op, ctx.Err(), errs.Problem{}); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	k := videoKey(tenant, id)
	return mergeTimeline(op, selectRowsByPrefix[timelineItem](m, k, timelinePrefix), selectRowsByPrefix[taskResultItem](m, k, resultPrefix))
}

// ListOverdueVideos does as Dynamo's.
func (m *Memory) ListOverdueVideos(ctx context.Context, now time.Time, limit int) ([]video.Ref, error) {
	if err := wrapError("store.Due", ctx.Err(), errs.Problem{}); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []overdueItem
	for pk, rows := range m.rows {
		if i, ok := rows[services.VideoRows].(videoItem); ok && i.DueShard != "" && i.Due <= formatTimestamp(now) {
			all = append(all, overdueItem{pk, i.Due})
		}
	}
	return selectLongestOverdue(all, limit), nil
}

// DeleteTaskResults does as Dynamo's.
func (m *Memory) DeleteTaskResults(ctx context.Context, tenant, id string) error {
	const op = "store.Forget"
	k := videoKey(tenant, id)
	if err := checkTaskKey(op, k, 0); err != nil {
		return err
	}
	if err := wrapError(op, ctx.Err(), errs.Problem{}); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.rows[k.PK], func(sk string, _ any) bool {
		return strings.HasPrefix(sk, donePrefix) || strings.HasPrefix(sk, resultPrefix)
	})
	return nil
}
