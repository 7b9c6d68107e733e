package store

import (
	"context"
	"time"

	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/store/cursor"
	"sluice/shared/platform/store/deadlines"
	"sluice/shared/platform/store/item"
	"sluice/shared/platform/store/table"
)

const (
	rowsPerQuery   = 100  // rows of a list that one query reads
	maxRowsPerPage = 1000 // rows read for one page: if few rows match the filter, a page ends early
)

// ListVideos returns a tenant's videos that f matches, the newest first, with the attributes that the indexes hold
// (services.ListedAttributes): at most limit of them, after the cursor start. It may return fewer, even none, although
// there are more. next is the cursor of the next page, "" at the end. It reads an index, which may lag behind the rows.
// Invalid, code cursor_invalid: start is not a cursor of ListVideos.
func (s Store) ListVideos(
	ctx context.Context, tenant string, f video.Filter, start string, limit int,
) (page []video.Video, next string, err error) {
	const op = "store.ListVideos"
	last, err := cursor.Parse(op, start)
	if err != nil {
		return nil, "", err
	}
	q := table.Query{
		Index: services.ByTenant, Partition: item.NewKey(services.TenantIndex, tenant).PK, Descending: true,
		Limit: rowsPerQuery,
	}
	if f.ExternalID != "" {
		var c item.Codec
		q.Index, q.Partition = services.ByExternal, newDetailsItem(&c, tenant,
			video.Details{ExternalID: f.ExternalID}).External
	}
	if q.Partition == "" {
		return nil, "", nil
	}
	for rowsRead := 0; ; {
		if last != (cursor.Position{}) {
			partition, sort := table.KeyAttributes(q.Index)
			q.Start = videoKey(tenant, last.ID).ToRow()
			q.Start[partition], q.Start[sort] = table.StringValue(q.Partition), table.StringValue(last.Created)
		}
		all, rest, err := item.Query(ctx, s.Table, op, videoItem.toVideo, q)
		if err != nil {
			return nil, "", err
		}
		for _, v := range all {
			if f.Matches(v) {
				page = append(page, projectVideo(v))
			}
			rowsRead++
			if last = (cursor.Position{Created: item.FormatTimestamp(v.Times.Created), ID: v.ID}); len(page) == limit ||
				rowsRead == maxRowsPerPage {
				return page, last.Format(), nil
			}
		}
		if rest == nil {
			return page, "", nil
		}
	}
}

// ListOverdueVideos returns the videos whose deadline has passed at now, the longest overdue first, at most limit of
// them. It reads an index, which may lag behind the rows.
func (s Store) ListOverdueVideos(ctx context.Context, now time.Time, limit int) ([]video.Ref, error) {
	return deadlines.ListOverdue(ctx, s.Table, "store.ListOverdueVideos", now, limit)
}

// projectVideo returns the part of a video that the indexes hold.
func projectVideo(v video.Video) video.Video {
	return video.Video{
		Details: v.Details, Tenant: v.Tenant, ID: v.ID, Playback: v.Playback, State: v.State, Version: v.Version,
		Source: v.Source, Media: v.Media, Problem: v.Problem, Times: v.Times,
	}
}
