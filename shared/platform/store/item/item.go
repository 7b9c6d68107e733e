// Package item reads and writes Go structs as the rows of a [table.Table], and gives an error of a table the operation
// and the problem that clients see. [Codec] encodes nested values and times as the text of attributes.
package item

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/store/table"
)

// ErrInvalidID is the cause of the error of an item with the zero Key.
var ErrInvalidID = errors.New("an id is empty, too long or has a '#'")

// Keyed is a Go struct that is stored as a row.
type Keyed interface{ RowKey() table.Key }

// Get reads one row, an I, and returns it as a T. missing is the problem if there is none.
func Get[I, T any](
	ctx context.Context, t table.Table, op string, k table.Key, missing errs.Problem, decode func(I, *Codec) T,
) (T, error) {
	var none T
	if k == (table.Key{}) {
		return none, missing.ToError(op, errs.NotFound, nil)
	}
	row, err := t.Get(ctx, k)
	if err != nil {
		return none, WrapError(op, err, errs.Problem{})
	}
	if row == nil {
		return none, missing.ToError(op, errs.NotFound, nil)
	}
	all, err := decodeRows(op, []table.Row{row}, decode)
	if err != nil {
		return none, err
	}
	return all[0], nil
}

// GetBatch reads rows, each an I, and returns those that exist as Ts, in any order. The zero Key names no row.
func GetBatch[I, T any](
	ctx context.Context, t table.Table, op string, keys []table.Key, decode func(I, *Codec) T,
) ([]T, error) {
	keys = slices.DeleteFunc(slices.Clone(keys), func(k table.Key) bool { return k == (table.Key{}) })
	if len(keys) == 0 {
		return nil, nil
	}
	rows, err := t.GetBatch(ctx, keys)
	if err != nil {
		return nil, WrapError(op, err, errs.Problem{})
	}
	return decodeRows(op, rows, decode)
}

// decodeRows returns rows, each an I, as Ts.
func decodeRows[I, T any](op string, rows []table.Row, decode func(I, *Codec) T) (all []T, err error) {
	var items []I
	var c Codec
	if err := attributevalue.UnmarshalListOfMaps(rows, &items); err != nil {
		return nil, errs.E(op, errs.Internal, err)
	}
	for _, i := range items {
		all = append(all, decode(i, &c))
	}
	if c.Err != nil {
		return nil, errs.E(op, errs.Internal, c.Err)
	}
	return all, nil
}

// Keep is a decode function for items that are returned as they are.
func Keep[I any](i I, _ *Codec) I { return i }

// Query makes one query of rows, each an I. It returns them as Ts, and the start of the next page, nil if there is
// none.
func Query[I, T any](
	ctx context.Context, t table.Table, op string, decode func(I, *Codec) T, q table.Query,
) (all []T, next table.Row, err error) {
	rows, next, err := t.Query(ctx, q)
	if err != nil {
		return nil, nil, WrapError(op, err, errs.Problem{})
	}
	if all, err = decodeRows(op, rows, decode); err != nil {
		return nil, nil, err
	}
	return all, next, nil
}

// QueryPrefix returns all rows of k's partition whose sort keys begin with prefix, in their order; none for the zero
// Key.
func QueryPrefix[I, T any](
	ctx context.Context, t table.Table, op string, decode func(I, *Codec) T, k table.Key, prefix string,
) (all []T, err error) {
	if k == (table.Key{}) {
		return nil, nil
	}
	for q := (table.Query{Partition: k.PK, Prefix: prefix}); ; {
		some, next, err := Query(ctx, t, op, decode, q)
		if err != nil {
			return nil, err
		}
		if all, q.Start = append(all, some...), next; len(next) == 0 {
			return all, nil
		}
	}
}

var IfAbsent = table.Condition{Absent: true}

// IfEqual returns the condition that a row exists whose attribute has a value.
func IfEqual(attribute string, value types.AttributeValue) table.Condition {
	return table.Condition{Where: []table.Comparison{table.Compare(attribute, "=", value)}}
}

