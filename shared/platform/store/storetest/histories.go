package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/fairshare"
	"sluice/shared/domain/idempotency"
	"sluice/shared/domain/video"
	"sluice/shared/platform/require"
	"sluice/shared/platform/store"
)

// Numbers of clients of one row, and of steps of each of them. A step is up to two calls.
const (
	historyClients = 16
	historySteps   = 5
)

// checkTimeout bounds the search for an order of one history's calls. It takes milliseconds.
const checkTimeout = time.Minute

// CheckHistories lets 16 clients call s at the same time, on a video's row, on an in-flight limit and on an idempotency
// record, and checks that each history of calls is linearizable: that there is an order of the calls, in which none
// comes before one that ended before it began, that gives the same results. It repeats this a number of rounds with
// new rows, and returns the number of calls.
func CheckHistories(ctx context.Context, s store.Store, rounds int) (calls int, err error) {
	for range rounds {
		for _, open := range []func(context.Context, store.Store) (sharedRow, error){
			openVideoRow, openInFlightLimitRow, openIdempotencyRow,
		} {
			row, err := open(ctx, s)
			if err != nil {
				return calls, err
			}
			history, err := recordHistory(row)
			if err != nil {
				return calls, err
			}
			calls += len(history)
			if result := porcupine.CheckOperationsTimeout(row.model, history, checkTimeout); result != porcupine.Ok {
				return calls, fmt.Errorf("%d calls on a %s row are in no order: %v", len(history), row.name, result)
			}
		}
	}
	return calls, nil
}

// sharedRow is a row that clients use at the same time.
type sharedRow struct {
	name  string
	model porcupine.Model
	step  func(client int, r *recorder) error // calls the store through r
}

// recorder collects the calls of one client.
type recorder struct {
	client int
	began  time.Time // of the history
	calls  []porcupine.Operation
}

// record adds a call and its times to the history.
func (r *recorder) record(input any, call func() (output any, err error)) (any, error) {
	started := time.Since(r.began)
	output, err := call()
	r.calls = append(r.calls, porcupine.Operation{
		ClientId: r.client, Input: input, Call: int64(started), Output: output, Return: int64(time.Since(r.began)),
	})
	return output, err
}

// recordHistory runs all clients on a row and returns their calls.
func recordHistory(row sharedRow) (all []porcupine.Operation, err error) {
	began := time.Now()
	var mu sync.Mutex
	for _, err = range require.RunConcurrently(historyClients, func(client int) error {
		r := &recorder{client: client, began: began}
		for range historySteps {
			if err := row.step(client, r); err != nil {
				return err
			}
		}
		mu.Lock()
		defer mu.Unlock()
		all = append(all, r.calls...)
		return nil
	}) {
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// versionCall loads a row, or saves it with the version save if that is not 0.
type versionCall struct{ save int64 }

// versionResult is what a versionCall returned.
type versionResult struct {
	version  int64 // that was loaded
	conflict bool  // the save was refused
}

// newVersionModel returns the model of a row with a version, which is its state: a save succeeds if it is the next one.
func newVersionModel(first int64) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return first },
		Step: func(state, input, output any) (bool, any) {
			version, save, result := state.(int64), input.(versionCall).save, output.(versionResult)
			switch {
			case save == 0:
				return result.version == version, version
			case save == version+1:
				return !result.conflict, save
			}
			return result.conflict, version
		},
	}
}

// newVersionedRow returns a row of which each client saves the version after the one that it has loaded.
func newVersionedRow(
	name string, first int64, load func() (int64, error), save func(version int64) error,
) sharedRow {
	return sharedRow{name, newVersionModel(first), func(_ int, r *recorder) error {
		loaded, err := r.record(versionCall{}, func() (any, error) {
			version, err := load()
			return versionResult{version: version}, err
		})
		if err != nil {
			return err
		}
		next := loaded.(versionResult).version + 1
		_, err = r.record(versionCall{save: next}, func() (any, error) {
			err := save(next)
			if errs.KindOf(err) == errs.Conflict {
				return versionResult{conflict: true}, nil
			}
			return versionResult{}, err
		})
		return err
	}}
}

func openVideoRow(ctx context.Context, s store.Store) (sharedRow, error) {
	v, u := newVideoAndUpload(uniqueID())
	load := func() (int64, error) {
		loaded, err := s.LoadVideo(ctx, v.Tenant, v.ID)
		return loaded.Version, err
	}
	return newVersionedRow("video's", v.Version, load, func(version int64) error {
		next := v
		next.Version = version
		return s.SaveVideo(ctx, next, testEntry)
	}), s.CreateVideo(ctx, v, u)
}

func openInFlightLimitRow(ctx context.Context, s store.Store) (sharedRow, error) {
	tenant := uniqueID()
	load := func() (int64, error) {
		l, err := s.LoadInFlightLimit(ctx, tenant, video.Interactive)
		return l.Version, err
	}
	return newVersionedRow("in-flight limit's", 0, load, func(version int64) error {
		return s.SaveInFlightLimit(ctx, fairshare.InFlightLimit{
			Tenant: tenant, Lane: video.Interactive, Version: version,
		})
	}), nil
}

// idempotencyCall begins a request at now, or completes it.
type idempotencyCall struct {
	record   idempotency.Record
	now      time.Time
	complete bool
}

// idempotencyResult is what an idempotencyCall returned.
type idempotencyResult struct {
	record idempotency.Record
	lost   bool // another request holds the key
}

// idempotencyModel has the record as its state. The zero record is expired at any time.
var idempotencyModel = porcupine.Model{
	Init: func() any { return idempotency.Record{} },
	Step: func(state, input, output any) (bool, any) {
		current, call, result := state.(idempotency.Record), input.(idempotencyCall), output.(idempotencyResult)
		switch {
		case call.complete && current.Holder == call.record.Holder:
			return !result.lost, call.record
		case call.complete:
			return result.lost, current
		case !current.Expires.After(call.now):
			return result.record == call.record, call.record
		}
		return result.record == current, current
	},
}

// openIdempotencyRow returns the row of one key, for which each client sends requests. A request that holds the key is
// completed or gives it back.
func openIdempotencyRow(ctx context.Context, s store.Store) (sharedRow, error) {
	like := newIdempotencyRecord()
	return sharedRow{"idempotency record's", idempotencyModel, func(_ int, r *recorder) error {
		now := noon.Add(time.Duration(rand.IntN(3)) * time.Minute)
		request := copyForHolder(like, uniqueID(), now.Add(time.Minute))
		output, err := r.record(idempotencyCall{record: request, now: now}, func() (any, error) {
			record, err := s.BeginIdempotency(ctx, request, now)
			return idempotencyResult{record: record}, err
		})
		if err != nil || output.(idempotencyResult).record.Holder != request.Holder {
			return err
		}
		if rand.IntN(2) == 0 {
			request.Expires = now // the key is free again
		} else {
			request.Status = 201
		}
		_, err = r.record(idempotencyCall{record: request, complete: true}, func() (any, error) {
			err := s.CompleteIdempotency(ctx, request)
			if errs.KindOf(err) == errs.Conflict {
				return idempotencyResult{lost: true}, nil
			}
			return idempotencyResult{}, err
		})
		return err
	}}, nil
}
