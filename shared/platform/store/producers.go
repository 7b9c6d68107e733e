package store

import (
	"cmp"
	"context"
	"slices"

	"sluice/shared/domain/access"
	"sluice/shared/domain/services"
	"sluice/shared/platform/store/item"
	"sluice/shared/platform/store/table"
)

// producerItem is stored twice: under its sender, where the service api looks it up, and in the directory of all
// producers, which operators list. No sender can have the directory's key, because it contains '#'.
type producerItem struct {
	table.Key
	ID       string `dynamodbav:"id"`
	Sender   string `dynamodbav:"sender"`
	Bucket   string `dynamodbav:"bucket"`
	Prefix   string `dynamodbav:"prefix"`
	Tenant   string `dynamodbav:"tenant"`
	Commands string `dynamodbav:"commands,omitempty"` // JSON
	Created  string `dynamodbav:"created,omitempty"`
}

const (
	producerPrefix    = services.ProducerRows + "#"
	producerDirectory = producerPrefix + "#all"
)

// producerKey returns the key of a producer under its sender.
func producerKey(sender, id string) table.Key {
	k, listed := item.NewKey(services.ProducerRows, sender), producerDirectoryKey(id)
	if k == (table.Key{}) || listed == (table.Key{}) {
		return table.Key{}
	}
	return table.Key{PK: k.PK, SK: listed.SK}
}

// producerDirectoryKey returns the key of a producer in the directory.
func producerDirectoryKey(id string) table.Key {
	k := item.NewKey(services.ProducerRows, id)
	if k == (table.Key{}) {
		return k
	}
	return table.Key{PK: producerDirectory, SK: k.PK}
}

func (i producerItem) toProducer(c *item.Codec) access.Producer {
	p := access.Producer{
		ID: i.ID, Sender: i.Sender, Bucket: i.Bucket, Prefix: i.Prefix, Tenant: i.Tenant,
		Created: c.ParseTime(i.Created),
	}
	c.DecodeJSON(i.Commands, &p.Commands)
	return p
}

// CreateProducer adds a producer. Conflict, code source_exists: its id exists already, as after the same call.
func (s Store) CreateProducer(ctx context.Context, p access.Producer) error {
	var c item.Codec
	bySender := producerItem{
		Key: producerKey(p.Sender, p.ID), ID: p.ID, Sender: p.Sender, Bucket: p.Bucket, Prefix: p.Prefix,
		Tenant: p.Tenant, Commands: c.EncodeJSON(p.Commands), Created: item.FormatTimestamp(p.Created),
	}
	inDirectory := bySender
	inDirectory.Key = producerDirectoryKey(p.ID)
	return item.Insert(ctx, s.Table, "store.CreateProducer", producerExists, []item.Keyed{bySender, inDirectory})
}

// ListProducersBySender returns the producers of a sender, the oldest first; none for an unknown sender.
func (s Store) ListProducersBySender(ctx context.Context, sender string) ([]access.Producer, error) {
	return s.queryProducers(ctx, "store.ListProducersBySender", item.NewKey(services.ProducerRows, sender))
}

// ListProducers returns all producers, the oldest first.
func (s Store) ListProducers(ctx context.Context) ([]access.Producer, error) {
	return s.queryProducers(ctx, "store.ListProducers", table.Key{PK: producerDirectory})
}

func (s Store) queryProducers(ctx context.Context, op string, k table.Key) ([]access.Producer, error) {
	all, err := item.QueryPrefix(ctx, s.Table, op, producerItem.toProducer, k, producerPrefix)
	slices.SortFunc(all, func(a, b access.Producer) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	})
	return all, err
}

// DeleteProducer deletes a producer. NotFound: there is none of that id. It deletes the row that gives the permission
// first: after a crash in between, the producer is still listed, and can be deleted again.
func (s Store) DeleteProducer(ctx context.Context, id string) error {
	const op = "store.DeleteProducer"
	p, err := item.Get(ctx, s.Table, op, producerDirectoryKey(id), producerMissing, producerItem.toProducer)
	if err != nil {
		return err
	}
	if err := item.Delete(ctx, s.Table, op, producerKey(p.Sender, id)); err != nil {
		return err
	}
	return item.Delete(ctx, s.Table, op, producerDirectoryKey(id))
}
