package api

import (
	"encoding/base32"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"sluice/shared/video"
)

// createTenant answers POST /v1/tenants. It fails with tenant_exists, which makes a repetition harmless.
func (a *API) createTenant(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[struct {
		Name string `json:"name"`
	}](r)
	if err != nil {
		return err
	}
	var c check
	c.that(video.ValidTenant(in.Name), "/name", "name_invalid", "A tenant's name has 2 to 31 lower-case letters, digits and hyphens, a letter first.")
	if err := c.err(); err != nil {
		return err
	}
	t := video.Tenant{ID: in.Name, Created: a.now()}
	if err := a.Tenants.PutTenant(r.Context(), t); err != nil {
		return err
	}
	return reply(w, http.StatusCreated, struct {
		Tenant  string `json:"tenant"`
		Created moment `json:"created_at"`
	}{t.ID, moment{t.Created}})
}

type newToken struct {
	ID      string   `json:"id"`
	Token   string   `json:"token"` // shown this once; only its hash is kept
	Tenant  string   `json:"tenant"`
	Scopes  []string `json:"scopes"`
	Created moment   `json:"created_at"`
}

// createToken answers POST /v1/tokens. Repeated by an Idempotency-Key, it can only say which token there is.
func (a *API) createToken(w http.ResponseWriter, r *http.Request) error {
	if id := madeBefore(r.Context()); id != "" {
		return video.Refuse("api.createToken", video.Conflict, "token_shown", "This request has made the token "+id+" and its text was shown then; to get another one, use a new Idempotency-Key.")
	}
	in, err := decode[struct {
		Tenant string   `json:"tenant"`
		Scopes []string `json:"scopes"`
	}](r)
	if err != nil {
		return err
	}
	var c check
	for i, s := range in.Scopes {
		c.that(s == video.ScopeRead || s == video.ScopeWrite, fmt.Sprintf("/scopes/%d", i), "scope_unknown", "The scopes are "+video.ScopeRead+" and "+video.ScopeWrite+".")
	}
	c.that(len(in.Scopes) > 0, "/scopes", "scopes_missing", "A token needs at least one scope.")
	known, err := a.knows(r, in.Tenant)
	if err != nil {
		return err
	}
	c.that(known, "/tenant", "tenant_not_found", "There is no such tenant; create it first.")
	if err := c.err(); err != nil {
		return err
	}
	slices.Sort(in.Scopes)
	return a.issue(w, r, in.Tenant, slices.Compact(in.Scopes))
}

func (a *API) knows(r *http.Request, tenant string) (bool, error) {
	if !video.ValidTenant(tenant) {
		return false, nil
	}
	_, err := a.Tenants.Tenant(r.Context(), tenant)
	if video.KindOf(err) == video.NotFound {
		return false, nil
	}
	return err == nil, err
}

func (a *API) issue(w http.ResponseWriter, r *http.Request, tenant string, scopes []string) error {
	id, err := a.random(8)
	if err != nil {
		return err
	}
	id = id[:12]
	secret, err := a.random(25)
	if err != nil {
		return err
	}
	t := video.Token{ID: id, Tenant: tenant, Scopes: scopes, Hash: video.HashSecret(secret), Created: a.now()}
	if err := a.Tenants.PutToken(r.Context(), t); err != nil {
		return err
	}
	made(r.Context(), id)
	return reply(w, http.StatusCreated, newToken{id, video.TokenText(id, secret), tenant, scopes, moment{t.Created}})
}

// random returns n random bytes in lower-case base32, which has no underscore.
func (a *API) random(n int) (string, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(a.Entropy, b); err != nil {
		return "", video.E("api.random", video.Internal, err)
	}
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b)), nil
}

// now is the time as we show and keep it: UTC, in milliseconds.
func (a *API) now() time.Time { return a.Now().UTC().Truncate(time.Millisecond) }
