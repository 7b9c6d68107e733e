package store

import (
	"cmp"
	"context"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
)

const (
	rowsPerQuery   = 100  // rows of a list read in a call
	maxRowsPerPage = 1000 // rows read for one page: a filter that few rows pass ends a page early
)

// pagePosition is where in a list a page ends: the last row of it.
type pagePosition struct{ created, id string }

// encodeCursor returns the place as callers keep it.
func (p pagePosition) encodeCursor() string {
	if p == (pagePosition{}) {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString([]byte(p.created + " " + p.id))
}

var cursorInvalid = errs.Problem{Code: "cursor_invalid", Message: "This cursor is not one that a list has given; begin again without one."}

func parseCursor(op, cursor string) (p pagePosition, err error) {
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return p, cursorInvalid.ToError(op, errs.Invalid, err)
	}
	if p.created, p.id, _ = strings.Cut(string(b), " "); cursor != "" && (p.created == "" || p.id == "" || strings.Contains(p.id, "#")) {
		return p, cursorInvalid.ToError(op, errs.Invalid, nil)
	}
	return p, nil
}

// ListVideos returns a tenant's videos, newest first, as the indexes hold them (services.Listed): at most limit of those that f
// has, after cursor. It may return fewer although there are more, and even none; next is the cursor to go on with, "" at
// the end. What it reads is a moment behind the rows. Invalid, code cursor_invalid: a cursor that is none.
func (d Dynamo) ListVideos(ctx context.Context, tenant string, f video.Filter, cursor string, limit int) (page []video.Video, next string, err error) {
	const op = "store.List"
	from, err := parseCursor(op, cursor)
	if err != nil {
		return nil, "", err
	}
	l := newVideoPage(tenant, f, limit)
	if l.partition == "" {
		return nil, "", nil
	}
	for {
		items, more, err := d.queryVideoRows(ctx, op, l, from)
		if err != nil {
			return nil, "", err
		}
		if last, full, err := l.addMatching(op, items); full || err != nil {
			return l.videos, last.encodeCursor(), err
		} else if !more {
			return l.videos, "", nil
		} else {
			from = last
		}
	}
}

// videoPage is a page in the making.
type videoPage struct {
	index, attribute, partition string
	tenant                      string
	filter                      video.Filter
	limit, rowsRead             int
	videos                      []video.Video
}

func newVideoPage(tenant string, f video.Filter, limit int) *videoPage {
	l := &videoPage{index: services.ByTenant, attribute: "owner", tenant: tenant, filter: f, limit: limit}
	l.partition = newKey(services.TenantIndex, tenant).PK
	if f.ExternalID != "" {
		var c codec
		l.index, l.attribute, l.partition = services.ByExternal, "external", c.newDetailsItem(tenant, video.Details{ExternalID: f.ExternalID}).External
	}
	return l
}

// addMatching adds the rows that are asked for to the page and returns the place of the last one looked at; full reports that
// the page ends there.
func (l *videoPage) addMatching(op string, items []videoItem) (last pagePosition, full bool, err error) {
	for _, i := range items {
		v, err := i.toVideo()
		if err != nil {
			return last, false, errs.E(op, errs.Internal, err)
		}
		if l.filter.Matches(v) {
			l.videos = append(l.videos, projectVideo(v))
		}
		l.rowsRead++
		if last = (pagePosition{i.Created, i.ID}); len(l.videos) == l.limit || l.rowsRead == maxRowsPerPage {
			return last, true, nil
		}
	}
	return last, false, nil
}

// projectVideo returns what the indexes hold of a video.
func projectVideo(v video.Video) video.Video {
	return video.Video{
		Details: v.Details, Tenant: v.Tenant, ID: v.ID, Playback: v.Playback, State: v.State, Version: v.Version,
		Source: v.Source, Media: v.Media, Problem: v.Problem, Times: v.Times,
	}
}

