package table

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/shared/domain/errs"
)

// Memory is a [Table] in memory. It behaves as DynamoDB does, but for rows that expire: it keeps them.
type Memory struct {
	mu   sync.Mutex
	rows map[string]map[string]Row // by pk and sk; a stored Row is never changed
}

// NewMemory returns an empty table.
func NewMemory() *Memory { return &Memory{rows: map[string]map[string]Row{}} }

// Get implements [Table].
func (m *Memory) Get(ctx context.Context, k Key) (Row, error) {
	if err := wrapSDKError("memory.Get", ctx.Err()); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.rows[k.PK][k.SK], nil
}

// GetBatch implements [Table].
func (m *Memory) GetBatch(ctx context.Context, keys []Key) (rows []Row, err error) {
	for _, k := range keys {
		row, err := m.Get(ctx, k)
		if err != nil {
			return nil, err
		}
		if row != nil {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// Write implements [Table].
func (m *Memory) Write(ctx context.Context, w Write) (old Row, err error) {
	if err := wrapSDKError("memory.Write", ctx.Err()); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if w.ReturnOld {
		old = m.rows[w.Key.PK][w.Key.SK]
	}
	return old, m.writeRows(w)
}

// Transact implements [Table].
func (m *Memory) Transact(ctx context.Context, writes ...Write) error {
	if err := wrapSDKError("memory.Transact", ctx.Err()); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.writeRows(writes...)
}

// addsTwice reports whether the update has a number twice in a set that it adds, which DynamoDB rejects.
func (u Update) addsTwice() bool {
	for _, v := range u.Add {
		set, _ := v.(*types.AttributeValueMemberNS)
		if set != nil && len(slices.Compact(slices.Sorted(slices.Values(set.Value)))) < len(set.Value) {
			return true
		}
	}
	return false
}

// writeRows makes all writes or none. m is locked.
func (m *Memory) writeRows(writes ...Write) error {
	for _, w := range writes {
		if u, ok := w.Change.(Update); ok && u.addsTwice() {
			return errs.E("memory.Write", errs.Internal, errors.New("a number set has a number twice"))
		}
	}
	if err := m.checkConditions(writes); err != nil {
		return wrapSDKError("memory.Transact", err)
	}
	for _, w := range writes {
		if m.rows[w.Key.PK] == nil {
			m.rows[w.Key.PK] = map[string]Row{}
		}
		m.rows[w.Key.PK][w.Key.SK] = w.Change.apply(w.Key, m.rows[w.Key.PK][w.Key.SK])
	}
	return nil
}

// checkConditions returns an error unless the conditions of all writes hold.
func (m *Memory) checkConditions(writes []Write) error {
	reasons, failed := make([]types.CancellationReason, len(writes)), false
	for i, w := range writes {
		reasons[i].Code = aws.String("None")
		if !w.If.holds(m.rows[w.Key.PK][w.Key.SK]) {
			reasons[i].Code, failed = aws.String(conditionFailed), true
		}
	}
	if !failed {
		return nil
	}
	return &types.TransactionCanceledException{CancellationReasons: reasons}
}

func (p Put) apply(Key, Row) Row { return p.Row }

func (u Update) apply(k Key, row Row) Row {
	next := k.ToRow()
	maps.Copy(next, row)
	maps.Copy(next, u.Set)
	for _, name := range u.Remove {
		delete(next, name)
	}
	for name, value := range u.Add {
		if set, ok := value.(*types.AttributeValueMemberNS); ok {
			next[name] = uniteSets(set, next[name])
		} else {
			next[name] = NumberValue(ParseNumber(value) + ParseNumber(next[name]))
		}
	}
	return next
}

// uniteSets returns the members of two number sets; the second may be absent.
func uniteSets(a *types.AttributeValueMemberNS, b types.AttributeValue) types.AttributeValue {
	members := slices.Clone(a.Value)
	if b, ok := b.(*types.AttributeValueMemberNS); ok {
		members = append(members, b.Value...)
	}
	slices.Sort(members)
	return &types.AttributeValueMemberNS{Value: slices.Compact(members)}
}

// holds reports whether the condition holds of a row, nil if there is none.
func (c Condition) holds(row Row) bool {
	if row == nil {
		return c.Absent || len(c.Where) == 0
	}
	for _, w := range c.Where {
		if w.Operator == AtMost {
			if row[w.Attribute] != nil && compareValues(row[w.Attribute], w.Value) > 0 {
				return false
			}
			continue
		}
		order := compareValues(row[w.Attribute], w.Value)
		if w.Operator == "=" && order != 0 || w.Operator == "<>" && order == 0 || w.Operator == "<=" && order > 0 {
			return false
		}
	}
	return !c.Absent || len(c.Where) > 0
}

// compareValues compares two strings or two numbers.
func compareValues(a, b types.AttributeValue) int {
	if n, ok := a.(*types.AttributeValueMemberN); ok {
		return cmp.Compare(ParseNumber(n), ParseNumber(b))
	}
	return strings.Compare(ParseString(a), ParseString(b))
}

// Query implements [Table].
func (m *Memory) Query(ctx context.Context, q Query) (rows []Row, next Row, err error) {
	if err := wrapSDKError("memory.Query", ctx.Err()); err != nil {
		return nil, nil, err
	}
	_, sort := KeyAttributes(q.Index)
	order := func(a, b Row) int {
		n := cmp.Or(compareValues(a[sort], b[sort]), compareValues(a["pk"], b["pk"]))
		if q.Descending {
			return -n
		}
		return n
	}
	for _, row := range m.selectPartition(q) {
		if q.selects(ParseString(row[sort])) && (q.Start == nil || order(q.Start, row) < 0) {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, order)
	if q.Limit > 0 && len(rows) > q.Limit {
		rows = rows[:q.Limit]
		next = rows[q.Limit-1]
	}
	return rows, next, nil
}

// selectPartition returns the rows of a partition of the table or of an index.
func (m *Memory) selectPartition(q Query) (rows []Row) {
	m.mu.Lock()
	defer m.mu.Unlock()
	partition, sort := KeyAttributes(q.Index)
	if q.Index == "" {
		return slices.Collect(maps.Values(m.rows[q.Partition]))
	}
	for _, of := range m.rows {
		for _, row := range of {
			if row[sort] != nil && ParseString(row[partition]) == q.Partition {
				rows = append(rows, row)
			}
		}
	}
	return rows
}

// selects reports whether a query selects rows of a sort key.
func (q Query) selects(sort string) bool {
	return strings.HasPrefix(sort, q.Prefix) && sort >= q.From && (q.To == "" || sort <= q.To) &&
		(q.Before == "" || sort < q.Before)
}

// Count implements [Table].
func (m *Memory) Count(ctx context.Context, q Query) (int, error) {
	rows, _, err := m.Query(ctx, q)
	return len(rows), err
}

// Delete implements [Table].
func (m *Memory) Delete(ctx context.Context, keys []Key) error {
	if err := wrapSDKError("memory.Delete", ctx.Err()); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range keys {
		delete(m.rows[k.PK], k.SK)
	}
	return nil
}
