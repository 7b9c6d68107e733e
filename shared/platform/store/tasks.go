package store

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/store/item"
	"sluice/shared/platform/store/table"
)

// FinishTask writes the result of a task, adds the task to the set of finished ones and returns that set. The result is
// written first: whoever sees a task in the set can read its result. FinishTask does not check that the video exists. A
// repetition with the same result changes nothing. Invalid: the task number or an id does not fit a key.
func (s Store) FinishTask(ctx context.Context, tenant, id string, t video.EncodeDone) (map[int]bool, error) {
	const op = "store.FinishTask"
	k, n := videoKey(tenant, id), t.Result.Task.Number
	if err := checkTaskKey(op, k, n); err != nil {
		return nil, err
	}
	var c item.Codec
	i := taskResultItem{
		Key: taskResultKey(k, n), Result: c.EncodeJSON(t.Result), Started: item.FormatTimestamp(t.Started),
		At: item.FormatTimestamp(t.At),
	}
	if c.Err != nil {
		return nil, errs.E(op, errs.Invalid, c.Err)
	}
	if err := item.Put(ctx, s.Table, op, i, table.Condition{}, errs.Problem{}); err != nil {
		return nil, err
	}
	add := table.Write{
		Key:    donePageKey(k, n),
		Change: table.Update{Add: table.Row{"done": &types.AttributeValueMemberNS{Value: []string{strconv.Itoa(n)}}}},
	}
	if _, err := s.Table.Write(ctx, add); err != nil {
		return nil, item.WrapError(op, err, errs.Problem{})
	}
	return s.loadFinishedTasks(ctx, op, k)
}

// checkTaskKey returns Invalid for the zero Key and for a task number that does not fit a key.
func checkTaskKey(op string, k table.Key, n int) error {
	switch {
	case k == (table.Key{}):
		return errs.E(op, errs.Invalid, item.ErrInvalidID)
	case n < 0 || n >= maxTasks:
		return errs.E(op, errs.Invalid, errTaskNumber)
	}
	return nil
}

// loadFinishedTasks returns the set of finished tasks from all its pages.
func (s Store) loadFinishedTasks(ctx context.Context, op string, k table.Key) (map[int]bool, error) {
	pages, err := item.QueryPrefix(ctx, s.Table, op, item.Keep[donePageItem], k, donePrefix)
	done := map[int]bool{}
	for _, p := range pages {
		for _, n := range p.Done {
			done[n] = true
		}
	}
	return done, err
}

// ListTaskResults returns the results of a video's finished tasks by task number, none if there is no such video.
func (s Store) ListTaskResults(ctx context.Context, tenant, id string) ([]video.Result, error) {
	toResult := func(i taskResultItem, c *item.Codec) video.Result { return i.toEncodeDone(c).Result }
	return item.QueryPrefix(ctx, s.Table, "store.ListTaskResults", toResult, videoKey(tenant, id), resultPrefix)
}

// DeleteTaskResults deletes the results of a video's tasks and the set of finished ones. A repetition changes nothing.
func (s Store) DeleteTaskResults(ctx context.Context, tenant, id string) error {
	const op = "store.DeleteTaskResults"
	k := videoKey(tenant, id)
	if err := checkTaskKey(op, k, 0); err != nil {
		return err
	}
	for _, prefix := range []string{donePrefix, resultPrefix} {
		keys, err := item.QueryPrefix(ctx, s.Table, op, item.Keep[table.Key], k, prefix)
		if err != nil {
			return err
		}
		if err := item.Delete(ctx, s.Table, op, keys...); err != nil {
			return err
		}
	}
	return nil
}
