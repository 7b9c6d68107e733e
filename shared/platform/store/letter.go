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

// letterItem is in the partition of the month in which its message was sent, sorted by that: ids do. A month takes what
// one partition takes, 1,000 writes a second; all letters that are kept are in a few months.
type letterItem struct {
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
	Filed    string `dynamodbav:"filed,omitempty"`
	State    string `dynamodbav:"state"`
	Note     string `dynamodbav:"note,omitempty"`
	Redrives int    `dynamodbav:"redrives"`
	DueShard string `dynamodbav:"due_shard,omitempty"` // partition key of by-deadline: while nobody has decided
	Due      string `dynamodbav:"due,omitempty"`       // its sort key
	Expires  int64  `dynamodbav:"expires"`             // Unix seconds; DynamoDB removes the row some time after
}

// letterKey returns the key of a letter; the zero key for what is no id of one.
func letterKey(id string) key {
	sent, ok := video.LetterSent(id)
	if !ok {
		return key{}
	}
	return key{letterMonth(sent), id}
}

func letterMonth(t time.Time) string { return services.LetterRows + "#" + t.Format("2006-01") }

// openLetters is the partition of the index by-deadline that has the letters of a service which nobody has decided about.
func openLetters(service string) string { return services.OpenIndex + "#" + service }

func itemOfLetter(l video.Letter) letterItem {
	i := letterItem{
		key: letterKey(l.ID), ID: l.ID, Service: l.Service, Group: l.Group, Type: l.Type, Tenant: l.Tenant, Video: l.Video,
		Kind: string(l.Kind), Code: l.Code, Reason: l.Reason, Body: l.Body, Attempts: l.Attempts,
		Sent: stamp(l.Sent), Filed: stamp(l.Filed), State: string(l.State), Note: l.Note, Redrives: l.Redrives,
		Expires: l.Expires().Unix(),
	}
	if l.State == video.LetterOpen {
		i.DueShard, i.Due = openLetters(l.Service), l.ID
	}
	return i
}

func (i letterItem) letter() (video.Letter, error) {
	var c codec
	l := video.Letter{
		ID: i.ID, Service: i.Service, Group: i.Group, Type: i.Type, Tenant: i.Tenant, Video: i.Video,
		Kind: errs.Kind(i.Kind), Code: i.Code, Reason: i.Reason, Body: i.Body, Attempts: i.Attempts,
		Sent: c.time(i.Sent), Filed: c.time(i.Filed), State: video.LetterState(i.State), Note: i.Note, Redrives: i.Redrives,
	}
	return l, c.err
}

// PutLetter files a letter. One that is filed already is left as it is: repeating the call changes nothing.
func (d Dynamo) PutLetter(ctx context.Context, l video.Letter) error {
	const op = "store.PutLetter"
	put, err := d.put(op, itemOfLetter(l))
	if err != nil {
		return err
	}
	put.ConditionExpression = aws.String("attribute_not_exists(pk)")
	err = failure(op, d.putItem(ctx, put), errs.Problem{})
	if errs.KindOf(err) == errs.Conflict { // it is there
		return nil
	}
	return err
}

// Letter returns a letter, or NotFound.
func (d Dynamo) Letter(ctx context.Context, id string) (video.Letter, error) {
	return get(ctx, d, "store.Letter", letterKey(id), letterMissing, letterItem.letter)
}

// SettleLetter replaces a letter, as it was read, by what was decided about it. Conflict, code letter_changed: it has
// changed since, as after the very same call, or there is none.
func (d Dynamo) SettleLetter(ctx context.Context, was, is video.Letter) error {
	const op = "store.SettleLetter"
	put, err := d.put(op, itemOfLetter(is))
	if err != nil {
		return err
	}
	put.ConditionExpression = aws.String("#state = :state AND redrives = :redrives")
	put.ExpressionAttributeNames = map[string]string{"#state": "state"}
	put.ExpressionAttributeValues = map[string]types.AttributeValue{":state": text(string(was.State)), ":redrives": number(int64(was.Redrives))}
	return failure(op, d.putItem(ctx, put), letterChanged)
}

// OpenLetters returns how many letters of a service nobody has decided about, or some thousands if there are more. The
// index that it asks is a moment behind the rows.
func (d Dynamo) OpenLetters(ctx context.Context, service string) (int, error) {
	out, err := d.Client.Query(ctx, &dynamodb.QueryInput{
		TableName: &d.Table, IndexName: aws.String(services.ByDeadline), Select: types.SelectCount,
		KeyConditionExpression: aws.String("due_shard = :open"), ExpressionAttributeValues: map[string]types.AttributeValue{":open": text(openLetters(service))},
	})
	if err != nil {
		return 0, failure("store.OpenLetters", err, errs.Problem{})
	}
	return int(out.Count), nil
}

// PutLetter does as Dynamo's.
func (m *Memory) PutLetter(ctx context.Context, l video.Letter) error {
	err := m.insert(ctx, "store.PutLetter", letterChanged, itemOfLetter(l))
	if errs.KindOf(err) == errs.Conflict {
		return nil
	}
	return err
}

// Letter does as Dynamo's.
func (m *Memory) Letter(ctx context.Context, id string) (video.Letter, error) {
	return read(ctx, m, "store.Letter", letterKey(id), letterMissing, letterItem.letter)
}

// SettleLetter does as Dynamo's.
func (m *Memory) SettleLetter(ctx context.Context, was, is video.Letter) error {
	const op = "store.SettleLetter"
	i := itemOfLetter(is)
	if err := check(ctx, op, i); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	old, ok := m.rows[i.PK][i.SK].(letterItem)
	if !ok || old.State != string(was.State) || old.Redrives != was.Redrives {
		return letterChanged.Refuse(op, errs.Conflict, nil)
	}
	m.put(i)
	return nil
}

// OpenLetters does as Dynamo's.
func (m *Memory) OpenLetters(ctx context.Context, service string) (open int, err error) {
	if err := failure("store.OpenLetters", ctx.Err(), errs.Problem{}); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, rows := range m.rows {
		for _, r := range rows {
			if i, ok := r.(letterItem); ok && i.DueShard == openLetters(service) {
				open++
			}
		}
	}
	return open, nil
}
