package store

import (
	"cmp"
	"context"
	"slices"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/store/doneset"
	"sluice/shared/platform/store/item"
	"sluice/shared/platform/store/table"
)

// FinishTasks writes the results of tasks of a video, adds the tasks to the set of finished ones and returns that set
// as it was before. The results are written first, all or none: whoever sees a task in the set can read its result.
// tasks is the number of tasks that the video has. FinishTasks does not check that the video exists. A repetition with
// the same results changes nothing. Invalid: a task number or an id does not fit a key, or there are more than 100
// results.
func (s Store) FinishTasks(
	ctx context.Context, tenant, id string, tasks int, results ...video.EncodeDone,
) (before map[int]bool, err error) {
	const op = "store.FinishTasks"
	k := videoKey(tenant, id)
	if err := s.writeTaskResults(ctx, op, k, results); err != nil {
		return nil, err
	}
	var numbers []int
	for _, t := range results {
		numbers = append(numbers, t.Result.Task.Number)
	}
	return doneset.Add(ctx, s.Table, op, k, tasks, numbers...)
}

// writeTaskResults writes the RESULT rows of tasks: all or none.
func (s Store) writeTaskResults(ctx context.Context, op string, k table.Key, results []video.EncodeDone) error {
	var writes []table.Write
	for _, t := range results {
		n := t.Result.Task.Number
		if err := checkTaskKey(op, k, n); err != nil {
			return err
		}
		var c item.Codec
		i := taskResultItem{
			Key: taskResultKey(k, n), Result: c.EncodeJSON(t.Result), Started: item.FormatTimestamp(t.Started),
			At: item.FormatTimestamp(t.At),
		}
		put, err := item.BuildPut(op, i, table.Condition{})
		if err := cmp.Or(err, c.Err); err != nil {
			return errs.E(op, errs.Invalid, err)
		}
		// a transaction does not take two writes of a row; of two results of a task, the last one counts
		writes = slices.DeleteFunc(writes, func(w table.Write) bool { return w.Key == put.Key })
		writes = append(writes, put)
	}
	if len(writes) == 1 {
		_, err := s.Table.Write(ctx, writes[0])
		return item.WrapError(op, err, errs.Problem{})
	}
	return item.WrapError(op, s.Table.Transact(ctx, writes...), errs.Problem{})
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

// LoadFinishedTasks returns the set of a video's finished tasks, an empty one if there is no such video.
func (s Store) LoadFinishedTasks(ctx context.Context, tenant, id string) (map[int]bool, error) {
	return doneset.Load(ctx, s.Table, "store.LoadFinishedTasks", videoKey(tenant, id))
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
	for _, prefix := range []string{doneset.Prefix, resultPrefix} {
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
