package store

import (
	"context"
	"encoding/json"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/scaling"
	"sluice/shared/domain/services"
)

// scalingStateItem is the only row of its kind: the last decision of the autoscaler.
type scalingStateItem struct {
	Key
	Version int    `dynamodbav:"version"`
	State   string `dynamodbav:"state"` // JSON
}

var scalingStateKey = Key{services.ScalingRows + "#all", services.ScalingRows}

func newScalingStateItem(s scaling.State) (scalingStateItem, error) {
	text, err := json.Marshal(s)
	return scalingStateItem{Key: scalingStateKey, Version: s.Version, State: string(text)}, err
}

func (i scalingStateItem) toScalingState() (s scaling.State, err error) {
	err = json.Unmarshal([]byte(i.State), &s)
	return s, err
}

// LoadScalingState returns the last decision of the autoscaler; the zero State if there is none yet.
func (s Store) LoadScalingState(ctx context.Context) (scaling.State, error) {
	state, err := getRow(ctx, s, "store.LoadScalingState", scalingStateKey, errs.Problem{}, scalingStateItem.toScalingState)
	if errs.KindOf(err) == errs.NotFound {
		return scaling.State{}, nil
	}
	return state, err
}

// SaveScalingState replaces the State of the version before. Conflict: another version is in the table.
func (s Store) SaveScalingState(ctx context.Context, state scaling.State) error {
	const op = "store.SaveScalingState"
	i, err := newScalingStateItem(state)
	if err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	return s.putNextVersion(ctx, op, i, int64(state.Version), errs.Problem{})
}
