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

// PutTenant adds a tenant. Conflict, code tenant_exists: it is there already.
func (d Dynamo) PutTenant(ctx context.Context, t video.Tenant) error {
	return d.insert(ctx, "store.PutTenant", tenantExists, itemOfTenant(t))
}

// Tenant returns a tenant, or NotFound.
func (d Dynamo) Tenant(ctx context.Context, id string) (video.Tenant, error) {
	return get(ctx, d, "store.Tenant", tenantKey(id), tenantMissing, tenantItem.tenant)
}

// PutToken adds a token. Conflict: its id is taken.
func (d Dynamo) PutToken(ctx context.Context, t video.Token) error {
	const op = "store.PutToken"
	i, err := itemOfToken(t)
	if err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	return d.insert(ctx, op, tokenExists, i)
}

// Token returns the token with an id, or NotFound. Whether the secret matches is for the caller to check.
func (d Dynamo) Token(ctx context.Context, id string) (video.Token, error) {
	return get(ctx, d, "store.Token", tokenKey(id), tokenMissing, tokenItem.token)
}

// DeleteToken removes a token. Repeating it changes nothing.
func (d Dynamo) DeleteToken(ctx context.Context, id string) error {
	k := tokenKey(id)
	if k == (key{}) {
		return nil // there is none of that id
	}
	return d.delete(ctx, "store.DeleteToken", []key{k})
}

// Create adds a video, the upload it comes in by, and the first entry of its timeline: all rows or none. Conflict: one of
// them is there already, as after the very same call.
func (d Dynamo) Create(ctx context.Context, v video.Video, u video.Upload) error {
	const op = "store.Create"
	rows, err := beginning(v, u)
	if err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	return d.insert(ctx, op, uploadExists, rows...)
}

// CreateOnce does as Create and, in the same transaction, as Settle: who finds the claim done finds the rows. Conflict,
// code claim_lost: the claim is another holder's.
func (d Dynamo) CreateOnce(ctx context.Context, v video.Video, u video.Upload, c video.Claim) error {
	const op = "store.CreateOnce"
	rows, err := beginning(v, u)
	if err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	settle, err := d.settling(op, c)
	if err != nil {
		return err
	}
	puts, err := d.new(op, rows...)
	if err != nil {
		return err
	}
	return d.transact(ctx, op, claimLost, append(puts, settle)...)
}

// beginning returns the rows that a video and its upload begin with.
func beginning(v video.Video, u video.Upload) ([]row, error) {
	i, err := itemOfVideo(v)
	if err != nil {
		return nil, err
	}
	e, err := itemOfEntry(i.key, video.Entry{Version: v.Version, At: v.Times.Created, State: v.State, What: "created"})
	return []row{i, itemOfUpload(u), e}, err
}

// Upload returns an upload of a tenant, or NotFound.
func (d Dynamo) Upload(ctx context.Context, tenant, id string) (video.Upload, error) {
	return get(ctx, d, "store.Upload", uploadKey(tenant, id), uploadMissing, uploadItem.upload)
}