// BuildPut returns the write of a whole item.
func BuildPut(op string, i Keyed, condition table.Condition) (table.Write, error) {
	if i.RowKey() == (table.Key{}) {
		return table.Write{}, errs.E(op, errs.Invalid, ErrInvalidID)
	}
	row, err := attributevalue.MarshalMap(i)
	if err != nil {
		return table.Write{}, errs.E(op, errs.Internal, err)
	}
	return table.Write{Key: i.RowKey(), Change: table.Put{Row: row}, If: condition}, nil
}

// BuildUpdate returns the write of some attributes of an item, by name. Those that the item lacks are removed.
func BuildUpdate(
	op string, k table.Key, item any, attributes []string, condition table.Condition,
) (table.Write, error) {
	row, err := attributevalue.MarshalMap(item)
	if err != nil {
		return table.Write{}, errs.E(op, errs.Internal, err)
	}
	u := table.Update{Set: table.Row{}}
	for _, name := range attributes {
		if value, ok := row[name]; ok {
			u.Set[name] = value
		} else {
			u.Remove = append(u.Remove, name)
		}
	}
	return table.Write{Key: k, Change: u, If: condition}, nil
}

// Put writes a whole item. conflict is the problem if the condition does not hold. The SDK may repeat the write
// after a lost answer and then fail on the row that it has written: use it where callers bear that, or without a
// condition.
func Put(ctx context.Context, t table.Table, op string, i Keyed, condition table.Condition, conflict errs.Problem,
) error {
	w, err := BuildPut(op, i, condition)
	if err != nil {
		return err
	}
	_, err = t.Write(ctx, w)
	return WrapError(op, err, conflict)
}

// PutNextVersion writes an item whose attribute "version" follows that of the row in the table; version 1 is the first.
// stale is the problem if another version is there.
func PutNextVersion(ctx context.Context, t table.Table, op string, i Keyed, version int64, stale errs.Problem) error {
	condition := IfAbsent
	if version != 1 {
		condition = IfEqual("version", table.NumberValue(version-1))
	}
	return Put(ctx, t, op, i, condition, stale)
}

// Insert writes items that must not be in the table yet, all or none, together with other writes. taken is the
// problem if a condition fails. It is a transaction even for one row, so that a repetition by the SDK succeeds.
func Insert(ctx context.Context, t table.Table, op string, taken errs.Problem, items []Keyed, others ...table.Write,
) error {
	writes, err := BuildInserts(op, items...)
	if err != nil {
		return err
	}
	return WrapError(op, t.Transact(ctx, append(writes, others...)...), taken)
}

// BuildInserts returns the writes of items that must not be in the table yet.
func BuildInserts(op string, items ...Keyed) (writes []table.Write, err error) {
	for _, i := range items {
		w, err := BuildPut(op, i, IfAbsent)
		if err != nil {
			return nil, err
		}
		writes = append(writes, w)
	}
	return writes, nil
}

// Delete deletes rows, 25 in a call: DynamoDB takes no more.
func Delete(ctx context.Context, t table.Table, op string, keys ...table.Key) error {
	for some := range slices.Chunk(keys, 25) {
		if err := t.Delete(ctx, some); err != nil {
			return WrapError(op, err, errs.Problem{})
		}
	}
	return nil
}

// AttributeNames returns the names of the attributes of an item.
func AttributeNames[I any]() (names []string) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[I]()) {
		if name, _, _ := strings.Cut(f.Tag.Get("dynamodbav"), ","); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// WrapError returns an error of a Table as one of op: conflict, if a condition did not hold. It returns nil for nil.
func WrapError(op string, err error, conflict errs.Problem) error {
	if err == nil {
		return nil
	}
	kind := errs.KindOf(err)
	if kind == errs.Conflict {
		return conflict.ToError(op, kind, err)
	}
	return errs.E(op, kind, err)
}
