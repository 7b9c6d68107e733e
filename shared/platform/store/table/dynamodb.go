package table

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/shared/domain/errs"
)

// DynamoDB is a DynamoDB table with the string keys pk and sk.
type DynamoDB struct {
	Client *dynamodb.Client
	Name   string
}

// Get implements [Table].
func (d DynamoDB) Get(ctx context.Context, k Key) (Row, error) {
	out, err := d.Client.GetItem(ctx,
		&dynamodb.GetItemInput{TableName: &d.Name, ConsistentRead: aws.Bool(true), Key: k.ToRow()})
	if err != nil {
		return nil, wrapSDKError("dynamodb.GetItem", err)
	}
	if len(out.Item) == 0 {
		return nil, nil
	}
	return out.Item, nil
}

// GetBatch implements [Table]. Rows that DynamoDB leaves unprocessed are a Transient error
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html).
func (d DynamoDB) GetBatch(ctx context.Context, keys []Key) ([]Row, error) {
	const op = "dynamodb.BatchGetItem"
	asked := types.KeysAndAttributes{ConsistentRead: aws.Bool(true)}
	for _, k := range keys {
		asked.Keys = append(asked.Keys, k.ToRow())
	}
	out, err := d.Client.BatchGetItem(ctx,
		&dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{d.Name: asked}})
	if err != nil {
		return nil, wrapSDKError(op, err)
	}
	if left := len(out.UnprocessedKeys[d.Name].Keys); left > 0 {
		return nil, errs.E(op, errs.Transient, fmt.Errorf("%d of %d rows are left", left, len(keys)))
	}
	return out.Responses[d.Name], nil
}

// Write implements [Table].
func (d DynamoDB) Write(ctx context.Context, w Write) (old Row, err error) {
	old, err = w.Change.send(ctx, d, w)
	if failed, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok {
		old = failed.Item
	}
	return old, wrapSDKError("dynamodb.Write", err)
}

// Transact implements [Table]. The SDK sends a token with a transaction and repeats it with the same token after a lost
// answer, so DynamoDB reports the success of the first (ClientRequestToken of TransactWriteItems).
func (d DynamoDB) Transact(ctx context.Context, writes ...Write) error {
	var items []types.TransactWriteItem
	for _, w := range writes {
		items = append(items, w.Change.buildItem(d, w))
	}
	_, err := d.Client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: items})
	return wrapSDKError("dynamodb.TransactWriteItems", err)
}

// Query implements [Table].
func (d DynamoDB) Query(ctx context.Context, q Query) (rows []Row, next Row, err error) {
	out, err := d.Client.Query(ctx, d.buildQuery(q))
	if err != nil {
		return nil, nil, wrapSDKError("dynamodb.Query", err)
	}
	return out.Items, out.LastEvaluatedKey, nil
}

// Count implements [Table].
func (d DynamoDB) Count(ctx context.Context, q Query) (int, error) {
	in := d.buildQuery(q)
	in.Select = types.SelectCount
	out, err := d.Client.Query(ctx, in)
	if err != nil {
		return 0, wrapSDKError("dynamodb.Query", err)
	}
	return int(out.Count), nil
}

// Delete implements [Table]. Rows that DynamoDB leaves unprocessed are a Transient error.
func (d DynamoDB) Delete(ctx context.Context, keys []Key) error {
	const op = "dynamodb.BatchWriteItem"
	var all []types.WriteRequest
	for _, k := range keys {
		all = append(all, types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: k.ToRow()}})
	}
	out, err := d.Client.BatchWriteItem(ctx,
		&dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{d.Name: all}})
	if err != nil {
		return wrapSDKError(op, err)
	}
	if left := len(out.UnprocessedItems[d.Name]); left > 0 {
		return errs.E(op, errs.Transient, fmt.Errorf("%d of %d rows are left", left, len(keys)))
	}
	return nil
}

func (p Put) send(ctx context.Context, d DynamoDB, w Write) (old Row, err error) {
	item := p.buildItem(d, w).Put
	out, err := d.Client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &d.Name, Item: item.Item, ConditionExpression: item.ConditionExpression,
		ExpressionAttributeNames:            item.ExpressionAttributeNames,
		ExpressionAttributeValues:           item.ExpressionAttributeValues,
		ReturnValues:                        w.returnValue(),
		ReturnValuesOnConditionCheckFailure: w.returnValueOnFailure(),
	})
	if err != nil {
		return nil, err
	}
	return out.Attributes, nil
}

func (p Put) buildItem(d DynamoDB, w Write) types.TransactWriteItem {
	var e expression
	condition := e.condition(w.If)
	return types.TransactWriteItem{Put: &types.Put{
		TableName: &d.Name, Item: p.Row, ConditionExpression: condition,
		ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values,
	}}
}

func (u Update) send(ctx context.Context, d DynamoDB, w Write) (old Row, err error) {
	item := u.buildItem(d, w).Update
	out, err := d.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &d.Name, Key: item.Key, UpdateExpression: item.UpdateExpression,
		ConditionExpression:                 item.ConditionExpression,
		ExpressionAttributeNames:            item.ExpressionAttributeNames,
		ExpressionAttributeValues:           item.ExpressionAttributeValues,
		ReturnValues:                        w.returnValue(),
		ReturnValuesOnConditionCheckFailure: w.returnValueOnFailure(),
	})
	if err != nil {
		return nil, err
	}
	return out.Attributes, nil
}

func (u Update) buildItem(d DynamoDB, w Write) types.TransactWriteItem {
	var e expression
	condition, update := e.condition(w.If), e.update(u)
	return types.TransactWriteItem{Update: &types.Update{
		TableName: &d.Name, Key: w.Key.ToRow(), UpdateExpression: update, ConditionExpression: condition,
		ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values,
	}}
}

func (w Write) returnValue() types.ReturnValue {
	if w.ReturnOld {
		return types.ReturnValueAllOld
	}
	return types.ReturnValueNone
}

func (w Write) returnValueOnFailure() types.ReturnValuesOnConditionCheckFailure {
	if w.ReturnOld {
		return types.ReturnValuesOnConditionCheckFailureAllOld
	}
	return types.ReturnValuesOnConditionCheckFailureNone
}
