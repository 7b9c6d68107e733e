package admin

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"sluice/shared/domain/quota"
	"sluice/shared/platform/httpapi"
)

// LimitStore keeps the limits of tenants and what they use.
type LimitStore interface {
	// SaveLimits replaces the limits of a tenant; those that l lacks are the defaults.
	SaveLimits(ctx context.Context, tenant string, l quota.Limits) error
	// LoadUsage returns a tenant's limits and use, with that of the day of the time to.
	LoadUsage(ctx context.Context, tenant string, from, to time.Time) (quota.Account, []quota.Day, error)
}

// limitsRequest is the body of PUT /v1/tenants/{id}/limits. nil sets the default.
type limitsRequest struct {
	UploadsOpen     *int64 `json:"uploads_open,omitempty"`
	BytesWaiting    *int64 `json:"bytes_waiting,omitempty"`
	ImportsInFlight *int64 `json:"imports_in_flight,omitempty"`
	BytesStored     *int64 `json:"bytes_stored,omitempty"`
	MinutesStored   *int64 `json:"minutes_stored,omitempty"`
	MinutesEncoded  *int64 `json:"minutes_encoded_a_day,omitempty"`
}

// toLimits returns the limits that the request sets, or an HTTPError of 422.
func (l limitsRequest) toLimits() (quota.Limits, error) {
	all, v := quota.Limits{}, httpapi.Validation{}
	for r, n := range map[quota.Resource]*int64{
		quota.UploadsOpen: l.UploadsOpen, quota.BytesWaiting: l.BytesWaiting, quota.ImportsInFlight: l.ImportsInFlight,
		quota.BytesStored: l.BytesStored, quota.MinutesStored: l.MinutesStored, quota.MinutesEncoded: l.MinutesEncoded,
	} {
		if n != nil {
			all[r] = *n
			v.Require(*n >= 0 && *n <= quota.MaxLimit, "/"+string(r), "quota_out_of_range",
				fmt.Sprintf("A limit is a number from 0 to %d.", int64(quota.MaxLimit)))
		}
	}
	return all, v.Err()
}

// showLimits answers GET /v1/tenants/{id}/limits: all limits of a tenant, and what it uses.
func (a *Admin) showLimits(w http.ResponseWriter, r *http.Request) error {
	t, err := a.Tenants.LoadTenant(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return a.replyWithLimits(w, r, t.ID)
}

// replaceLimits answers PUT /v1/tenants/{id}/limits: limits that the body lacks are the defaults from then on. What the
// tenant uses already stays, also beyond a limit.
func (a *Admin) replaceLimits(w http.ResponseWriter, r *http.Request) error {
	t, err := a.Tenants.LoadTenant(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	in, err := httpapi.DecodeBody[limitsRequest](r)
	if err != nil {
		return err
	}
	limits, err := in.toLimits()
	if err != nil {
		return err
	}
	if err := a.Limits.SaveLimits(r.Context(), t.ID, limits); err != nil {
		return err
	}
	return a.replyWithLimits(w, r, t.ID)
}

func (a *Admin) replyWithLimits(w http.ResponseWriter, r *http.Request, tenant string) error {
	account, _, err := a.Limits.LoadUsage(r.Context(), tenant, a.now(), a.now())
	if err != nil {
		return err
	}
	return httpapi.WriteJSON(w, http.StatusOK, struct {
		Tenant string `json:"tenant"`
		httpapi.AccountView
	}{tenant, httpapi.NewAccountView(account)})
}
