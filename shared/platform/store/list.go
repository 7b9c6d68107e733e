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
	readAtOnce = 100  // rows of a list read in a call
	readAtMost = 1000 // rows read for one page: a filter that few rows pass ends a page early
)

// place is where in a list a page ends: the last row of it.
type place struct{ created, id string }

// cursor returns the place as callers keep it.
func (p place) cursor() string {
	if p == (place{}) {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString([]byte(p.created + " " + p.id))
}

var cursorInvalid = errs.Problem{Code: "cursor_invalid", Message: "This cursor is not one that a list has given; begin again without one."}

func parseCursor(op, cursor string) (p place, err error) {
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return p, cursorInvalid.Refuse(op, errs.Invalid, err)
	}
	if p.created, p.id, _ = strings.Cut(string(b), " "); cursor != "" && (p.created == "" || p.id == "" || strings.Contains(p.id, "#")) {
		return p, cursorInvalid.Refuse(op, errs.Invalid, nil)
	}
	return p, nil
}

// List returns a tenant's videos, newest first, as the indexes hold them (services.Listed): at most limit of those that f
// has, after cursor. It may return fewer although there are more, and even none; next is the cursor to go on with, "" at
// the end. What it reads is a moment behind the rows. Invalid, code cursor_invalid: a cursor that is none.
func (d Dynamo) List(ctx context.Context, tenant string, f video.Filter, cursor string, limit int) (page []video.Video, next string, err error) {
	const op = "store.List"
	from, err := parseCursor(op, cursor)
	if err != nil {
		return nil, "", err
	}
	l := newList(tenant, f, limit)
	if l.partition == "" {
		return nil, "", nil
	}
	for {
		items, more, err := d.rows(ctx, op, l, from)
		if err != nil {
			return nil, "", err
		}
		if last, full, err := l.take(op, items); full || err != nil {
			return l.page, last.cursor(), err
		} else if !more {
			return l.page, "", nil
		} else {
			from = last
		}
	}
}

// list is a page in the making.
type list struct {
	index, attribute, partition string
	tenant                      string
	filter                      video.Filter
	limit, read                 int
	page                        []video.Video
}

func newList(tenant string, f video.Filter, limit int) *list {
	l := &list{index: services.ByTenant, attribute: "owner", tenant: tenant, filter: f, limit: limit}
	l.partition = newKey(services.TenantIndex, tenant).PK
	if f.ExternalID != "" {
		var c codec
		l.index, l.attribute, l.partition = services.ByExternal, "external", c.about(tenant, video.About{ExternalID: f.ExternalID}).External
	}
	return l
}

// take adds the rows that are asked for to the page and returns the place of the last one looked at; full reports that
// the page ends there.
func (l *list) take(op string, items []videoItem) (last place, full bool, err error) {
	for _, i := range items {
		v, err := i.video()
		if err != nil {
			return last, false, errs.E(op, errs.Internal, err)
		}
		if l.filter.Has(v) {
			l.page = append(l.page, listed(v))
		}
		l.read++
		if last = (place{i.Created, i.ID}); len(l.page) == l.limit || l.read == readAtMost {
			return last, true, nil
		}
	}
	return last, false, nil
}

// listed returns what the indexes hold of a video.
func listed(v video.Video) video.Video {
	return video.Video{
		About: v.About, Tenant: v.Tenant, ID: v.ID, Playback: v.Playback, State: v.State, Version: v.Version,
		Source: v.Source, Media: v.Media, Problem: v.Problem, Times: v.Times,
	}
}

// rows reads some rows of a list after a place; more reports that they are not the last.
func (d Dynamo) rows(ctx context.Context, op string, l *list, after place) (items []videoItem, more bool, err error) {
	in := &dynamodb.QueryInput{
		TableName: &d.Table, IndexName: aws.String(l.index), ScanIndexForward: aws.Bool(false), Limit: aws.Int32(readAtOnce),
		KeyConditionExpression:    aws.String("#partition = :partition"),
		ExpressionAttributeNames:  map[string]string{"#partition": l.attribute},
		ExpressionAttributeValues: map[string]types.AttributeValue{":partition": text(l.partition)},
	}
	if after != (place{}) {
		in.ExclusiveStartKey = videoKey(l.tenant, after.id).attributes()
		in.ExclusiveStartKey[l.attribute], in.ExclusiveStartKey["created"] = text(l.partition), text(after.created)
	}
	items, next, err := ask[videoItem](ctx, d, op, in)
	return items, next != nil, err
}

// Describe replaces what a tenant says of a video. NotFound: there is none, or it is being deleted. Repeating it changes
// nothing.
func (d Dynamo) Describe(ctx context.Context, tenant, id string, a video.About) error {
	const op = "store.Describe"
	k := videoKey(tenant, id)
	if k == (key{}) {
		return videoMissing.Refuse(op, errs.NotFound, nil)
	}
	var c codec
	about, err := attributevalue.MarshalMap(c.about(tenant, a))
	if err = cmp.Or(err, c.err); err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	names, values, expression := assign(described, about)
	names["#state"] = "state"
	values[":deleting"], values[":deleted"] = text(string(video.Deleting)), text(string(video.Deleted))
	_, err = d.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &d.Table, Key: k.attributes(), UpdateExpression: &expression,
		ConditionExpression:      aws.String("attribute_exists(pk) AND NOT #state IN (:deleting, :deleted)"),
		ExpressionAttributeNames: names, ExpressionAttributeValues: values,
	})
	if err = failure(op, err, videoMissing); errs.KindOf(err) == errs.Conflict {
		return videoMissing.Refuse(op, errs.NotFound, err)
	}
	return err
}

// Timeline returns what has happened to a video, in order; nothing if there is no such video. The results of its tasks
// are in it until the video is deleted.
func (d Dynamo) Timeline(ctx context.Context, tenant, id string) ([]video.Entry, error) {
	const op = "store.Timeline"
	k := videoKey(tenant, id)
	if k == (key{}) {
		return nil, nil
	}
	entries, err := query[entryItem](ctx, d, op, k, entryPrefix)
	if err != nil {
		return nil, err
	}
	results, err := query[resultItem](ctx, d, op, k, resultPrefix)
	if err != nil {
		return nil, err
	}
	return timeline(op, entries, results)
}

// timeline puts the changes of the row and the results of the tasks in order.
func timeline(op string, entries []entryItem, results []resultItem) ([]video.Entry, error) {
	var all []video.Entry
	for _, i := range entries {
		var c codec
		var e video.Entry
		if c.parse(i.Entry, &e); c.err != nil {
			return nil, errs.E(op, errs.Internal, c.err)
		}
		all = append(all, e)
	}
	for _, i := range results {
		t, err := i.done()
		if err != nil {
			return nil, errs.E(op, errs.Internal, err)
		}
		all = append(all, video.TaskEntry(t))
	}
	slices.SortStableFunc(all, func(a, b video.Entry) int { return a.At.Compare(b.At) })
	state := video.Processing
	for i, e := range all { // the end of a task is no change: the state is that of the last one
		if e.Task == nil {
			state = e.State
		} else if state.Encoding() {
			all[i].State = state
		}
	}
	return all, nil
}
