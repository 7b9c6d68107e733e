package store

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/shared/video"
)

// Dynamo keeps rows in a DynamoDB table with string keys pk and sk.
type Dynamo struct {
	Client *dynamodb.Client
	Table  string
}

// PutTenant adds a tenant. Conflict, code tenant_exists: it is there already.
func (d Dynamo) PutTenant(ctx context.Context, t video.Tenant) error {
	return d.insert(ctx, "store.PutTenant", tenantExists, itemOfTenant(t))
}

// Tenant returns a tenant, or NotFound.
func (d Dynamo) Tenant(ctx context.Context, id string) (video.Tenant, error) {
	return get(ctx, d, "store.Tenant", tenantKey(id), tenantMissing, tenantItem.tenant)
}

// PutToken adds a token. Conflict: its id is taken.
func (d Dynamo) PutToken(ctx context.Context, t video.Token) error {
	const op = "store.PutToken"
	i, err := itemOfToken(t)
	if err != nil {
		return video.E(op, video.Invalid, err)
	}
	return d.insert(ctx, op, tokenExists, i)
}

// Token returns the token with an id, or NotFound. Whether the secret matches is for the caller to check.
func (d Dynamo) Token(ctx context.Context, id string) (video.Token, error) {
	return get(ctx, d, "store.Token", tokenKey(id), tokenMissing, tokenItem.token)
}

// DeleteToken removes a token. Repeating it changes nothing.
func (d Dynamo) DeleteToken(ctx context.Context, id string) error {
	k := tokenKey(id)
	if k == (key{}) {
		return nil // there is none of that id
	}
	return d.delete(ctx, "store.DeleteToken", []key{k})
}

// Create adds a video, the upload it comes in by, and the first entry of its timeline: all rows or none. Conflict: one of
// them is there already, as after the very same call.
func (d Dynamo) Create(ctx context.Context, v video.Video, u video.Upload) error {
	const op = "store.Create"
	rows, err := beginning(v, u)
	if err != nil {
		return video.E(op, video.Invalid, err)
	}
	return d.insert(ctx, op, uploadExists, rows...)
}

// CreateOnce does as Create and, in the same transaction, as Settle: who finds the claim done finds the rows. Conflict,
// code claim_lost: the claim is another holder's.
func (d Dynamo) CreateOnce(ctx context.Context, v video.Video, u video.Upload, c video.Claim) error {
	const op = "store.CreateOnce"
	rows, err := beginning(v, u)
	if err != nil {
		return video.E(op, video.Invalid, err)
	}
	settle, err := d.settling(op, c)
	if err != nil {
		return err
	}
	puts, err := d.new(op, rows...)
	if err != nil {
		return err
	}
	return d.transact(ctx, op, claimLost, append(puts, settle)...)
}

// beginning returns the rows that a video and its upload begin with.
func beginning(v video.Video, u video.Upload) ([]row, error) {
	i, err := itemOfVideo(v)
	if err != nil {
		return nil, err
	}
	e, err := itemOfEntry(i.key, video.Entry{Version: v.Version, At: v.Times.Created, State: v.State, What: "created"})
	return []row{i, itemOfUpload(u), e}, err
}

// Upload returns an upload of a tenant, or NotFound.
func (d Dynamo) Upload(ctx context.Context, tenant, id string) (video.Upload, error) {
	return get(ctx, d, "store.Upload", uploadKey(tenant, id), uploadMissing, uploadItem.upload)
}

// row is an item that knows its key.
type row interface{ row() key }

// put returns the write of r.
func (d Dynamo) put(op string, r row) (*types.Put, error) {
	if r.row() == (key{}) {
		return nil, video.E(op, video.Invalid, errKey)
	}
	item, err := attributevalue.MarshalMap(r)
	if err != nil {
		return nil, video.E(op, video.Internal, err)
	}
	return &types.Put{TableName: &d.Table, Item: item}, nil
}

