// Package doneset keeps the set of a video's finished tasks in rows of a [table.Table], 256 task numbers a row. Several
// processes may add to it at the same time: whoever makes it complete finds it complete. Its rights are dynamodb:Query
// and dynamodb:UpdateItem.
package doneset

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/store/item"
	"sluice/shared/platform/store/table"
)

// Prefix begins the sort keys of the rows.
const Prefix = "DONE#"

const tasksPerPage = 256 // task numbers in one row

// page is one row.
type page struct {
	table.Key
	Done []int `dynamodbav:"done,numberset"`
}

// PageKey returns the key of the row, in the partition of k, that holds task n.
func PageKey(k table.Key, n int) table.Key {
	return table.Key{PK: k.PK, SK: fmt.Sprintf("%s%03d", Prefix, n/tasksPerPage)}
}

// Add adds tasks to the set in the partition of k and returns the set as it was before. tasks is the number of tasks
// that the video has: if they fit into one row, no other row is read.
func Add(ctx context.Context, t table.Table, op string, k table.Key, tasks int, added ...int) (map[int]bool, error) {
	numbers := map[string][]string{} // by sort key
	for _, n := range added {
		sk, number := PageKey(k, n).SK, strconv.Itoa(n)
		if !slices.Contains(numbers[sk], number) { // DynamoDB takes no number twice
			numbers[sk] = append(numbers[sk], number)
		}
	}
	var before []page
	for _, sk := range slices.Sorted(maps.Keys(numbers)) {
		p, err := addToPage(ctx, t, op, table.Key{PK: k.PK, SK: sk}, numbers[sk])
		if err != nil {
			return nil, err
		}
		before = append(before, p)
	}
	if tasks > tasksPerPage {
		all, err := item.QueryPrefix(ctx, t, op, item.Keep[page], k, Prefix)
		if err != nil {
			return nil, err
		}
		before = append(before, slices.DeleteFunc(all, func(p page) bool { return numbers[p.SK] != nil })...)
	}
	return joinPages(before), nil
}

// addToPage adds task numbers to a row and returns the row as it was before.
func addToPage(ctx context.Context, t table.Table, op string, k table.Key, numbers []string) (before page, err error) {
	row, err := t.Write(ctx, table.Write{
		Key: k, ReturnOld: true,
		Change: table.Update{Add: table.Row{"done": &types.AttributeValueMemberNS{Value: numbers}}},
	})
	if err != nil {
		return page{}, item.WrapError(op, err, errs.Problem{})
	}
	if err := attributevalue.UnmarshalMap(row, &before); err != nil {
		return page{}, errs.E(op, errs.Internal, err)
	}
	return before, nil
}

// Load returns the set in the partition of k.
func Load(ctx context.Context, t table.Table, op string, k table.Key) (map[int]bool, error) {
	all, err := item.QueryPrefix(ctx, t, op, item.Keep[page], k, Prefix)
	return joinPages(all), err
}

func joinPages(all []page) map[int]bool {
	done := map[int]bool{}
	for _, p := range all {
		for _, n := range p.Done {
			done[n] = true
		}
	}
	return done
}
