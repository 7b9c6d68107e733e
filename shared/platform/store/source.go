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
type grantItem struct {
	key
	ID      string `dynamodbav:"id"`
	Sender  string `dynamodbav:"sender"`
	Bucket  string `dynamodbav:"bucket"`
	Prefix  string `dynamodbav:"prefix"`
	Tenant  string `dynamodbav:"tenant"`
	Created string `dynamodbav:"created,omitempty"`
}

const (
	sourcePrefix    = services.SourceRows + "#"
	sourceDirectory = sourcePrefix + "#all"
)

// sourceKey returns the key of a grant's row under its sender.
func sourceKey(sender, id string) key {
	k, listed := newKey(services.SourceRows, sender), listedKey(id)
	if k == (key{}) || listed == (key{}) {
		return key{}
	}
	return key{k.PK, listed.SK}
}

// listedKey returns the key of a grant's row in the directory.
func listedKey(id string) key {
	k := newKey(services.SourceRows, id)
	if k == (key{}) {
		return k
	}
	return key{sourceDirectory, k.PK}
}

func itemsOfGrant(g video.Grant) (bySender, inDirectory grantItem) {
	i := grantItem{
		key: sourceKey(g.Sender, g.ID), ID: g.ID, Sender: g.Sender, Bucket: g.Bucket, Prefix: g.Prefix, Tenant: g.Tenant, Created: stamp(g.Created),
	}
	bySender, inDirectory = i, i
	inDirectory.key = listedKey(g.ID)
	return bySender, inDirectory
}

func (i grantItem) grant() (video.Grant, error) {
	var c codec
	g := video.Grant{ID: i.ID, Sender: i.Sender, Bucket: i.Bucket, Prefix: i.Prefix, Tenant: i.Tenant, Created: c.time(i.Created)}
	return g, c.err
}

// grants reads rows, the oldest first.
func grants(op string, items []grantItem) ([]video.Grant, error) {
	var all []video.Grant
	for _, i := range items {
		g, err := i.grant()
		if err != nil {
			return nil, errs.E(op, errs.Internal, err)
		}
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b video.Grant) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID)) })
	return all, nil
}

// PutSource adds a grant. Conflict, code source_exists: there is one of its id, as after the very same call.
func (d Dynamo) PutSource(ctx context.Context, g video.Grant) error {
	bySender, inDirectory := itemsOfGrant(g)
	return d.insert(ctx, "store.PutSource", sourceExists, bySender, inDirectory)
}

// Sources returns what a sender was granted, the oldest first; nothing if it is not known.
func (d Dynamo) Sources(ctx context.Context, sender string) ([]video.Grant, error) {
	return d.sources(ctx, "store.Sources", newKey(services.SourceRows, sender))
}

// AllSources returns all grants, the oldest first.
func (d Dynamo) AllSources(ctx context.Context) ([]video.Grant, error) {
	return d.sources(ctx, "store.AllSources", key{PK: sourceDirectory})
}

func (d Dynamo) sources(ctx context.Context, op string, k key) ([]video.Grant, error) {
	if k == (key{}) {
		return nil, nil
	}
	items, err := query[grantItem](ctx, d, op, k, sourcePrefix)
	if err != nil {
		return nil, err
	}
	return grants(op, items)
}

// DeleteSource takes a grant back. NotFound: there is none of that id. The row that gives the right goes first: after a
// crash in between, the grant is still listed, and can be deleted again.
func (d Dynamo) DeleteSource(ctx context.Context, id string) error {
	const op = "store.DeleteSource"
	g, err := get(ctx, d, op, listedKey(id), sourceMissing, grantItem.grant)
	if err != nil {
		return err
	}
	if err := d.delete(ctx, op, []key{sourceKey(g.Sender, id)}); err != nil {
		return err
	}
	return d.delete(ctx, op, []key{listedKey(id)})
}

// PutSource does as Dynamo's.
func (m *Memory) PutSource(ctx context.Context, g video.Grant) error {
	bySender, inDirectory := itemsOfGrant(g)
	return m.insert(ctx, "store.PutSource", sourceExists, bySender, inDirectory)
}

// Sources does as Dynamo's.
func (m *Memory) Sources(ctx context.Context, sender string) ([]video.Grant, error) {
	return m.sources(ctx, "store.Sources", newKey(services.SourceRows, sender))
}

// AllSources does as Dynamo's.
func (m *Memory) AllSources(ctx context.Context) ([]video.Grant, error) {
	return m.sources(ctx, "store.AllSources", key{PK: sourceDirectory})
}

func (m *Memory) sources(ctx context.Context, op string, k key) ([]video.Grant, error) {
	if err := failure(op, ctx.Err(), errs.Problem{}); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return grants(op, withPrefix[grantItem](m, k, sourcePrefix))
}

// DeleteSource does as Dynamo's.
func (m *Memory) DeleteSource(ctx context.Context, id string) error {
	g, err := read(ctx, m, "store.DeleteSource", listedKey(id), sourceMissing, grantItem.grant)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range []key{sourceKey(g.Sender, id), listedKey(id)} {
		delete(m.rows[k.PK], k.SK)
	}
	return nil
}
