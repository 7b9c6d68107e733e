// Package table reads and writes rows of a DynamoDB table, or of a table in memory for tests.
package table

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/shared/domain/services"
)

// Row is a row as DynamoDB stores it: attributes by name. The attributes pk and sk are its key.
type Row = map[string]types.AttributeValue

// Table is a table with the string keys pk and sk. Its errors are of type [errs.Error]:
// Conflict if a condition does not hold, Transient, or Internal.
type Table interface {
	// Get returns the row of a key, nil if there is none. The read is strongly consistent.
	Get(ctx context.Context, k Key) (Row, error)
	// GetBatch returns the rows of up to 100 different keys, in any order, without those that do not exist. Each read
	// is strongly consistent; together they are no snapshot.
	GetBatch(ctx context.Context, keys []Key) ([]Row, error)
	// Write makes one write. If it asks for ReturnOld, old is the row that was there: before the write, or, if its
	// condition fails, instead of it. DynamoDB may see a write twice after a lost answer; its condition then fails
	// because of the first.
	Write(ctx context.Context, w Write) (old Row, err error)
	// Transact makes all writes or none. After a lost answer, a repetition by the SDK succeeds.
	Transact(ctx context.Context, writes ...Write) error
	// Query returns the rows that q selects, at most q.Limit if that is set, and the start of the next page: nil if
	// there are no more.
	Query(ctx context.Context, q Query) (rows []Row, next Row, err error)
	// Count returns how many rows q selects, or how many of them are in the first megabyte.
	Count(ctx context.Context, q Query) (int, error)
	// Delete deletes up to 25 different rows. Keys without a row are ignored.
	Delete(ctx context.Context, keys []Key) error
}

// Write changes a row if a condition holds.
type Write struct {
	Key       Key
	Change    Change
	If        Condition
	ReturnOld bool // Table.Write returns the row that was there
}

// Change is what a write does to a row: [Put] or [Update]. They are types of their own because IAM has an action for
// each: infra's tests look which of them a function can reach.
type Change interface {
	// apply returns the row that the change makes of the one that is there, which may be nil.
	apply(k Key, row Row) Row
	// buildItem returns the write as an item of a transaction, send makes it.
	buildItem(d DynamoDB, w Write) types.TransactWriteItem
	send(ctx context.Context, d DynamoDB, w Write) (old Row, err error)
}

// Put replaces the whole row.
type Put struct{ Row Row }

// Update changes attributes of a row.
type Update struct {
	Set    Row
	Remove []string
	Add    Row // numbers that are added to attributes, from 0; number sets whose members are added to the attribute's
}

// Condition must hold of the row that is in the table before a write. The zero Condition always holds. With Absent
// alone there must be no row; with Absent and Where there must be none, or one for which all comparisons hold.
type Condition struct {
	Absent bool
	Where  []Comparison
}

// AtMost is the operator of a comparison that holds if the attribute is at most the value, or is absent.
const AtMost = "at most"

// Comparison compares an attribute with a value by "=", "<>", "<=" or AtMost.
type Comparison struct {
	Attribute, Operator string
	Value               types.AttributeValue
}

// Compare returns the comparison of an attribute with a value.
func Compare(attribute, operator string, value types.AttributeValue) Comparison {
	return Comparison{attribute, operator, value}
}

// Query selects rows of one partition of the table or of an index, in the order of their sort keys. At most one of
// Prefix, From with To, To, and Before is set; From and To are inclusive.
type Query struct {
	Index                    string // "" for the table itself
	Partition                string
	Prefix, From, To, Before string
	Descending               bool
	Limit                    int // rows; 0 for as many as fit in a megabyte
	Start                    Row // the page begins after this row: the next of the page before, or made by hand
}

// KeyAttributes returns the names of the partition key and the sort key of the table, or of an index.
func KeyAttributes(index string) (partition, sort string) {
	switch index {
	case services.ByTenant:
		return "owner", "created"
	case services.ByExternal:
		return "external", "created"
	case services.ByDeadline:
		return "due_shard", "due"
	}
	return "pk", "sk"
}
