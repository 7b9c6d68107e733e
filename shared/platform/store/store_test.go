package store_test

import (
	"context"
	"testing"

	"sluice/shared/platform/store"
	"sluice/shared/platform/store/storetest"
	"sluice/shared/platform/store/table"
)

func TestMemoryPassesStoreSuite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(testing.TB) store.Store { return store.NewMemory() })
}

// TestHistoriesOfMemoryAreLinearizable checks 10,000 calls.
func TestHistoriesOfMemoryAreLinearizable(t *testing.T) {
	t.Parallel()
	calls, err := storetest.CheckHistories(t.Context(), store.NewMemory(), 25)
	if err != nil || calls < 10_000 {
		t.Errorf("%d calls: %v", calls, err)
	}
}

// unconditionalTable is a table that makes each write whether its condition holds or not.
type unconditionalTable struct{ table.Table }

func (u unconditionalTable) Write(ctx context.Context, w table.Write) (table.Row, error) {
	w.If = table.Condition{}
	return u.Table.Write(ctx, w)
}

func (u unconditionalTable) Transact(ctx context.Context, writes ...table.Write) error {
	for i := range writes {
		writes[i].If = table.Condition{}
	}
	return u.Table.Transact(ctx, writes...)
}

func TestStoreWithoutConditionsIsNotLinearizable(t *testing.T) {
	t.Parallel()
	s := store.NewMemory()
	s.Table = unconditionalTable{s.Table}
	if calls, err := storetest.CheckHistories(t.Context(), s, 100); err == nil {
		t.Errorf("%d calls on a table that checks no conditions are in order", calls)
	}
}
