package store

import (
	"context"
	"encoding/json"
	"errors"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/scaling"
	"sluice/shared/domain/services"
)

// scalingStateItem is the one row of what the scaling law decided last.
type scalingStateItem struct {
	key
	Version int    `dynamodbav:"version"`
	State   string `dynamodbav:"state"` // JSON
}

var errScalingStateStale = errors.New("somebody else has decided meanwhile")

var scalingStateKey = key{services.ScalingRows + "#all", services.ScalingRows}

func newScalingStateItem(s scaling.State) (scalingStateItem, error) {
	text, err := json.Marshal(s)
	return scalingStateItem{key: scalingStateKey, Version: s.Version, State: string(text)}, err
}

func (i scalingStateItem) toScalingState() (s scaling.State, err error) {
	err = json.Unmarshal([]byte(i.State), &s)
	return s, err
}

// LoadScalingState returns what the scaling law decided last: for each queue what waited, what was worked on, how many workers
// it may have and why. It is the zero State if nothing ever waited.
func (d Dynamo) LoadScalingState(ctx context.Context) (scaling.State, error) {
	s, err := getRow(ctx, d, "store.Scaling", scalingStateKey, errs.Problem{}, scalingStateItem.toScalingState)
	return allowMissingState(s, err)
}

// SaveScalingState replaces the State of the version before s's. Conflict: there is another already.
func (d Dynamo) SaveScalingState(ctx context.Context, s scaling.State) error {
	const op = "store.SaveScaling"
	i, err := newScalingStateItem(s)
	if err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	return d.putNextVersion(ctx, op, i, int64(s.Version), errs.Problem{})
}

// LoadScalingState does as Dynamo's.
func (m *Memory) LoadScalingState(ctx context.Context) (scaling.State, error) {
	s, err := readRow(ctx, m, "store.Scaling", scalingStateKey, errs.Problem{}, scalingStateItem.toScalingState)
	return allowMissingState(s, err)
}

// SaveScalingState does as Dynamo's.
func (m *Memory) SaveScalingState(ctx context.Context, s scaling.State) error {
	const op = "store.SaveScaling"
	i, err := newScalingStateItem(s)
	if err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	if err := checkRows(ctx, op, i); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	old, there := m.rows[i.PK][i.SK].(scalingStateItem)
	if there != (s.Version > 1) || there && old.Version != s.Version-1 {
		return errs.E(op, errs.Conflict, errScalingStateStale)
	}
	m.putRow(i)
	return nil
}

func allowMissingState(s scaling.State, err error) (scaling.State, error) {
	if errs.KindOf(err) == errs.NotFound {
		return scaling.State{}, nil
	}
	return s, err
}
