package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/shared/services"
	"sluice/shared/video"
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
		Kind: video.Kind(i.Kind), Code: i.Code, Reason: i.Reason, Body: i.Body, Attempts: i.Attempts,
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
	err = failure(op, d.putItem(ctx, put), video.Problem{})
	if video.KindOf(err) == video.Conflict { // it is there
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
		return 0, failure("store.OpenLetters", err, video.Problem{})
	}
	return int(out.Count), nil
}

// Letters returns the letters that f has and that are kept at now, without their bodies, those whose messages were sent
// last first: at most limit, after cursor. It may return fewer although there are more, and even none; next is the
// cursor to go on with, "" at the end. Invalid, code cursor_invalid: a cursor that is none.
func (d Dynamo) Letters(ctx context.Context, f video.LetterFilter, cursor string, now time.Time, limit int) (page []video.Letter, next string, err error) {
	l := letterList{filter: f, limit: limit}
	return l.collect("store.Letters", cursor, now, func(op, month, after string) ([]letterItem, bool, error) {
		return d.lettersIn(ctx, op, month, after)
	})
}

// lettersIn reads some letters of a month, those before an id; more reports that they are not the last.
func (d Dynamo) lettersIn(ctx context.Context, op, month, before string) (items []letterItem, more bool, err error) {
	items, next, err := ask[letterItem](ctx, d, op, &dynamodb.QueryInput{
		TableName: &d.Table, ConsistentRead: aws.Bool(true), ScanIndexForward: aws.Bool(false), Limit: aws.Int32(readAtOnce),
		KeyConditionExpression:    aws.String("pk = :month AND sk < :before"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":month": text(month), ":before": text(before)},
	})
	return items, next != nil, err
}

// letterList is a page of letters in the making.
type letterList struct {
	filter      video.LetterFilter
	limit, read int
	page        []video.Letter
	last        string // id of the last one looked at
}

// lettersFrom is after every id of a letter.
const lettersFrom = "~"

// collect reads month by month until the page is full.
func (l *letterList) collect(op, cursor string, now time.Time, read func(op, month, before string) ([]letterItem, bool, error)) ([]video.Letter, string, error) {
	newest := now
	if sent, ok := video.LetterSent(cursor); ok && sent.Before(now) {
		newest = sent
	} else if !ok && cursor != "" {
		return nil, "", cursorInvalid.Refuse(op, video.Invalid, nil)
	}
	l.last = cmp.Or(cursor, lettersFrom)
	for _, month := range letterMonths(newest, now) {
		for more := true; more; {
			items, rest, err := read(op, month, l.last)
			if err != nil {
				return nil, "", err
			}
			if full, err := l.take(op, items); full || err != nil {
				return l.page, l.last, err
			}
			more = rest
		}
	}
	return l.page, "", nil
}

// lettersReach is the greatest age of a message whose letter is kept: SQS has it for 14 days in an inbox, then for 14
// among the dead.
const lettersReach = video.LetterKept + 28*24*time.Hour

// letterMonths returns the months of letters that are kept at now, from the month of newest back. Clocks differ: a
// message may have been sent in what is still to come here.
func letterMonths(newest, now time.Time) (months []string) {
	oldest := letterMonth(now.Add(-lettersReach).UTC())
	y, m, _ := newest.UTC().Add(time.Hour).Date()
	for {
		month := letterMonth(time.Date(y, m, 1, 0, 0, 0, 0, time.UTC))
		if month < oldest {
			return months
		}
		months, m = append(months, month), m-1
	}
}

// take adds the letters that are asked for to the page; full reports that it ends at the last one looked at.
func (l *letterList) take(op string, items []letterItem) (full bool, err error) {
	for _, i := range items {
		letter, err := i.letter()
		if err != nil {
			return false, video.E(op, video.Internal, err)
		}
		if letter.Body = ""; l.filter.Has(letter) {
			l.page = append(l.page, letter)
		}
		l.read++
		if l.last = letter.ID; len(l.page) == l.limit || l.read == readAtMost {
			return true, nil
		}
	}
	return false, nil
}

// PutLetter does as Dynamo's.
func (m *Memory) PutLetter(ctx context.Context, l video.Letter) error {
	err := m.insert(ctx, "store.PutLetter", letterChanged, itemOfLetter(l))
	if video.KindOf(err) == video.Conflict {
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
		return letterChanged.Refuse(op, video.Conflict, nil)
	}
	m.put(i)
	return nil
}

// OpenLetters does as Dynamo's.
func (m *Memory) OpenLetters(ctx context.Context, service string) (open int, err error) {
	if err := failure("store.OpenLetters", ctx.Err(), video.Problem{}); err != nil {
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

// Letters does as Dynamo's.
func (m *Memory) Letters(ctx context.Context, f video.LetterFilter, cursor string, now time.Time, limit int) (page []video.Letter, next string, err error) {
	l := letterList{filter: f, limit: limit}
	return l.collect("store.Letters", cursor, now, func(op, month, before string) ([]letterItem, bool, error) {
		if err := ctx.Err(); err != nil {
			return nil, false, failure(op, err, video.Problem{})
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		var items []letterItem
		for _, id := range slices.Backward(slices.Sorted(maps.Keys(m.rows[month]))) {
			if id < before {
				items = append(items, m.rows[month][id].(letterItem))
			}
		}
		return items, false, nil
	})
}
