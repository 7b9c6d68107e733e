package rowpolicy

import (
	"context"
	"testing"

	"sluice/shared/platform/store"
	"sluice/shared/platform/store/table"
)

// Table is a table as a service calls it. A call that the service's role does not allow fails the test.
type Table struct {
	table.Table
	Service string
	TB      testing.TB
}

// LimitStore returns the store with the permissions of a service.
func LimitStore(tb testing.TB, s store.Store, service string) store.Store {
	return store.New(Table{s.Table, service, tb})
}

func (t Table) checkCall(index string, items ...Item) {
	p, err := LoadPolicy()
	if err == nil {
		err = p.CheckCall(t.Service, Call{index, items})
	}
	if err != nil {
		t.TB.Error(err)
	}
}

// Get implements [table.Table].
func (t Table) Get(ctx context.Context, k table.Key) (table.Row, error) {
	t.checkCall("", Item{"dynamodb:GetItem", k.PK})
	return t.Table.Get(ctx, k)
}

// GetBatch implements [table.Table].
func (t Table) GetBatch(ctx context.Context, keys []table.Key) ([]table.Row, error) {
	var items []Item
	for _, k := range keys {
		items = append(items, Item{"dynamodb:BatchGetItem", k.PK})
	}
	t.checkCall("", items...)
	return t.Table.GetBatch(ctx, keys)
}

// Write implements [table.Table].
func (t Table) Write(ctx context.Context, w table.Write) (table.Row, error) {
	t.checkCall("", newItem(w))
	return t.Table.Write(ctx, w)
}

// Transact implements [table.Table].
func (t Table) Transact(ctx context.Context, writes ...table.Write) error {
	var items []Item
	for _, w := range writes {
		items = append(items, newItem(w))
	}
	t.checkCall("", items...)
	return t.Table.Transact(ctx, writes...)
}

// Query implements [table.Table].
func (t Table) Query(ctx context.Context, q table.Query) (rows []table.Row, next table.Row, err error) {
	t.checkCall(q.Index, Item{"dynamodb:Query", q.Partition})
	return t.Table.Query(ctx, q)
}

// Count implements [table.Table].
func (t Table) Count(ctx context.Context, q table.Query) (int, error) {
	t.checkCall(q.Index, Item{"dynamodb:Query", q.Partition})
	return t.Table.Count(ctx, q)
}

// Delete implements [table.Table].
func (t Table) Delete(ctx context.Context, keys []table.Key) error {
	var items []Item
	for _, k := range keys {
		items = append(items, Item{"dynamodb:BatchWriteItem", k.PK})
	}
	t.checkCall("", items...)
	return t.Table.Delete(ctx, keys)
}

// newItem returns what IAM sees of a write. A transaction needs the permissions of its items:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
func newItem(w table.Write) Item {
	if _, ok := w.Change.(table.Update); ok {
		return Item{"dynamodb:UpdateItem", w.Key.PK}
	}
	return Item{"dynamodb:PutItem", w.Key.PK}
}
