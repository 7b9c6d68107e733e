package store

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/store/table"
)

// keyedItem is a Go struct that is stored as a row.
type keyedItem interface{ RowKey() table.Key }

// getRow reads one row, an I, and returns it as a T. missing is the problem if there is none.
func getRow[I, T any](
	ctx context.Context, s Store, op string, k table.Key, missing errs.Problem, decode func(I, *codec) T,
) (T, error) {
	var none T
	if k == (table.Key{}) {
		return none, missing.ToError(op, errs.NotFound, nil)
	}
	row, err := s.Table.Get(ctx, k)
	if err != nil {
		return none, wrapError(op, err, errs.Problem{})
	}
	if row == nil {
		return none, missing.ToError(op, errs.NotFound, nil)
	}
	var i I
	if err := attributevalue.UnmarshalMap(row, &i); err != nil {
		return none, errs.E(op, errs.Internal, err)
	}
	var c codec
	v := decode(i, &c)
	if c.err != nil {
		return none, errs.E(op, errs.Internal, c.err)
	}
	return v, nil
}

// keepItem is a decode function for items that are returned as they are.
func keepItem[I any](i I, _ *codec) I { return i }

// queryPage makes one query of rows, each an I. It returns them as Ts, and the start of the next page, nil if there is
// none.
func queryPage[I, T any](
	ctx context.Context, s Store, op string, decode func(I, *codec) T, q table.Query,
) (all []T, next table.Row, err error) {
	var items []I
	var c codec
	rows, next, err := s.Table.Query(ctx, q)
	if err != nil {
		return nil, nil, wrapError(op, err, errs.Problem{})
	}
	if err := attributevalue.UnmarshalListOfMaps(rows, &items); err != nil {
		return nil, nil, errs.E(op, errs.Internal, err)
	}
	for _, i := range items {
		all = append(all, decode(i, &c))
	}
	if c.err != nil {
		return nil, nil, errs.E(op, errs.Internal, c.err)
	}
	return all, next, nil
}

// queryPrefix returns all rows of k's partition whose sort keys begin with prefix, in their order; none for the zero
// Key.
func queryPrefix[I, T any](
	ctx context.Context, s Store, op string, decode func(I, *codec) T, k table.Key, prefix string,
) (all []T, err error) {
	if k == (table.Key{}) {
		return nil, nil
	}
	for q := (table.Query{Partition: k.PK, Prefix: prefix}); ; {
		some, next, err := queryPage(ctx, s, op, decode, q)
		if err != nil {
			return nil, err
		}
		if all, q.Start = append(all, some...), next; len(next) == 0 {
			return all, nil
		}
	}
}

var ifAbsent = table.Condition{Absent: true}

// ifEqual returns the condition that a row exists whose attribute has a value.
func ifEqual(attribute string, value types.AttributeValue) table.Condition {
	return table.Condition{Where: []table.Comparison{table.Compare(attribute, "=", value)}}
}

// buildPut returns the write of a whole item.
func buildPut(op string, i keyedItem, condition table.Condition) (table.Write, error) {
	if i.RowKey() == (table.Key{}) {
		return table.Write{}, errs.E(op, errs.Invalid, errInvalidID)
	}
	row, err := attributevalue.MarshalMap(i)
	if err != nil {
		return table.Write{}, errs.E(op, errs.Internal, err)
	}
	return table.Write{Key: i.RowKey(), Change: table.Put{Row: row}, If: condition}, nil
}

// buildUpdate returns the write of some attributes of an item, by name. Those that the item lacks are removed.
func buildUpdate(
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

// putRow writes a whole item. conflict is the problem if the condition does not hold. The SDK may repeat the write
// after a lost answer and then fail on the row that it has written: use it where callers bear that, or without a
// condition.
func (s Store) putRow(
	ctx context.Context, op string, i keyedItem, condition table.Condition, conflict errs.Problem,
) error {
	w, err := buildPut(op, i, condition)
	if err != nil {
		return err
	}
	_, err = s.Table.Write(ctx, w)
	return wrapError(op, err, conflict)
}

// putNextVersion writes an item whose attribute "version" follows that of the row in the table; version 1 is the first.
// stale is the problem if another version is there.
func (s Store) putNextVersion(ctx context.Context, op string, i keyedItem, version int64, stale errs.Problem) error {
	condition := ifAbsent
	if version != 1 {
		condition = ifEqual("version", table.NumberValue(version-1))
	}
	return s.putRow(ctx, op, i, condition, stale)
}

// insertRows writes items that must not be in the table yet, all or none, together with other writes. taken is the
// problem if a condition fails. It is a transaction even for one row, so that a repetition by the SDK succeeds.
func (s Store) insertRows(
	ctx context.Context, op string, taken errs.Problem, items []keyedItem, others ...table.Write,
) error {
	var writes []table.Write
	for _, i := range items {
		w, err := buildPut(op, i, ifAbsent)
		if err != nil {
			return err
		}
		writes = append(writes, w)
	}
	return wrapError(op, s.Table.Transact(ctx, append(writes, others...)...), taken)
}

// deleteRows deletes rows, 25 in a call: DynamoDB takes no more.
func (s Store) deleteRows(ctx context.Context, op string, keys ...table.Key) error {
	for some := range slices.Chunk(keys, 25) {
		if err := s.Table.Delete(ctx, some); err != nil {
			return wrapError(op, err, errs.Problem{})
		}
	}
	return nil
}

// attributeNames returns the names of the attributes of an item.
func attributeNames[I any]() (names []string) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[I]()) {
		if name, _, _ := strings.Cut(f.Tag.Get("dynamodbav"), ","); name != "" {
			names = append(names, name)
		}
	}
	return names
}
