package store

import (
	"context"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/services"
	"sluice/shared/platform/store/item"
	"sluice/shared/platform/store/table"
)

// denyEntryItem is an entry of the deny list.
type denyEntryItem struct {
	table.Key
	Playback string `dynamodbav:"playback"`
	Status   string `dynamodbav:"state"`
	Version  int64  `dynamodbav:"version"` // of the entry
	Video    int64  `dynamodbav:"decided"` // version of the video's row
	At       string `dynamodbav:"at"`
	Step     string `dynamodbav:"step,omitempty"`
	DueShard string `dynamodbav:"due_shard,omitempty"` // partition key of by-deadline while there is a step
	Due      string `dynamodbav:"due,omitempty"`       // its sort key
	Expires  int64  `dynamodbav:"expires,omitempty"`   // Unix seconds; DynamoDB deletes the row some time later
}

func denyEntryKey(id string) table.Key { return newKey(services.DenyListRows, id) }

// denyStepPartition returns the partition of by-deadline with the entries that wait for a step.
func denyStepPartition(s playback.DenyStep) string { return services.DenyStepIndex + "#" + string(s) }

func newDenyEntryItem(e playback.DenyEntry) denyEntryItem {
	i := denyEntryItem{
		Key: denyEntryKey(e.Playback), Playback: e.Playback, Status: string(e.Status), Version: e.Revision,
		Video: e.Version, At: item.FormatTimestamp(e.At), Step: string(e.Step),
	}
	if e.Step != "" {
		i.DueShard, i.Due = denyStepPartition(e.Step), item.FormatTimestamp(e.At)
	}
	if end := e.ExpiresAt(); !end.IsZero() {
		i.Expires = end.Unix()
	}
	return i
}

func (i denyEntryItem) toDenyEntry(c *item.Codec) playback.DenyEntry {
	return playback.DenyEntry{
		DenyRule: playback.DenyRule{
			Playback: i.Playback, Status: playback.Status(i.Status), Version: i.Video, At: c.ParseTime(i.At),
		},
		Revision: i.Version, Step: playback.DenyStep(i.Step),
	}
}

// LoadDenyEntry returns the entry of a playback id in the deny list; one that is allowed, of revision 0, if there is
// none.
func (s Store) LoadDenyEntry(ctx context.Context, id string) (playback.DenyEntry, error) {
	e, err := item.Get(ctx, s.Table, "store.LoadDenyEntry", denyEntryKey(id), errs.Problem{},
		denyEntryItem.toDenyEntry)
	if errs.KindOf(err) == errs.NotFound {
		return playback.DenyEntry{DenyRule: playback.DenyRule{Playback: id, Status: playback.Allowed}}, nil
	}
	return e, err
}

// SaveDenyEntry writes an entry if the one in the table has the revision before. Conflict: it has another one, as after
// the same call.
func (s Store) SaveDenyEntry(ctx context.Context, e playback.DenyEntry) error {
	return item.PutNextVersion(ctx, s.Table, "store.SaveDenyEntry", newDenyEntryItem(e), e.Revision, errs.Problem{})
}

// ApplyDenyRule changes the deny list as a rule says. A repetition changes nothing. Conflict: the entry was changed at
// the same time; apply the rule again.
func (s Store) ApplyDenyRule(ctx context.Context, r playback.DenyRule) error {
	e, err := s.LoadDenyEntry(ctx, r.Playback)
	if err != nil {
		return err
	}
	after, changed := e.Apply(r)
	if !changed {
		return nil
	}
	return s.SaveDenyEntry(ctx, after)
}
