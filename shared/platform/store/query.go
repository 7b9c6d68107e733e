package store

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/shared/domain/errs"
)

// getRow reads one row, an I, as a T; missing is what is told if there is none.
func getRow[I, T any](ctx context.Context, d Dynamo, op string, k key, missing errs.Problem, read func(I) (T, error)) (T, error) {
	var none T
	if k == (key{}) {
		return none, missing.ToError(op, errs.NotFound, nil)
	}
	out, err := d.Client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &d.Table, ConsistentRead: aws.Bool(true),
		Key: k.toAttributes(),
	})
	if err != nil {
		return none, wrapError(op, err, errs.Problem{})
	}
	if len(out.Item) == 0 {
		return none, missing.ToError(op, errs.NotFound, nil)
	}
	var i I
	if err := attributevalue.UnmarshalMap(out.Item, &i); err != nil {
		return none, errs.E(op, errs.Internal, err)
	}
	v, err := read(i)
	if err != nil {
		return none, errs.E(op, errs.Internal, err)
	}
	return v, nil
}

// toAttributes returns the key as requests have it.
func (k key) toAttributes() map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"pk": stringValue(k.PK), "sk": stringValue(k.SK)}
}

// queryPage makes one query and returns the rows that it gives, and where to go on if they are not the last: nil if they are.
func queryPage[I any](ctx context.Context, d Dynamo, op string, in *dynamodb.QueryInput) (items []I, next map[string]types.AttributeValue, err error) {
	out, err := d.Client.Query(ctx, in)
	if err != nil {
		return nil, nil, wrapError(op, err, errs.Problem{})
	}
	if err := attributevalue.UnmarshalListOfMaps(out.Items, &items); err != nil {
		return nil, nil, errs.E(op, errs.Internal, err)
	}
	return items, out.LastEvaluatedKey, nil
}

// queryPrefix returns the rows of k's partition whose sort keys begin with prefix, in their order.
func queryPrefix[I any](ctx context.Context, d Dynamo, op string, k key, prefix string) ([]I, error) {
	in := &dynamodb.QueryInput{
		TableName: &d.Table, ConsistentRead: aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :pk AND begins_with(sk, :prefix)"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":pk": stringValue(k.PK), ":prefix": stringValue(prefix)},
	}
	var all []I
	for {
		some, next, err := queryPage[I](ctx, d, op, in)
		if err != nil {
			return nil, err
		}
		if all, in.ExclusiveStartKey = append(all, some...), next; len(next) == 0 {
			return all, nil
		}
	}
}

func numberValue(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func stringValue(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
