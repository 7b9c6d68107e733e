package store

import (
	"context"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/store/item"
	"sluice/shared/platform/store/table"
)

// deadLetterItem is stored in the partition of the month in which its message was sent. Ids sort by the time of
// sending. A partition takes 1,000 writes per second.
type deadLetterItem struct {
	table.Key
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
	Short    bool   `dynamodbav:"url_shortened,omitempty"`
	DueShard string `dynamodbav:"due_shard,omitempty"` // partition key of by-deadline while the dead letter is open
	Due      string `dynamodbav:"due,omitempty"`       // its sort key
	Expires  int64  `dynamodbav:"expires"`             // Unix seconds; DynamoDB deletes the row some time later
}

// deadLetterKey returns the key of a dead letter, the zero Key for an invalid id.
func deadLetterKey(id string) table.Key {
	sent, ok := video.ParseDeadLetterID(id)
	if !ok {
		return table.Key{}
	}
	return table.Key{PK: deadLetterMonth(sent), SK: id}
}

func deadLetterMonth(t time.Time) string { return services.DeadLetterRows + "#" + t.Format("2006-01") }

// openDeadLetterPartition returns the partition of the index by-deadline that holds the open dead letters of a service.
func openDeadLetterPartition(service string) string {
	return services.OpenDeadLetterIndex + "#" + service
}

func newDeadLetterItem(l video.DeadLetter) deadLetterItem {
	i := deadLetterItem{
		Key: deadLetterKey(l.ID), ID: l.ID, Service: l.Service, Group: l.Group, Type: l.Type, Tenant: l.Tenant,
		Video: l.Video, Kind: string(l.Kind), Code: l.Code, Reason: l.Reason, Body: l.Body, Attempts: l.Attempts,
		Sent: item.FormatTimestamp(l.Sent), Created: item.FormatTimestamp(l.Created), State: string(l.State),
		Note: l.Note, Redrives: l.Redrives, Short: l.URLShortened, Expires: l.ExpiresAt().Unix(),
	}
	if l.State == video.DeadLetterOpen {
		i.DueShard, i.Due = openDeadLetterPartition(l.Service), l.ID
	}
	return i
}

func (i deadLetterItem) toDeadLetter(c *item.Codec) video.DeadLetter {
	return video.DeadLetter{
		ID: i.ID, Service: i.Service, Group: i.Group, Type: i.Type, Tenant: i.Tenant, Video: i.Video,
		Kind: errs.Kind(i.Kind), Code: i.Code, Reason: i.Reason, Body: i.Body, Attempts: i.Attempts,
		Sent: c.ParseTime(i.Sent), Created: c.ParseTime(i.Created), State: video.DeadLetterState(i.State), Note: i.Note,
		Redrives: i.Redrives, URLShortened: i.Short,
	}
}

// CreateDeadLetter adds a dead letter. One that exists already is left as it is; a repetition changes nothing.
func (s Store) CreateDeadLetter(ctx context.Context, l video.DeadLetter) error {
	err := item.Put(ctx, s.Table, "store.CreateDeadLetter", newDeadLetterItem(l), item.IfAbsent, errs.Problem{})
	if errs.KindOf(err) == errs.Conflict {
		return nil
	}
	return err
}

// LoadDeadLetter returns a dead letter, or NotFound.
func (s Store) LoadDeadLetter(ctx context.Context, id string) (video.DeadLetter, error) {
	return item.Get(ctx, s.Table, "store.LoadDeadLetter", deadLetterKey(id), deadLetterMissing,
		deadLetterItem.toDeadLetter)
}

// UpdateDeadLetter replaces the dead letter old, as it was read, by updated. Conflict, code letter_changed: its state
// or its number of redrives has changed since, as after the same call, or there is none.
func (s Store) UpdateDeadLetter(ctx context.Context, old, updated video.DeadLetter) error {
	unchanged := table.Condition{Where: []table.Comparison{
		table.Compare("state", "=", table.StringValue(string(old.State))),
		table.Compare("redrives", "=", table.NumberValue(int64(old.Redrives))),
	}}
	return item.Put(ctx, s.Table, "store.UpdateDeadLetter", newDeadLetterItem(updated), unchanged, deadLetterChanged)
}

// CountOpenDeadLetters returns the number of dead letters of a service that are open, or some thousands if there are
// more. It reads an index, which may lag behind the rows.
func (s Store) CountOpenDeadLetters(ctx context.Context, service string) (int, error) {
	n, err := s.Table.Count(ctx, table.Query{Index: services.ByDeadline, Partition: openDeadLetterPartition(service)})
	return n, item.WrapError("store.CountOpenDeadLetters", err, errs.Problem{})
}
