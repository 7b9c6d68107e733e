// Package denyrows keeps the deny list as rows of the table, one for each playback id. They are a part of package
// store, which says what rows there are.
package denyrows

import (
	"context"
	"strings"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/services"
	"sluice/shared/platform/store/item"
	"sluice/shared/platform/store/table"
)

// Rows has the rows of the deny list in a table.
type Rows struct{ Table table.Table }

// denyEntryItem is an entry of the deny list.
type denyEntryItem struct {
	table.Key
	Playback string `dynamodbav:"playback"`
	Status   string `dynamodbav:"state"`
	Version  int64  `dynamodbav:"version"` // of the entry
	Video    int64  `dynamodbav:"decided"` // version of the video's row
	At       string `dynamodbav:"at"`
	Step     string `dynamodbav:"step,omitempty"`
	Since    string `dynamodbav:"since,omitempty"` // of the step
	Request  string `dynamodbav:"invalidation,omitempty"`
	Forgot   bool   `dynamodbav:"invalidated,omitempty"`
	DueShard string `dynamodbav:"due_shard,omitempty"` // partition key of by-deadline while there is a step
	Due      string `dynamodbav:"due,omitempty"`       // its sort key
	Expires  int64  `dynamodbav:"expires,omitempty"`   // Unix seconds; DynamoDB deletes the row some time later
}

func denyEntryKey(id string) table.Key { return item.NewKey(services.DenyListRows, id) }

// denyStepPartition returns the partition of by-deadline with the entries that wait for a step.
func denyStepPartition(step playback.DenyStep) string {
	return services.DenyStepIndex + "#" + string(step)
}

func newDenyEntryItem(e playback.DenyEntry) denyEntryItem {
	i := denyEntryItem{
		Key: denyEntryKey(e.Playback), Playback: e.Playback, Status: string(e.Status), Version: e.Revision,
		Video: e.Version, At: item.FormatTimestamp(e.At), Step: string(e.Step),
		Since: item.FormatTimestamp(e.StepSince), Request: e.Invalidation, Forgot: e.Invalidated,
	}
	if e.Step != "" {
		i.DueShard, i.Due = denyStepPartition(e.Step), i.Since+"#"+e.Playback
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
		Revision: i.Version, Step: playback.DenyStep(i.Step), StepSince: c.ParseTime(i.Since),
		Invalidation: i.Request, Invalidated: i.Forgot,
	}
}

// LoadDenyEntry returns the entry of a playback id in the deny list; one that is allowed, of revision 0, if there is
// none.
func (r Rows) LoadDenyEntry(ctx context.Context, id string) (playback.DenyEntry, error) {
	e, err := item.Get(ctx, r.Table, "store.LoadDenyEntry", denyEntryKey(id), errs.Problem{},
		denyEntryItem.toDenyEntry)
	if errs.KindOf(err) == errs.NotFound {
		return playback.DenyEntry{DenyRule: playback.DenyRule{Playback: id, Status: playback.Allowed}}, nil
	}
	return e, err
}

// SaveDenyEntry writes an entry if the one in the table has the revision before. Conflict: it has another one, as after
// the same call.
func (r Rows) SaveDenyEntry(ctx context.Context, e playback.DenyEntry) error {
	return item.PutNextVersion(ctx, r.Table, "store.SaveDenyEntry", newDenyEntryItem(e), e.Revision, errs.Problem{})
}

// ApplyDenyRule changes the deny list as a rule says; changed is false if it was so already. A repetition changes
// nothing. Conflict: the entry was changed at the same time; apply the rule again.
func (r Rows) ApplyDenyRule(ctx context.Context, rule playback.DenyRule) (changed bool, err error) {
	e, err := r.LoadDenyEntry(ctx, rule.Playback)
	if err != nil {
		return false, err
	}
	after, changed := e.Apply(rule)
	if !changed {
		return false, nil
	}
	return true, r.SaveDenyEntry(ctx, after)
}

// denyStepItem has the attributes of an entry in the index by-deadline.
type denyStepItem struct {
	Due string `dynamodbav:"due"`
}

// ListDenySteps returns the playback ids whose entries wait for a step, those that wait longest first, at most limit of
// them. It reads an index, which may lag behind the entries.
func (r Rows) ListDenySteps(ctx context.Context, step playback.DenyStep, limit int) (ids []string, err error) {
	q := table.Query{Index: services.ByDeadline, Partition: denyStepPartition(step), Limit: limit}
	items, _, err := item.Query(ctx, r.Table, "store.ListDenySteps", item.Keep[denyStepItem], q)
	for _, i := range items {
		_, id, _ := strings.Cut(i.Due, "#")
		ids = append(ids, id)
	}
	return ids, err
}
