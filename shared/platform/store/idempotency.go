package store

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/idempotency"
	"sluice/shared/platform/store/item"
	"sluice/shared/platform/store/table"
)

// idempotencyItem has no attribute that is the key of an index.
type idempotencyItem struct {
	table.Key
	BodyHash  string `dynamodbav:"body"`
	Holder    string `dynamodbav:"holder"`
	Status    int    `dynamodbav:"status"`
	CreatedID string `dynamodbav:"made,omitempty"`
	Response  string `dynamodbav:"answer,omitempty"`
	Expires   int64  `dynamodbav:"expires"` // Unix seconds; DynamoDB deletes the row some time later
}

func newIdempotencyItem(r idempotency.Record) idempotencyItem {
	return idempotencyItem{
		Key: idempotencyRowKey(r), BodyHash: r.BodyHash, Holder: r.Holder, Status: r.Status, CreatedID: r.CreatedID,
		Response: r.Response, Expires: r.Expires.Unix(),
	}
}

// toRecord returns the record of a row. Its owner, route and key are those of like: the row has only a digest of them.
func (i idempotencyItem) toRecord(like idempotency.Record) idempotency.Record {
	return idempotency.Record{
		Owner: like.Owner, Route: like.Route, Key: like.Key, BodyHash: i.BodyHash, Holder: i.Holder, Status: i.Status,
		CreatedID: i.CreatedID, Response: i.Response, Expires: time.Unix(i.Expires, 0).UTC(),
	}
}

// BeginIdempotency writes the record r of a request unless another record of the same owner, route and key is valid
// at now, and returns the record that is in the table then. Its Holder tells whether that is r. A repetition changes
// nothing.
func (s Store) BeginIdempotency(
	ctx context.Context, r idempotency.Record, now time.Time,
) (idempotency.Record, error) {
	const op = "store.BeginIdempotency"
	i := newIdempotencyItem(r)
	w, err := item.BuildPut(op, i, table.Condition{
		Absent: true, Where: []table.Comparison{table.Compare("expires", "<=", table.NumberValue(now.Unix()))},
	})
	if err != nil {
		return idempotency.Record{}, err
	}
	w.ReturnOld = true
	found, err := s.Table.Write(ctx, w)
	if errs.KindOf(err) == errs.Conflict && found != nil {
		i = idempotencyItem{}
		err = attributevalue.UnmarshalMap(found, &i)
	}
	if err != nil {
		return idempotency.Record{}, item.WrapError(op, err, errs.Problem{})
	}
	return i.toRecord(r), nil
}

// CompleteIdempotency replaces the record of r's owner, route, key and holder by r. Conflict, code claim_lost: there is
// none, or another request holds the key.
func (s Store) CompleteIdempotency(ctx context.Context, r idempotency.Record) error {
	return item.Put(ctx, s.Table, "store.CompleteIdempotency", newIdempotencyItem(r),
		item.IfEqual("holder", table.StringValue(r.Holder)), idempotencyKeyLost)
}
