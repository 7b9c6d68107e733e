// Package admin answers the operators' HTTP API: tenants, tokens, producers and dead letters. The service map (package
// services) lists its routes and who may call each; docs/api.md describes them.
package admin

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"sluice/shared/domain/access"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/platform/httpapi"
)

// TenantStore keeps tenants and their tokens.
type TenantStore interface {
	// CreateTenant adds a tenant. Conflict: the id is taken.
	CreateTenant(ctx context.Context, t access.Tenant) error
	// LoadTenant returns NotFound if there is no such tenant.
	LoadTenant(ctx context.Context, id string) (access.Tenant, error)
	// CreateToken adds a token. Conflict: the id is taken.
	CreateToken(ctx context.Context, t access.Token) error
	// DeleteToken removes a token. It may be repeated.
	DeleteToken(ctx context.Context, id string) error
}

// Admin answers the routes of the service admin, which concern all tenants. Tenants, their limits, tokens and producers
// are for IAM principals of the account; dead letters for tokens with the scope operator, which only those principals
// can create. Rights on AWS: rows of tenants, tokens, producers, dead letters and idempotency records
// (dynamodb:GetItem, Query, PutItem, and BatchWriteItem for producers), of quotas (Query, UpdateItem), and
// sqs:SendMessage to all inboxes. All fields must be set.
type Admin struct {
	Tenants     TenantStore
	Limits      LimitStore
	Producers   ProducerStore
	DeadLetters DeadLetterStore
	Redriver    DeadLetterRedriver
	Idempotency httpapi.IdempotencyStore
	Origins     []string  // origins whose pages may call the API; "*" is all
	Entropy     io.Reader // cryptographic randomness, for ids and secrets
	Now         func() time.Time
	Sleep       func(ctx context.Context, d time.Duration) // returns after d, or when ctx is done
	Log         *slog.Logger
}

// Handler returns the handler of all routes, for httpapi.NewGatewayFunc. Internal: the routes are not exactly those of
// the service map.
func (a *Admin) Handler() (http.Handler, error) {
	s, _ := services.Lookup("admin")
	idempotency := httpapi.NewIdempotencyMiddleware(a.Idempotency, a.Entropy, a.now, a.Log)
	m, err := httpapi.NewMux(s, a.Log, idempotency, httpapi.Routes{
		Handlers: map[string]httpapi.Handler{
			"POST /v1/tenants":                   a.createTenant,
			"GET /v1/tenants/{id}/limits":        a.showLimits,
			"PUT /v1/tenants/{id}/limits":        a.replaceLimits,
			"DELETE /v1/tokens/{id}":             a.deleteToken,
			"POST /v1/sources":                   a.createProducer,
			"GET /v1/sources":                    a.listProducers,
			"DELETE /v1/sources/{id}":            a.deleteProducer,
			"GET /v1/dead-letters":               a.listDeadLetters,
			"GET /v1/dead-letters/{id}":          a.showDeadLetter,
			"POST /v1/dead-letters/redrive":      a.redriveDeadLetters,
			"POST /v1/dead-letters/{id}/redrive": a.redriveDeadLetter,
			"POST /v1/dead-letters/{id}/discard": a.discardDeadLetter,
		},
		Idempotent: map[string]httpapi.IdempotentHandler{"POST /v1/tokens": a.createToken},
	})
	return httpapi.CORS{Origins: a.Origins, Next: m}, err
}

func (a *Admin) now() time.Time { return httpapi.TruncateToMillis(a.Now()) }

// createTenant answers POST /v1/tenants. Repeated, it fails with tenant_exists.
func (a *Admin) createTenant(w http.ResponseWriter, r *http.Request) error {
	in, err := httpapi.DecodeBody[struct {
		Name string `json:"name"`
	}](r)
	if err != nil {
		return err
	}
	var v httpapi.Validation
	v.Require(access.ValidTenantID(in.Name), "/name", "name_invalid",
		"A tenant's name has 2 to 31 lower-case letters, digits and hyphens, a letter first.")
	if err := v.Err(); err != nil {
		return err
	}
	t := access.Tenant{ID: in.Name, Created: a.now()}
	if err := a.Tenants.CreateTenant(r.Context(), t); err != nil {
		return err
	}
	return httpapi.WriteJSON(w, http.StatusCreated, struct {
		Tenant  string            `json:"tenant"`
		Created httpapi.Timestamp `json:"created_at"`
	}{t.ID, httpapi.Timestamp{Time: t.Created}})
}

