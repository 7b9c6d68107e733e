package table

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

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

// Write implements [Table].
func (d DynamoDB) Write(ctx context.Context, w Write) (found Row, err error) {
	err = w.Change.send(ctx, d, w)
	if failed, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok {
		found = failed.Item
	}
	return found, wrapSDKError("dynamodb.Write", err)
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

// expression collects the names and values that the expressions of one request refer to.
type expression struct {
	names  map[string]string
	values Row
}

// name returns the placeholder of an attribute's name. All names have one, as many are reserved words.
func (e *expression) name(attribute string) string {
	if e.names == nil {
		e.names = map[string]string{}
	}
	e.names["#"+attribute] = attribute
	return "#" + attribute
}

// value returns a placeholder for a value.
func (e *expression) value(v types.AttributeValue) string {
	if e.values == nil {
		e.values = Row{}
	}
	placeholder := fmt.Sprintf(":v%d", len(e.values))
	e.values[placeholder] = v
	return placeholder
}

// condition returns a condition as an expression, nil for one that always holds.
func (e *expression) condition(c Condition) *string {
	var all []string
	for _, w := range c.Where {
		all = append(all, e.comparison(w))
	}
	where := strings.Join(all, " AND ")
	switch {
	case c.Absent && where == "":
		return aws.String("attribute_not_exists(pk)")
	case c.Absent:
		return aws.String("attribute_not_exists(pk) OR " + where)
	case where != "":
		return aws.String("attribute_exists(pk) AND " + where)
	}
	return nil
}

func (e *expression) comparison(w Comparison) string {
	name, value := e.name(w.Attribute), e.value(w.Value)
	if w.Operator == AtMost {
		return "(attribute_not_exists(" + name + ") OR " + name + " <= " + value + ")"
	}
	return name + " " + w.Operator + " " + value
}

// update returns an update as an expression.
func (e *expression) update(u Update) *string {
	var clauses []string
	addClause := func(verb string, parts []string) {
		if len(parts) > 0 {
			clauses = append(clauses, verb+" "+strings.Join(parts, ", "))
		}
	}
	var set, remove, add []string
	for _, name := range slices.Sorted(maps.Keys(u.Set)) {
		set = append(set, e.name(name)+" = "+e.value(u.Set[name]))
	}
	for _, name := range u.Remove {
		remove = append(remove, e.name(name))
	}
	for name, value := range u.Add {
		add = append(add, e.name(name)+" "+e.value(value))
	}
	addClause("SET", set)
	addClause("REMOVE", remove)
	addClause("ADD", add)
	return aws.String(strings.Join(clauses, " "))
}

func (p Put) send(ctx context.Context, d DynamoDB, w Write) error {
	item := p.buildItem(d, w).Put
	_, err := d.Client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &d.Name, Item: item.Item, ConditionExpression: item.ConditionExpression,
		ExpressionAttributeNames:            item.ExpressionAttributeNames,
		ExpressionAttributeValues:           item.ExpressionAttributeValues,
		ReturnValuesOnConditionCheckFailure: w.returnValues(),
	})
	return err
}

func (p Put) buildItem(d DynamoDB, w Write) types.TransactWriteItem {
	var e expression
	condition := e.condition(w.If)
	return types.TransactWriteItem{Put: &types.Put{
		TableName: &d.Name, Item: p.Row, ConditionExpression: condition,
		ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values,
	}}
}

func (u Update) send(ctx context.Context, d DynamoDB, w Write) error {
	item := u.buildItem(d, w).Update
	_, err := d.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &d.Name, Key: item.Key, UpdateExpression: item.UpdateExpression,
		ConditionExpression:                 item.ConditionExpression,
		ExpressionAttributeNames:            item.ExpressionAttributeNames,
		ExpressionAttributeValues:           item.ExpressionAttributeValues,
		ReturnValuesOnConditionCheckFailure: w.returnValues(),
	})
	return err
}

func (u Update) buildItem(d DynamoDB, w Write) types.TransactWriteItem {
	var e expression
	condition, update := e.condition(w.If), e.update(u)
	return types.TransactWriteItem{Update: &types.Update{
		TableName: &d.Name, Key: w.Key.ToRow(), UpdateExpression: update, ConditionExpression: condition,
		ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values,
	}}
}

func (w Write) returnValues() types.ReturnValuesOnConditionCheckFailure {
	if w.ReturnFound {
		return types.ReturnValuesOnConditionCheckFailureAllOld
	}
	return types.ReturnValuesOnConditionCheckFailureNone
}

func (d DynamoDB) buildQuery(q Query) *dynamodb.QueryInput {
	var e expression
	partition, sort := KeyAttributes(q.Index)
	condition := e.name(partition) + " = " + e.value(StringValue(q.Partition))
	switch {
	case q.Prefix != "":
		condition += " AND begins_with(" + e.name(sort) + ", " + e.value(StringValue(q.Prefix)) + ")"
	case q.From != "":
		condition += " AND " + e.name(sort) + " BETWEEN " + e.value(StringValue(q.From)) + " AND " +
			e.value(StringValue(q.To))
	case q.To != "":
		condition += " AND " + e.name(sort) + " <= " + e.value(StringValue(q.To))
	case q.Before != "":
		condition += " AND " + e.name(sort) + " < " + e.value(StringValue(q.Before))
	}
	in := &dynamodb.QueryInput{
		TableName: &d.Name, KeyConditionExpression: &condition, ExpressionAttributeNames: e.names,
		ExpressionAttributeValues: e.values,
		ScanIndexForward:          aws.Bool(!q.Descending), ExclusiveStartKey: q.Start,
	}
	if q.Index == "" {
		in.ConsistentRead = aws.Bool(true) // an index has no consistent reads
	} else {
		in.IndexName = &q.Index
	}
	if q.Limit > 0 {
		in.Limit = aws.Int32(int32(q.Limit))
	}
	return in
}
