package store

import (
	"context"
	"encoding/json"
	"errors"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/scaling"
	"sluice/shared/domain/services"
)

// scaleItem is the one row of what the scaling law decided last.
type scaleItem struct {
	key
	Version int    `dynamodbav:"version"`
	State   string `dynamodbav:"state"` // JSON
}

var errStale = errors.New("somebody else has decided meanwhile")

var scaleKey = key{services.ScaleRows + "#all", services.ScaleRows}

func itemOfScaling(s scaling.State) (scaleItem, error) {
	text, err := json.Marshal(s)
	return scaleItem{key: scaleKey, Version: s.Version, State: string(text)}, err
}

func (i scaleItem) scaling() (s scaling.State, err error) {
	err = json.Unmarshal([]byte(i.State), &s)
	return s, err
}

// Scaling returns what the scaling law decided last: for each queue what waited, what was worked on, how many workers
// it may have and why. It is the zero State if nothing ever waited.
func (d Dynamo) Scaling(ctx context.Context) (scaling.State, error) {
	s, err := get(ctx, d, "store.Scaling", scaleKey, errs.Problem{}, scaleItem.scaling)
	return anyScaling(s, err)
}

// SaveScaling replaces the State of the version before s's. Conflict: there is another already.
func (d Dynamo) SaveScaling(ctx context.Context, s scaling.State) error {
	const op = "store.SaveScaling"
	i, err := itemOfScaling(s)
	if err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	return d.replace(ctx, op, i, int64(s.Version), errs.Problem{})
}

// Scaling does as Dynamo's.
func (m *Memory) Scaling(ctx context.Context) (scaling.State, error) {
	s, err := read(ctx, m, "store.Scaling", scaleKey, errs.Problem{}, scaleItem.scaling)
	return anyScaling(s, err)
}

// SaveScaling does as Dynamo's.
func (m *Memory) SaveScaling(ctx context.Context, s scaling.State) error {
	const op = "store.SaveScaling"
	i, err := itemOfScaling(s)
	if err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	if err := check(ctx, op, i); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	old, there := m.rows[i.PK][i.SK].(scaleItem)
	if there != (s.Version > 1) || there && old.Version != s.Version-1 {
		return errs.E(op, errs.Conflict, errStale)
	}
	m.put(i)
	return nil
}

func anyScaling(s scaling.State, err error) (scaling.State, error) {
	if errs.KindOf(err) == errs.NotFound {
		return scaling.State{}, nil
	}
	return s, err
}
