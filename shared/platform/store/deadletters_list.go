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

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// ListDeadLetters returns the letters that f has and that are kept at now, without their bodies, those whose messages were sent
// last first: at most limit, after cursor. It may return fewer although there are more, and even none; next is the
// cursor to go on with, "" at the end. Invalid, code cursor_invalid: a cursor that is none.
func (d Dynamo) ListDeadLetters(ctx context.Context, f video.DeadLetterFilter, cursor string, now time.Time, limit int) (page []video.DeadLetter, next string, err error) {
	l := deadLetterPage{filter: f, limit: limit}
	return l.fillFromMonths("store.Letters", cursor, now, func(op, month, after string) ([]deadLetterItem, bool, error) {
		return d.queryDeadLetterMonth(ctx, op, month, after)
	})
}

// queryDeadLetterMonth reads some letters of a month, those before an id; more reports that they are not the last.
func (d Dynamo) queryDeadLetterMonth(ctx context.Context, op, month, before string) (items []deadLetterItem, more bool, err error) {
	items, next, err := queryPage[deadLetterItem](ctx, d, op, &dynamodb.QueryInput{
		TableName: &d.Table, ConsistentRead: aws.Bool(true), ScanIndexForward: aws.Bool(false), Limit: aws.Int32(rowsPerQuery),
		KeyConditionExpression:    aws.String("pk = :month AND sk < :before"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":month": stringValue(month), ":before": stringValue(before)},
	})
	return items, next != nil, err
}

// deadLetterPage is a page of letters in the making.
type deadLetterPage struct {
	filter          video.DeadLetterFilter
	limit, rowsRead int
	deadLetters     []video.DeadLetter
	lastID          string // id of the last one looked at
}

// maxDeadLetterID is after every id of a letter.
const maxDeadLetterID = "~"

// fillFromMonths reads month by month until the page is full.
func (l *deadLetterPage) fillFromMonths(op, cursor string, now time.Time, read func(op, month, before string) ([]deadLetterItem, bool, error)) ([]video.DeadLetter, string, error) {
	newest := now
	if sent, ok := video.ParseDeadLetterID(cursor); ok && sent.Before(now) {
		newest = sent
	} else if !ok && cursor != "" {
		return nil, "", cursorInvalid.ToError(op, errs.Invalid, nil)
	}
	l.lastID = cmp.Or(cursor, maxDeadLetterID)
	for _, month := range deadLetterMonths(newest, now) {
		for more := true; more; {
			items, rest, err := read(op, month, l.lastID)
			if err != nil {
				return nil, "", err
			}
			if full, err := l.addMatching(op, items); full || err != nil {
				return l.deadLetters, l.lastID, err
			}
			more = rest
		}
	}
	return l.deadLetters, "", nil
}

// maxDeadLetterAge is the greatest age of a message whose letter is kept: SQS has it for 14 days in an inbox, then for 14
// among the dead.
const maxDeadLetterAge = video.DeadLetterRetention + 28*24*time.Hour

// deadLetterMonths returns the months of letters that are kept at now, from the month of newest back. Clocks differ: a
// message may have been sent in what is still to come here.
func deadLetterMonths(newest, now time.Time) (months []string) {
	oldest := deadLetterMonth(now.Add(-maxDeadLetterAge).UTC())
	y, m, _ := newest.UTC().Add(time.Hour).Date()
	for {
		month := deadLetterMonth(time.Date(y, m, 1, 0, 0, 0, 0, time.UTC))
		if month < oldest {
			return months
		}
		months, m = append(months, month), m-1
	}
}

// addMatching adds the letters that are asked for to the page; full reports that it ends at the last one looked at.
func (l *deadLetterPage) addMatching(op string, items []deadLetterItem) (full bool, err error) {
	for _, i := range items {
		letter, err := i.toDeadLetter()
		if err != nil {
			return false, errs.E(op, errs.Internal, err)
		}
		if letter.Body = ""; l.filter.Matches(letter) {
			l.deadLetters = append(l.deadLetters, letter)
		}
		l.rowsRead++
		if l.lastID = letter.ID; len(l.deadLetters) == l.limit || l.rowsRead == maxRowsPerPage {
			return true, nil
		}
	}
	return false, nil
}

// ListDeadLetters does as Dynamo's.
func (m *Memory) ListDeadLetters(ctx context.Context, f video.DeadLetterFilter, cursor string, now time.Time, limit int) (page []video.DeadLetter, next string, err error) {
	l := deadLetterPage{filter: f, limit: limit}
	return l.fillFromMonths("store.Letters", cursor, now, func(op, month, before string) ([]deadLetterItem, bool, error) {
		if err := ctx.Err(); err != nil {
			return nil, false, wrapError(op, err, errs.Problem{})
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		var items []deadLetterItem
		for _, id := range slices.Backward(slices.Sorted(maps.Keys(m.rows[month]))) {
			if id < before {
				items = append(items, m.rows[month][id].(deadLetterItem))
			}
		}
		return items, false, nil
	})
}
