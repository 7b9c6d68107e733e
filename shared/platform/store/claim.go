package store

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// claimItem has no tenant attribute and nothing that an index of what tenants own could take up.
type claimItem struct {
	key
	Body    string `dynamodbav:"body"`
	Holder  string `dynamodbav:"holder"`
	Status  int    `dynamodbav:"status"`
	Made    string `dynamodbav:"made,omitempty"`
	Answer  string `dynamodbav:"answer,omitempty"`
	Expires int64  `dynamodbav:"expires"` // Unix seconds; DynamoDB removes the row some time after
}

func itemOfClaim(c video.Claim) claimItem {
	return claimItem{
		key: claimKey(c), Body: c.Body, Holder: c.Holder, Status: c.Status, Made: c.Made, Answer: c.Answer,
		Expires: c.Expires.Unix(),
	}
}

// claim returns the claim without its name, which the row has only as a digest.
func (i claimItem) claim() video.Claim {
	return video.Claim{
		Body: i.Body, Holder: i.Holder, Status: i.Status, Made: i.Made, Answer: i.Answer,
		Expires: time.Unix(i.Expires, 0).UTC(),
	}
}

// named returns the claim of a row with the name of another.
func (i claimItem) named(like video.Claim) video.Claim {
	c := i.claim()
	c.Owner, c.Route, c.Key = like.Owner, like.Route, like.Key
	return c
}

// Claim keeps c unless another claim of its name is valid at now, and returns the one that is kept. Which one it is,
// Holder tells: repeating the very same call changes nothing.
func (d Dynamo) Claim(ctx context.Context, c video.Claim, now time.Time) (video.Claim, error) {
	const op = "store.Claim"
	i := itemOfClaim(c)
	put, err := d.put(op, i)
	if err != nil {
		return video.Claim{}, err
	}
	_, err = d.Client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: put.TableName, Item: put.Item,
		ConditionExpression:                 aws.String("attribute_not_exists(pk) OR expires <= :now"),
		ExpressionAttributeValues:           map[string]types.AttributeValue{":now": number(now.Unix())},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	var taken *types.ConditionalCheckFailedException
	if errors.As(err, &taken) {
		err = attributevalue.UnmarshalMap(taken.Item, &i)
	}
	if err != nil {
		return video.Claim{}, failure(op, err, errs.Problem{})
	}
	return i.named(c), nil
}

// Settle replaces the claim of c's name and holder with c. Conflict: there is none, or another holder's.
func (d Dynamo) Settle(ctx context.Context, c video.Claim) error {
	const op = "store.Settle"
	put, err := d.settling(op, c)
	if err != nil {
		return err
	}
	return failure(op, d.putItem(ctx, put), claimLost)
}

// settling returns the write of a claim under the condition that its holder still has it.
func (d Dynamo) settling(op string, c video.Claim) (*types.Put, error) {
	put, err := d.put(op, itemOfClaim(c))
	if err != nil {
		return nil, err
	}
	put.ConditionExpression = aws.String("holder = :holder")
	put.ExpressionAttributeValues = map[string]types.AttributeValue{":holder": text(c.Holder)}
	return put, nil
}

// Claim does as Dynamo's.
func (m *Memory) Claim(ctx context.Context, c video.Claim, now time.Time) (video.Claim, error) {
	i := itemOfClaim(c)
	if err := check(ctx, "store.Claim", i); err != nil {
		return video.Claim{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, ok := m.rows[i.PK][i.SK].(claimItem); ok && old.Expires > now.Unix() {
		return old.named(c), nil
	}
	m.put(i)
	return i.named(c), nil
}

// Settle does as Dynamo's.
func (m *Memory) Settle(ctx context.Context, c video.Claim) error {
	const op = "store.Settle"
	i := itemOfClaim(c)
	if err := check(ctx, op, i); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.holds(i) {
		return claimLost.Refuse(op, errs.Conflict, nil)
	}
	m.put(i)
	return nil
}

// holds reports whether a claim is its holder's. m is locked.
func (m *Memory) holds(i claimItem) bool {
	old, ok := m.rows[i.PK][i.SK].(claimItem)
	return ok && old.Holder == i.Holder
}

// CreateOnce does as Dynamo's.
func (m *Memory) CreateOnce(ctx context.Context, v video.Video, u video.Upload, c video.Claim) error {
	const op = "store.CreateOnce"
	rows, err := beginning(v, u)
	if err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	i := itemOfClaim(c)
	if err := check(ctx, op, append(rows, i)...); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.holds(i) || m.has(rows...) {
		return claimLost.Refuse(op, errs.Conflict, nil)
	}
	for _, r := range append(rows, i) {
		m.put(r)
	}
	return nil
}
