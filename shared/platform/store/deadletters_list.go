package store

import (
	"cmp"
	"context"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/store/cursor"
	"sluice/shared/platform/store/item"
	"sluice/shared/platform/store/table"
)

// ListDeadLetters returns the dead letters that f matches and that are kept at now, without their bodies, the last sent
// first: at most limit of them, after start. It may return fewer, even none, although there are more. next is the
// cursor of the next page, "" at the end. Invalid, code cursor_invalid: the cursor is not one of ListDeadLetters.
func (s Store) ListDeadLetters(
	ctx context.Context, f video.DeadLetterFilter, start string, now time.Time, limit int,
) (page []video.DeadLetter, next string, err error) {
	const op = "store.ListDeadLetters"
	newest := now
	if sent, ok := video.ParseDeadLetterID(start); ok && sent.Before(now) {
		newest = sent
	} else if !ok && start != "" {
		return nil, "", cursor.Invalid.ToError(op, errs.Invalid, nil)
	}
	last, rowsRead := cmp.Or(start, maxDeadLetterID), 0
	for _, month := range deadLetterMonths(newest, now) {
		for more := true; more; {
			all, rest, err := item.Query(ctx, s.Table, op, deadLetterItem.toDeadLetter,
				table.Query{Partition: month, Before: last, Descending: true, Limit: rowsPerQuery})
			if err != nil {
				return nil, "", err
			}
			for _, l := range all {
				if l.Body = ""; f.Matches(l) {
					page = append(page, l)
				}
				rowsRead++
				if last = l.ID; len(page) == limit || rowsRead == maxRowsPerPage {
					return page, last, nil
				}
			}
			more = rest != nil
		}
	}
	return page, "", nil
}

// maxDeadLetterID sorts after every id of a dead letter.
const maxDeadLetterID = "~"

// maxDeadLetterAge is the greatest age of a message whose dead letter is kept. SQS keeps a message 14 days in a
// queue, and 14 more in the dead-letter queue.
const maxDeadLetterAge = video.DeadLetterRetention + 28*24*time.Hour

// deadLetterMonths returns the partitions of dead letters that are kept at now, from the month of newest backward. It
// begins an hour after newest, because the clocks of senders differ.
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