// queryVideoRows reads some rows of a list after a place; more reports that they are not the last.
func (d Dynamo) queryVideoRows(ctx context.Context, op string, l *videoPage, after pagePosition) (items []videoItem, more bool, err error) {
	in := &dynamodb.QueryInput{
		TableName: &d.Table, IndexName: aws.String(l.index), ScanIndexForward: aws.Bool(false), Limit: aws.Int32(rowsPerQuery),
		KeyConditionExpression:    aws.String("#partition = :partition"),
		ExpressionAttributeNames:  map[string]string{"#partition": l.attribute},
		ExpressionAttributeValues: map[string]types.AttributeValue{":partition": stringValue(l.partition)},
	}
	if after != (pagePosition{}) {
		in.ExclusiveStartKey = videoKey(l.tenant, after.id).toAttributes()
		in.ExclusiveStartKey[l.attribute], in.ExclusiveStartKey["created"] = stringValue(l.partition), stringValue(after.created)
	}
	items, next, err := queryPage[videoItem](ctx, d, op, in)
	return items, next != nil, err
}

// UpdateDetails replaces what a tenant says of a video. NotFound: there is none, or it is being deleted. Repeating it changes
// nothing.
func (d Dynamo) UpdateDetails(ctx context.Context, tenant, id string, a video.Details) error {
	const op = "store.Describe"
	k := videoKey(tenant, id)
	if k == (key{}) {
		return videoMissing.ToError(op, errs.NotFound, nil)
	}
	var c codec
	about, err := attributevalue.MarshalMap(c.newDetailsItem(tenant, a))
	if err = cmp.Or(err, c.err); err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	names, values, expression := buildUpdateExpression(detailsAttributes, about)
	names["#state"] = "state"
	values[":deleting"], values[":deleted"] = stringValue(string(video.Deleting)), stringValue(string(video.Deleted))
	_, err = d.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &d.Table, Key: k.toAttributes(), UpdateExpression: &expression,
		ConditionExpression:      aws.String("attribute_exists(pk) AND NOT #state IN (:deleting, :deleted)"),
		ExpressionAttributeNames: names, ExpressionAttributeValues: values,
	})
	if err = wrapError(op, err, videoMissing); errs.KindOf(err) == errs.Conflict {
		return videoMissing.ToError(op, errs.NotFound, err)
	}
	return err
}

// LoadTimeline returns what has happened to a video, in order; nothing if there is no such video. The results of its tasks
// are in it until the video is deleted.
func (d Dynamo) LoadTimeline(ctx context.Context, tenant, id string) ([]video.TimelineEntry, error) {
	const op = "store.Timeline"
	k := videoKey(tenant, id)
	if k == (key{}) {
		return nil, nil
	}
	entries, err := queryPrefix[timelineItem](ctx, d, op, k, timelinePrefix)
	if err != nil {
		return nil, err
	}
	results, err := queryPrefix[taskResultItem](ctx, d, op, k, resultPrefix)
	if err != nil {
		return nil, err
	}
	return mergeTimeline(op, entries, results)
}

// mergeTimeline puts the changes of the row and the results of the tasks in order.
func mergeTimeline(op string, entries []timelineItem, results []taskResultItem) ([]video.TimelineEntry, error) {
	var all []video.TimelineEntry
	for _, i := range entries {
		var c codec
		var e video.TimelineEntry
		if c.decodeJSON(i.Entry, &e); c.err != nil {
			return nil, errs.E(op, errs.Internal, c.err)
		}
		all = append(all, e)
	}
	for _, i := range results {
		t, err := i.toTaskDone()
		if err != nil {
			return nil, errs.E(op, errs.Internal, err)
		}
		all = append(all, video.NewTaskEntry(t))
	}
	slices.SortStableFunc(all, func(a, b video.TimelineEntry) int { return a.At.Compare(b.At) })
	state := video.Processing
	for i, e := range all { // the end of a task is no change: the state is that of the last one
		if e.Task == nil {
			state = e.State
		} else if state.IsEncoding() {
			all[i].State = state
		}
	}
	return all, nil
}
