package store

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/shared/domain/errs"
)

// row is an item that knows its key.
type row interface{ rowKey() key }

// buildPut returns the write of r.
func (d Dynamo) buildPut(op string, r row) (*types.Put, error) {
	if r.rowKey() == (key{}) {
		return nil, errs.E(op, errs.Invalid, errInvalidID)
	}
	item, err := attributevalue.MarshalMap(r)
	if err != nil {
		return nil, errs.E(op, errs.Internal, err)
	}
	return &types.Put{TableName: &d.Table, Item: item}, nil
}

// putItem makes one write by itself. The SDK may repeat it after a lost answer, and be refused then by the row that it
// has written: only for what can bear that, or has no condition.
func (d Dynamo) putItem(ctx context.Context, put *types.Put) error {
	_, err := d.Client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: put.TableName, Item: put.Item, ConditionExpression: put.ConditionExpression,
		ExpressionAttributeNames: put.ExpressionAttributeNames, ExpressionAttributeValues: put.ExpressionAttributeValues,
	})
	return err
}

// putNextVersion writes a row of which the version before is there, and before the first none. stale is what is told if
// another one is.
func (d Dynamo) putNextVersion(ctx context.Context, op string, r row, version int64, stale errs.Problem) error {
	put, err := d.buildPut(op, r)
	if err != nil {
		return err
	}
	put.ConditionExpression = aws.String("attribute_not_exists(pk)")
	if version != 1 {
		put.ConditionExpression = aws.String("#version = :read")
		put.ExpressionAttributeNames = map[string]string{"#version": "version"}
		put.ExpressionAttributeValues = map[string]types.AttributeValue{":read": numberValue(version - 1)}
	}
	return wrapError(op, d.putItem(ctx, put), stale)
}

// insertRows writes rows that are not there yet, all or none; taken is what is told if one is.
func (d Dynamo) insertRows(ctx context.Context, op string, taken errs.Problem, rows ...row) error {
	puts, err := d.buildInserts(op, rows...)
	if err != nil {
		return err
	}
	return d.transactPuts(ctx, op, taken, puts...)
}

// buildInserts returns the writes of rows under the condition that they are not there yet.
func (d Dynamo) buildInserts(op string, rows ...row) ([]*types.Put, error) {
	puts := make([]*types.Put, 0, len(rows))
	for _, r := range rows {
		put, err := d.buildPut(op, r)
		if err != nil {
			return nil, err
		}
		put.ConditionExpression = aws.String("attribute_not_exists(pk)")
		puts = append(puts, put)
	}
	return puts, nil
}

// transactPuts makes conditional writes, all or none; conflict is what is told if a condition fails. It is a transaction
// even for one row: the SDK repeats it with the same token after a lost answer, and is told of its success then. A
// plain conditional write would find our own row in its way.
func (d Dynamo) transactPuts(ctx context.Context, op string, conflict errs.Problem, puts ...*types.Put) error {
	var items []types.TransactWriteItem
	for _, put := range puts {
		items = append(items, types.TransactWriteItem{Put: put})
	}
	return d.runTransaction(ctx, op, conflict, items...)
}

func (d Dynamo) runTransaction(ctx context.Context, op string, conflict errs.Problem, items ...types.TransactWriteItem) error {
	_, err := d.Client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: items})
	return wrapError(op, err, conflict)
}

// deleteRows deletes rows. What DynamoDB leaves undone is Transient.
func (d Dynamo) deleteRows(ctx context.Context, op string, keys []key) error {
	var all []types.WriteRequest
	for _, k := range keys {
		all = append(all, types.WriteRequest{DeleteRequest: &types.DeleteRequest{
			Key: k.toAttributes(),
		}})
	}
	out, err := d.Client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{d.Table: all}})
	if err != nil {
		return wrapError(op, err, errs.Problem{})
	}
	if left := len(out.UnprocessedItems[d.Table]); left > 0 {
		return errs.E(op, errs.Transient, fmt.Errorf("%d of %d rows are left", left, len(keys)))
	}
	return nil
}
