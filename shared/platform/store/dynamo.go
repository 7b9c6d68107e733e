package store

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// Dynamo keeps rows in a DynamoDB table with string keys pk and sk.
type Dynamo struct {
	Client *dynamodb.Client
	Table  string
}

// CreateTenant adds a tenant. Conflict, code tenant_exists: it is there already.
func (d Dynamo) CreateTenant(ctx context.Context, t video.Tenant) error {
	return d.insertRows(ctx, "store.PutTenant", tenantExists, newTenantItem(t))
}

// LoadTenant returns a tenant, or NotFound.
func (d Dynamo) LoadTenant(ctx context.Context, id string) (video.Tenant, error) {
	return getRow(ctx, d, "store.Tenant", tenantKey(id), tenantMissing, tenantItem.toTenant)
}

// CreateToken adds a token. Conflict: its id is taken.
func (d Dynamo) CreateToken(ctx context.Context, t video.Token) error {
	const op = "store.PutToken"
	i, err := newTokenItem(t)
	if err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	return d.insertRows(ctx, op, tokenExists, i)
}

// LoadToken returns the token with an id, or NotFound. Whether the secret matches is for the caller to check.
func (d Dynamo) LoadToken(ctx context.Context, id string) (video.Token, error) {
	return getRow(ctx, d, "store.Token", tokenKey(id), tokenMissing, tokenItem.toToken)
}

// DeleteToken removes a token. Repeating it changes nothing.
func (d Dynamo) DeleteToken(ctx context.Context, id string) error {
	k := tokenKey(id)
	if k == (key{}) {
		return nil // there is none of that id
	}
	return d.deleteRows(ctx, "store.DeleteToken", []key{k})
}

// CreateVideo adds a video, the upload it comes in by, and the first entry of its timeline: all rows or none. Conflict: one of
// them is there already, as after the very same call.
func (d Dynamo) CreateVideo(ctx context.Context, v video.Video, u video.Upload) error {
	const op = "store.Create"
	rows, err := newVideoRows(v, u)
	if err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	return d.insertRows(ctx, op, uploadExists, rows...)
}

// CreateVideoIdempotently does as Create and, in the same transaction, as Settle: who finds the claim done finds the rows. Conflict,
// code claim_lost: the claim is another holder's.
func (d Dynamo) CreateVideoIdempotently(ctx context.Context, v video.Video, u video.Upload, c video.IdempotencyRecord) error {
	const op = "store.CreateOnce"
	rows, err := newVideoRows(v, u)
	if err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	settle, err := d.buildIdempotencyPut(op, c)
	if err != nil {
		return err
	}
	puts, err := d.buildInserts(op, rows...)
	if err != nil {
		return err
	}
	return d.transactPuts(ctx, op, idempotencyKeyLost, append(puts, settle)...)
}

// newVideoRows returns the rows that a video and its upload begin with.
func newVideoRows(v video.Video, u video.Upload) ([]row, error) {
	i, err := newVideoItem(v)
	if err != nil {
		return nil, err
	}
	e, err := newTimelineItem(i.key, video.TimelineEntry{Version: v.Version, At: v.Times.Created, State: v.State, Cause: "created"})
	return []row{i, newUploadItem(u), e}, err
}

// LoadUpload returns an upload of a tenant, or NotFound.
func (d Dynamo) LoadUpload(ctx context.Context, tenant, id string) (video.Upload, error) {
	return getRow(ctx, d, "store.Upload", uploadKey(tenant, id), uploadMissing, uploadItem.toUpload)
}