// putItem makes one write by itself. The SDK may repeat it after a lost answer, and be refused then by the row that it has
// written: only for what can bear that, or has no condition.
func (d Dynamo) putItem(ctx context.Context, put *types.Put) error {
	_, err := d.Client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: put.TableName, Item: put.Item, ConditionExpression: put.ConditionExpression,
		ExpressionAttributeNames: put.ExpressionAttributeNames, ExpressionAttributeValues: put.ExpressionAttributeValues,
	})
	return err
}

// replace writes a row of which the version before is there, and before the first none. stale is what is told if another one is.
func (d Dynamo) replace(ctx context.Context, op string, r row, version int64, stale video.Problem) error {
	put, err := d.put(op, r)
	if err != nil {
		return err
	}
	put.ConditionExpression = aws.String("attribute_not_exists(pk)")
	if version != 1 {
		put.ConditionExpression = aws.String("#version = :read")
		put.ExpressionAttributeNames = map[string]string{"#version": "version"}
		put.ExpressionAttributeValues = map[string]types.AttributeValue{":read": number(version - 1)}
	}
	return failure(op, d.putItem(ctx, put), stale)
}

// insert writes rows that are not there yet, all or none; taken is what is told if one is.
func (d Dynamo) insert(ctx context.Context, op string, taken video.Problem, rows ...row) error {
	puts, err := d.new(op, rows...)
	if err != nil {
		return err
	}
	return d.transact(ctx, op, taken, puts...)
}

// new returns the writes of rows under the condition that they are not there yet.
func (d Dynamo) new(op string, rows ...row) ([]*types.Put, error) {
	puts := make([]*types.Put, 0, len(rows))
	for _, r := range rows {
		put, err := d.put(op, r)
		if err != nil {
			return nil, err
		}
		put.ConditionExpression = aws.String("attribute_not_exists(pk)")
		puts = append(puts, put)
	}
	return puts, nil
}

// transact makes conditional writes, all or none; conflict is what is told if a condition fails. It is a transaction
// even for one row: the SDK repeats it with the same token after a lost answer, and is told of its success then. A
// plain conditional write would find our own row in its way.
func (d Dynamo) transact(ctx context.Context, op string, conflict video.Problem, puts ...*types.Put) error {
	var items []types.TransactWriteItem
	for _, put := range puts {
		items = append(items, types.TransactWriteItem{Put: put})
	}
	return d.write(ctx, op, conflict, items...)
}

func (d Dynamo) write(ctx context.Context, op string, conflict video.Problem, items ...types.TransactWriteItem) error {
	_, err := d.Client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: items})
	return failure(op, err, conflict)
}

// get reads one row, an I, as a T; missing is what is told if there is none.
func get[I, T any](ctx context.Context, d Dynamo, op string, k key, missing video.Problem, read func(I) (T, error)) (T, error) {
	var none T
	if k == (key{}) {
		return none, missing.Refuse(op, video.NotFound, nil)
	}
	out, err := d.Client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &d.Table, ConsistentRead: aws.Bool(true),
		Key: k.attributes(),
	})
	if err != nil {
		return none, failure(op, err, video.Problem{})
	}
	if len(out.Item) == 0 {
		return none, missing.Refuse(op, video.NotFound, nil)
	}
	var i I
	if err := attributevalue.UnmarshalMap(out.Item, &i); err != nil {
		return none, video.E(op, video.Internal, err)
	}
	v, err := read(i)
	if err != nil {
		return none, video.E(op, video.Internal, err)
	}
	return v, nil
}

// attributes returns the key as requests have it.
func (k key) attributes() map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"pk": text(k.PK), "sk": text(k.SK)}
}

// ask makes one query and returns the rows that it gives, and where to go on if they are not the last: nil if they are.
func ask[I any](ctx context.Context, d Dynamo, op string, in *dynamodb.QueryInput) (items []I, next map[string]types.AttributeValue, err error) {
	out, err := d.Client.Query(ctx, in)
	if err != nil {
		return nil, nil, failure(op, err, video.Problem{})
	}
	if err := attributevalue.UnmarshalListOfMaps(out.Items, &items); err != nil {
		return nil, nil, video.E(op, video.Internal, err)
	}
	return items, out.LastEvaluatedKey, nil
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
