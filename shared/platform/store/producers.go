package store

import (
	"cmp"
	"context"
	"slices"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
)

// A grant is kept twice, under its sender and in the directory of all: producers are looked up by the one, operators
// list the other. No sender is called as the directory is: its id would have a '#'.
type producerItem struct {
	key
	ID      string `dynamodbav:"id"`
	Sender  string `dynamodbav:"sender"`
	Bucket  string `dynamodbav:"bucket"`
	Prefix  string `dynamodbav:"prefix"`
	Tenant  string `dynamodbav:"tenant"`
	Created string `dynamodbav:"created,omitempty"`
}

const (
	producerPrefix    = services.ProducerRows + "#"
	producerDirectory = producerPrefix + "#all"
)

// producerKey returns the key of a grant's row under its sender.
func producerKey(sender, id string) key {
	k, listed := newKey(services.ProducerRows, sender), producerDirectoryKey(id)
	if k == (key{}) || listed == (key{}) {
		return key{}
	}
	return key{k.PK, listed.SK}
}

// producerDirectoryKey returns the key of a grant's row in the directory.
func producerDirectoryKey(id string) key {
	k := newKey(services.ProducerRows, id)
	if k == (key{}) {
		return k
	}
	return key{producerDirectory, k.PK}
}

func newProducerItems(g video.Producer) (bySender, inDirectory producerItem) {
	i := producerItem{
		key: producerKey(g.Sender, g.ID), ID: g.ID, Sender: g.Sender, Bucket: g.Bucket, Prefix: g.Prefix, Tenant: g.Tenant, Created: formatTimestamp(g.Created),
	}
	bySender, inDirectory = i, i
	inDirectory.key = producerDirectoryKey(g.ID)
	return bySender, inDirectory
}

func (i producerItem) toProducer() (video.Producer, error) {
	var c codec
	g := video.Producer{ID: i.ID, Sender: i.Sender, Bucket: i.Bucket, Prefix: i.Prefix, Tenant: i.Tenant, Created: c.parseTime(i.Created)}
	return g, c.err
}

// decodeProducers reads rows, the oldest first.
func decodeProducers(op string, items []producerItem) ([]video.Producer, error) {
	var all []video.Producer
	for _, i := range items {
		g, err := i.toProducer()
		if err != nil {
			return nil, errs.E(op, errs.Internal, err)
		}
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b video.Producer) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID)) })
	return all, nil
}

// CreateProducer adds a grant. Conflict, code source_exists: there is one of its id, as after the very same call.
func (d Dynamo) CreateProducer(ctx context.Context, g video.Producer) error {
	bySender, inDirectory := newProducerItems(g)
	return d.insertRows(ctx, "store.PutSource", producerExists, bySender, inDirectory)
}

// ListProducersBySender returns what a sender was granted, the oldest first; nothing if it is not known.
func (d Dynamo) ListProducersBySender(ctx context.Context, sender string) ([]video.Producer, error) {
	return d.queryProducers(ctx, "store.Sources", newKey(services.ProducerRows, sender))
}

// ListProducers returns all grants, the oldest first.
func (d Dynamo) ListProducers(ctx context.Context) ([]video.Producer, error) {
	return d.queryProducers(ctx, "store.AllSources", key{PK: producerDirectory})
}

func (d Dynamo) queryProducers(ctx context.Context, op string, k key) ([]video.Producer, error) {
	if k == (key{}) {
		return nil, nil
	}
	items, err := queryPrefix[producerItem](ctx, d, op, k, producerPrefix)
	if err != nil {
		return nil, err
	}
	return decodeProducers(op, items)
}

// DeleteProducer takes a grant back. NotFound: there is none of that id. The row that gives the right goes first: after a
// crash in between, the grant is still listed, and can be deleted again.
func (d Dynamo) DeleteProducer(ctx context.Context, id string) error {
	const op = "store.DeleteSource"
	g, err := getRow(ctx, d, op, producerDirectoryKey(id), producerMissing, producerItem.toProducer)
	if err != nil {
		return err
	}
	if err := d.deleteRows(ctx, op, []key{producerKey(g.Sender, id)}); err != nil {
		return err
	}
	return d.deleteRows(ctx, op, []key{producerDirectoryKey(id)})
}

// CreateProducer does as Dynamo's.
func (m *Memory) CreateProducer(ctx context.Context, g video.Producer) error {
	bySender, inDirectory := newProducerItems(g)
	return m.insertRows(ctx, "store.PutSource", producerExists, bySender, inDirectory)
}

// ListProducersBySender does as Dynamo's.
func (m *Memory) ListProducersBySender(ctx context.Context, sender string) ([]video.Producer, error) {
	return m.queryProducers(ctx, "store.Sources", newKey(services.ProducerRows, sender))
}

// ListProducers does as Dynamo's.
func (m *Memory) ListProducers(ctx context.Context) ([]video.Producer, error) {
	return m.queryProducers(ctx, "store.AllSources", key{PK: producerDirectory})
}

func (m *Memory) queryProducers(ctx context.Context, op string, k key) ([]video.Producer, error) {
	if err := wrapError(op, ctx.Err(), errs.Problem{}); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return decodeProducers(op, selectRowsByPrefix[producerItem](m, k, producerPrefix))
}

// DeleteProducer does as Dynamo's.
func (m *Memory) DeleteProducer(ctx context.Context, id string) error {
	g, err := readRow(ctx, m, "store.DeleteSource", producerDirectoryKey(id), producerMissing, producerItem.toProducer)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range []key{producerKey(g.Sender, id), producerDirectoryKey(id)} {
		delete(m.rows[k.PK], k.SK)
	}
	return nil
}
