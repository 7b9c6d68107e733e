package store

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
)

// deadLetterItem is in the partition of the month in which its message was sent, sorted by that: ids do. A month takes what
// one partition takes, 1,000 writes a second; all letters that are kept are in a few months.
type deadLetterItem struct {
	key
	ID       string `dynamodbav:"id"`
	Service  string `dynamodbav:"service"`
	Group    string `dynamodbav:"group,omitempty"`
	Type     string `dynamodbav:"type,omitempty"`
	Tenant   string `dynamodbav:"tenant,omitempty"`
	Video    string `dynamodbav:"video,omitempty"`
	Kind     string `dynamodbav:"kind,omitempty"`
	Code     string `dynamodbav:"code,omitempty"`
	Reason   string `dynamodbav:"reason,omitempty"`
	Body     string `dynamodbav:"body,omitempty"`
	Attempts int    `dynamodbav:"attempts,omitempty"`
	Sent     string `dynamodbav:"sent,omitempty"`
	Created  string `dynamodbav:"filed,omitempty"`
	State    string `dynamodbav:"state"`
	Note     string `dynamodbav:"note,omitempty"`
	Redrives int    `dynamodbav:"redrives"`
	DueShard string `dynamodbav:"due_shard,omitempty"` // partition key of by-deadline: while nobody has decided
	Due      string `dynamodbav:"due,omitempty"`       // its sort key
	Expires  int64  `dynamodbav:"expires"`             // Unix seconds; DynamoDB removes the row some time after
}

// deadLetterKey returns the key of a letter; the zero key for what is no id of one.
func deadLetterKey(id string) key {
	sent, ok := video.ParseDeadLetterID(id)
	if !ok {
		return key{}
	}
	return key{deadLetterMonth(sent), id}
}

func deadLetterMonth(t time.Time) string { return services.DeadLetterRows + "#" + t.Format("2006-01") }

// openDeadLetterPartition is the partition of the index by-deadline that has the letters of a service which nobody has decided about.
func openDeadLetterPartition(service string) string {
	return services.OpenDeadLetterIndex + "#" + service
}

func newDeadLetterItem(l video.DeadLetter) deadLetterItem {
	i := deadLetterItem{
		key: deadLetterKey(l.ID), ID: l.ID, Service: l.Service, Group: l.Group, Type: l.Type, Tenant: l.Tenant, Video: l.Video,
		Kind: string(l.Kind), Code: l.Code, Reason: l.Reason, Body: l.Body, Attempts: l.Attempts,
		Sent: formatTimestamp(l.Sent), Created: formatTimestamp(l.Created), State: string(l.State), Note: l.Note, Redrives: l.Redrives,
		Expires: l.ExpiresAt().Unix(),
	}
	if l.State == video.DeadLetterOpen {
		i.DueShard, i.Due = openDeadLetterPartition(l.Service), l.ID
	}
	return i
}

func (i deadLetterItem) toDeadLetter() (video.DeadLetter, error) {
	var c codec
	l := video.DeadLetter{
		ID: i.ID, Service: i.Service, Group: i.Group, Type: i.Type, Tenant: i.Tenant, Video: i.Video,
		Kind: errs.Kind(i.Kind), Code: i.Code, Reason: i.Reason, Body: i.Body, Attempts: i.Attempts,
		Sent: c.parseTime(i.Sent), Created: c.parseTime(i.Created), State: video.DeadLetterState(i.State), Note: i.Note, Redrives: i.Redrives,
	}
	return l, c.err
}

// CreateDeadLetter files a letter. One that is filed already is left as it is: repeating the call changes nothing.
func (d Dynamo) CreateDeadLetter(ctx context.Context, l video.DeadLetter) error {
	const op = "store.PutLetter"
	put, err := d.buildPut(op, newDeadLetterItem(l))
	if err != nil {
		return err
	}
	put.ConditionExpression = aws.String("attribute_not_exists(pk)")
	err = wrapError(op, d.putItem(ctx, put), errs.Problem{})
	if errs.KindOf(err) == errs.Conflict { // it is there
		return nil
	}
	return err
}

// LoadDeadLetter returns a letter, or NotFound.
func (d Dynamo) LoadDeadLetter(ctx context.Context, id string) (video.DeadLetter, error) {
	return getRow(ctx, d, "store.Letter", deadLetterKey(id), deadLetterMissing, deadLetterItem.toDeadLetter)
}

// UpdateDeadLetter replaces a letter, as it was read, by what was decided about it. Conflict, code letter_changed: it has
// changed since, as after the very same call, or there is none.
func (d Dynamo) UpdateDeadLetter(ctx context.Context, was, is video.DeadLetter) error {
	const op = "store.SettleLetter"
	put, err := d.buildPut(op, newDeadLetterItem(is))
	if err != nil {
		return err
	}
	put.ConditionExpression = aws.String("#state = :state AND redrives = :redrives")
	put.ExpressionAttributeNames = map[string]string{"#state": "state"}
	put.ExpressionAttributeValues = map[string]types.AttributeValue{":state": stringValue(string(was.State)), ":redrives": numberValue(int64(was.Redrives))}
	return wrapError(op, d.putItem(ctx, put), deadLetterChanged)
}

// CountOpenDeadLetters returns how many letters of a service nobody has decided about, or some thousands if there are more. The
// index that it asks is a moment behind the rows.
func (d Dynamo) CountOpenDeadLetters(ctx context.Context, service string) (int, error) {
	out, err := d.Client.Query(ctx, &dynamodb.QueryInput{
		TableName: &d.Table, IndexName: aws.String(services.ByDeadline), Select: types.SelectCount,
		KeyConditionExpression: aws.String("due_shard = :open"), ExpressionAttributeValues: map[string]types.AttributeValue{":open": stringValue(openDeadLetterPartition(service))},
	})
	if err != nil {
		return 0, wrapError("store.OpenLetters", err, errs.Problem{})
	}
	return int(out.Count), nil
}

// CreateDeadLetter does as Dynamo's.
func (m *Memory) CreateDeadLetter(ctx context.Context, l video.DeadLetter) error {
	err := m.insertRows(ctx, "store.PutLetter", deadLetterChanged, newDeadLetterItem(l))
	if errs.KindOf(err) == errs.Conflict {
		return nil
	}
	return err
}

// LoadDeadLetter does as Dynamo's.
func (m *Memory) LoadDeadLetter(ctx context.Context, id string) (video.DeadLetter, error) {
	return readRow(ctx, m, "store.Letter", deadLetterKey(id), deadLetterMissing, deadLetterItem.toDeadLetter)
}

// UpdateDeadLetter does as Dynamo's.
func (m *Memory) UpdateDeadLetter(ctx context.Context, was, is video.DeadLetter) error {
	const op = "store.SettleLetter"
	i := newDeadLetterItem(is)
	if err := checkRows(ctx, op, i); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	old, ok := m.rows[i.PK][i.SK].(deadLetterItem)
	if !ok || old.State != string(was.State) || old.Redrives != was.Redrives {
		return deadLetterChanged.ToError(op, errs.Conflict, nil)
	}
	m.putRow(i)
	return nil
}

// CountOpenDeadLetters does as Dynamo's.
func (m *Memory) CountOpenDeadLetters(ctx context.Context, service string) (open int, err error) {
	if err := wrapError("store.OpenLetters", ctx.Err(), errs.Problem{}); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, rows := range m.rows {
		for _, r := range rows {
			if i, ok := r.(deadLetterItem); ok && i.DueShard == openDeadLetterPartition(service) {
				open++
			}
		}
	}
	return open, nil
}
