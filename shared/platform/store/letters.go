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
		return nil, "", cursorInvalid.Refuse(op, errs.Invalid, nil)
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
			return false, errs.E(op, errs.Internal, err)
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

// Letters does as Dynamo's.
func (m *Memory) Letters(ctx context.Context, f video.LetterFilter, cursor string, now time.Time, limit int) (page []video.Letter, next string, err error) {
	l := letterList{filter: f, limit: limit}
	return l.collect("store.Letters", cursor, now, func(op, month, before string) ([]letterItem, bool, error) {
		if err := ctx.Err(); err != nil {
			return nil, false, failure(op, err, errs.Problem{})
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
