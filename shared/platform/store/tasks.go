package store

import (
	"context"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// LoadVideo returns a video of a tenant with the set of its finished tasks, or NotFound. The set is read after the row and
// so is at least as new.
func (d Dynamo) LoadVideo(ctx context.Context, tenant, id string) (video.Video, error) {
	const op = "store.Video"
	k := videoKey(tenant, id)
	v, err := getRow(ctx, d, op, k, videoMissing, videoItem.toVideo)
	if err != nil {
		return video.Video{}, err
	}
	if v.Done, err = d.loadFinishedTasks(ctx, op, k); err != nil {
		return video.Video{}, err
	}
	return v, nil
}

// SaveVideo writes a video's row, but for Done and About, and an entry of its timeline, if the row's version is v.Version-1.
// Conflict: it is another one, as after the very same call, or there is no row.
func (d Dynamo) SaveVideo(ctx context.Context, v video.Video, why video.TimelineEntry) error {
	const op = "store.Save"
	i, err := newVideoItem(v)
	if err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	if err := checkTaskKey(op, i.key, 0); err != nil {
		return err
	}
	entry, err := newTimelineItem(i.key, why)
	if err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	put, err := d.buildPut(op, entry)
	if err != nil {
		return err
	}
	update, err := d.buildVideoUpdate(op, i)
	if err != nil {
		return err
	}
	return d.runTransaction(ctx, op, versionStale, types.TransactWriteItem{Update: update}, types.TransactWriteItem{Put: put})
}

// detailsAttributes are the names of the attributes that api writes, saved those that Save does: all others but the key's.
var (
	detailsAttributes = attributeNames[detailsItem]()
	savedAttributes   = slices.DeleteFunc(attributeNames[videoItem](), func(name string) bool {
		return slices.Contains(detailsAttributes, name) || slices.Contains(attributeNames[key](), name)
	})
)

// attributeNames returns the names of the attributes of an item.
func attributeNames[I any]() (names []string) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[I]()) {
		if name, _, _ := strings.Cut(f.Tag.Get("dynamodbav"), ","); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// buildVideoUpdate returns the write of what is saved of i, under the condition that the row has the version before.
func (d Dynamo) buildVideoUpdate(op string, i videoItem) (*types.Update, error) {
	item, err := attributevalue.MarshalMap(i)
	if err != nil {
		return nil, errs.E(op, errs.Internal, err)
	}
	names, values, expression := buildUpdateExpression(savedAttributes, item)
	values[":read"] = numberValue(i.Version - 1)
	return &types.Update{
		TableName: &d.Table, Key: i.toAttributes(),
		UpdateExpression: &expression, ConditionExpression: aws.String("#version = :read"),
		ExpressionAttributeNames: names, ExpressionAttributeValues: values,
	}, nil
}

// buildUpdateExpression returns the update that gives a row the attributes in all, as item has them: what it has not is removed.
func buildUpdateExpression(all []string, item map[string]types.AttributeValue) (names map[string]string, values map[string]types.AttributeValue, expression string) {
	names, values = map[string]string{}, map[string]types.AttributeValue{}
	var set, remove []string
	for _, name := range all {
		names["#"+name] = name
		if value, ok := item[name]; ok {
			set, values[":"+name] = append(set, "#"+name+" = :"+name), value
		} else {
			remove = append(remove, "#"+name)
		}
	}
	expression = "SET " + strings.Join(set, ", ")
	if remove != nil {
		expression += " REMOVE " + strings.Join(remove, ", ")
	}
	return names, values, expression
}

// FinishTask keeps what a task left behind, adds the task to the set of finished ones and returns that set. The result is
// written first: who sees a task in the set can read its result. It asks for no video row, and repeating it with the
// same result changes nothing.
func (d Dynamo) FinishTask(ctx context.Context, tenant, id string, t video.TaskDone) (map[int]bool, error) {
	const op = "store.Finish"
	k := videoKey(tenant, id)
	if err := checkTaskKey(op, k, t.Result.Task.Number); err != nil {
		return nil, err
	}
	i, err := newTaskResultItem(k, t)
	if err != nil {
		return nil, errs.E(op, errs.Invalid, err)
	}
	put, err := d.buildPut(op, i)
	if err != nil {
		return nil, err
	}
	if err := d.putItem(ctx, put); err != nil {
		return nil, wrapError(op, err, errs.Problem{})
	}
	if err := d.addFinishedTask(ctx, op, k, t.Result.Task.Number); err != nil {
		return nil, err
	}
	return d.loadFinishedTasks(ctx, op, k)
}

// checkTaskKey refuses what has no place among the keys of a video.
func checkTaskKey(op string, k key, n int) error {
	switch {
	case k == (key{}):
		return errs.E(op, errs.Invalid, errInvalidID)
	case n < 0 || n >= maxTasks:
		return errs.E(op, errs.Invalid, errTaskNumber)
	}
	return nil
}

// addFinishedTask puts a task's number into the set on its page.
func (d Dynamo) addFinishedTask(ctx context.Context, op string, k key, n int) error {
	_, err := d.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 &d.Table,
		Key:                       k.donePage(n).toAttributes(),
		UpdateExpression:          aws.String("ADD done :n"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":n": &types.AttributeValueMemberNS{Value: []string{strconv.Itoa(n)}}},
	})
	return wrapError(op, err, errs.Problem{})
}

// loadFinishedTasks returns the set of finished tasks over all pages.
func (d Dynamo) loadFinishedTasks(ctx context.Context, op string, k key) (map[int]bool, error) {
	pages, err := queryPrefix[donePageItem](ctx, d, op, k, donePrefix)
	return mergeDonePages(pages), err
}

func mergeDonePages(pages []donePageItem) map[int]bool {
	set := map[int]bool{}
	for _, p := range pages {
		for _, n := range p.Done {
			set[n] = true
		}
	}
	return set
}

// ListTaskResults returns what the finished tasks of a video left behind, by task number; none if there is no such video.
func (d Dynamo) ListTaskResults(ctx context.Context, tenant, id string) ([]video.Result, error) {
	const op = "store.Results"
	k := videoKey(tenant, id)
	if k == (key{}) {
		return nil, nil
	}
	items, err := queryPrefix[taskResultItem](ctx, d, op, k, resultPrefix)
	if err != nil {
		return nil, err
	}
	return decodeTaskResults(op, items)
}

func decodeTaskResults(op string, items []taskResultItem) ([]video.Result, error) {
	all := make([]video.Result, 0, len(items))
	for _, i := range items {
		t, err := i.toTaskDone()
		if err != nil {
			return nil, errs.E(op, errs.Internal, err)
		}
		all = append(all, t.Result)
	}
	return all, nil
}
