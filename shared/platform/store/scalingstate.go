package store

import (
	"context"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/scaling"
	"sluice/shared/domain/services"
	"sluice/shared/platform/store/item"
	"sluice/shared/platform/store/table"
)

// scalingStateItem is the only row of its kind: the last decision of the autoscaler.
type scalingStateItem struct {
	table.Key
	Version int    `dynamodbav:"version"`
	State   string `dynamodbav:"state"` // JSON
}

var scalingStateKey = table.Key{PK: services.ScalingRows + "#all", SK: services.ScalingRows}

func (i scalingStateItem) toScalingState(c *item.Codec) (s scaling.State) {
	c.DecodeJSON(i.State, &s)
	return s
}

// LoadScalingState returns the last decision of the autoscaler; the zero State if there is none yet.
func (s Store) LoadScalingState(ctx context.Context) (scaling.State, error) {
	state, err := item.Get(ctx, s.Table, "store.LoadScalingState", scalingStateKey, errs.Problem{},
		scalingStateItem.toScalingState)
	if errs.KindOf(err) == errs.NotFound {
		return scaling.State{}, nil
	}
	return state, err
}

// SaveScalingState replaces the State of the version before. Conflict: another version is in the table.
func (s Store) SaveScalingState(ctx context.Context, state scaling.State) error {
	const op = "store.SaveScalingState"
	var c item.Codec
	i := scalingStateItem{Key: scalingStateKey, Version: state.Version, State: c.EncodeJSON(state)}
	if c.Err != nil {
		return errs.E(op, errs.Invalid, c.Err)
	}
	return item.PutNextVersion(ctx, s.Table, op, i, int64(state.Version), errs.Problem{})
}
