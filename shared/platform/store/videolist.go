package store

import (
	"context"
	"encoding/base64"
	"regexp"
	"strings"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/store/item"
	"sluice/shared/platform/store/table"
)

const (
	rowsPerQuery   = 100  // rows of a list that one query reads
	maxRowsPerPage = 1000 // rows read for one page: if few rows match the filter, a page ends early
)

// pagePosition is the last row of a page.
type pagePosition struct{ created, id string }

var cursorInvalid = errs.NewProblem("cursor_invalid",
	"This cursor is not one that a list has given; begin again without one.")

// cursorIDPattern matches the ids of videos. A cursor is a key of the table once it is parsed.
var cursorIDPattern = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)

// parseCursor returns the position of a cursor. Invalid, code cursor_invalid: it is none that formatCursor returns.
func parseCursor(op, cursor string) (p pagePosition, err error) {
	if cursor == "" {
		return p, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return p, cursorInvalid.ToError(op, errs.Invalid, err)
	}
	p.created, p.id, _ = strings.Cut(string(b), " ")
	created, err := time.Parse(time.RFC3339Nano, p.created)
	if err != nil || item.FormatTimestamp(created) != p.created || !cursorIDPattern.MatchString(p.id) ||
		formatCursor(p) != cursor {
		return pagePosition{}, cursorInvalid.ToError(op, errs.Invalid, err)
	}
	return p, nil
}

func formatCursor(p pagePosition) string {
	return base64.RawURLEncoding.EncodeToString([]byte(p.created + " " + p.id))
}

// ListVideos returns a tenant's videos that f matches, the newest first, with the attributes that the indexes hold
// (services.ListedAttributes): at most limit of them, after cursor. It may return fewer, even none, although there are
// more. next is the cursor of the next page, "" at the end. It reads an index, which may lag behind the rows. Invalid,
// code cursor_invalid: the cursor is not one of ListVideos.
func (s Store) ListVideos(
	ctx context.Context, tenant string, f video.Filter, cursor string, limit int,
) (page []video.Video, next string, err error) {
	const op = "store.ListVideos"
	last, err := parseCursor(op, cursor)
	if err != nil {
		return nil, "", err
	}
	q := table.Query{
		Index: services.ByTenant, Partition: newKey(services.TenantIndex, tenant).PK, Descending: true,
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
		if last != (pagePosition{}) {
			partition, sort := table.KeyAttributes(q.Index)
			q.Start = videoKey(tenant, last.id).ToRow()
			q.Start[partition], q.Start[sort] = table.StringValue(q.Partition), table.StringValue(last.created)
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
			if last = (pagePosition{item.FormatTimestamp(v.Times.Created), v.ID}); len(page) == limit ||
				rowsRead == maxRowsPerPage {
				return page, formatCursor(last), nil
			}
		}
		if rest == nil {
			return page, "", nil
		}
	}
}

// projectVideo returns the part of a video that the indexes hold.
func projectVideo(v video.Video) video.Video {
	return video.Video{
		Details: v.Details, Tenant: v.Tenant, ID: v.ID, Playback: v.Playback, State: v.State, Version: v.Version,
		Source: v.Source, Media: v.Media, Problem: v.Problem, Times: v.Times,
	}
}