// Limits of a token's lifetime, in seconds.
const (
	minTokenLifetime = 60
	maxTokenLifetime = 366 * 24 * 3600
)

type tokenResponse struct {
	ID      string            `json:"id"`
	Token   string            `json:"token"` // shown once; only its hash is stored
	Tenant  string            `json:"tenant"`
	Scopes  []string          `json:"scopes"`
	Created httpapi.Timestamp `json:"created_at"`
	Expires httpapi.Timestamp `json:"expires_at,omitzero"` // absent: it does not expire
}

// createToken answers POST /v1/tokens. A repeated request can't show the token again, and fails with its id.
func (a *Admin) createToken(w http.ResponseWriter, r *http.Request, attempt *httpapi.Attempt) error {
	if id := attempt.PreviousID; id != "" {
		return errs.New(
			"admin.createToken", errs.Conflict, "token_shown",
			"This request has made the token "+
				id+" and its text was shown then; to get another one, use a new Idempotency-Key.",
		)
	}
	in, err := httpapi.DecodeBody[struct {
		Tenant string   `json:"tenant"`
		Scopes []string `json:"scopes"`
		Life   int64    `json:"expires_in,omitempty"` // seconds; 0: it does not expire
	}](r)
	if err != nil {
		return err
	}
	var v httpapi.Validation
	for i, s := range in.Scopes {
		v.Require(slices.Contains(access.Scopes, s), fmt.Sprintf("/scopes/%d", i), "scope_unknown",
			"The scopes are "+httpapi.QuoteList(access.Scopes)+".")
	}
	v.Require(
		in.Life == 0 || in.Life >= minTokenLifetime && in.Life <= maxTokenLifetime, "/expires_in",
		"expires_in_out_of_range",
		fmt.Sprintf("A token lives for %d to %d seconds, or without expires_in until it is revoked.", minTokenLifetime,
			maxTokenLifetime),
	)
	v.Require(len(in.Scopes) > 0, "/scopes", "scopes_missing", "A token needs at least one scope.")
	known, err := a.tenantExists(r, in.Tenant)
	if err != nil {
		return err
	}
	v.Require(known, "/tenant", "tenant_not_found", "There is no such tenant; create it first.")
	if err := v.Err(); err != nil {
		return err
	}
	slices.Sort(in.Scopes)
	return a.issueToken(w, r, attempt, access.Token{Tenant: in.Tenant, Scopes: slices.Compact(in.Scopes)},
		time.Duration(in.Life)*time.Second)
}

func (a *Admin) tenantExists(r *http.Request, tenant string) (bool, error) {
	if !access.ValidTenantID(tenant) {
		return false, nil
	}
	_, err := a.Tenants.LoadTenant(r.Context(), tenant)
	if errs.KindOf(err) == errs.NotFound {
		return false, nil
	}
	return err == nil, err
}

// deleteToken answers DELETE /v1/tokens/{id}. API Gateway caches the authorizer's result, so that the token works for
// another minute.
func (a *Admin) deleteToken(w http.ResponseWriter, r *http.Request) error {
	if err := a.Tenants.DeleteToken(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// issueToken creates a token that expires after life; 0: it does not expire.
func (a *Admin) issueToken(
	w http.ResponseWriter, r *http.Request, attempt *httpapi.Attempt, t access.Token, life time.Duration,
) error {
	random, err := httpapi.RandomBase32(a.Entropy, 33)
	if err != nil {
		return err
	}
	id, secret := random[:12], random[12:52] // 60 bits and 200 bits
	t.ID, t.SecretHash, t.Created = id, access.HashSecret(secret), a.now()
	if life > 0 {
		t.Expires = t.Created.Add(life)
	}
	if err := a.Tenants.CreateToken(r.Context(), t); err != nil {
		return err
	}
	attempt.MarkCreated(id)
	return httpapi.WriteJSON(w, http.StatusCreated, tokenResponse{
		ID: id, Token: access.FormatToken(id, secret), Tenant: t.Tenant, Scopes: t.Scopes,
		Created: httpapi.Timestamp{Time: t.Created}, Expires: httpapi.Timestamp{Time: t.Expires},
	})
}
