package httpapi

import (
	"errors"

	"sluice/shared/domain/quota"
)

// AccountView is the part of a response that shows a tenant's limits and what it uses of each, now or today.
type AccountView struct {
	Limits map[quota.Resource]int64 `json:"limits"`
	Used   map[quota.Resource]int64 `json:"used"`
}

// NewAccountView returns all limits of an account, own and default, and what is used of each.
func NewAccountView(a quota.Account) AccountView {
	out := AccountView{map[quota.Resource]int64{}, map[quota.Resource]int64{}}
	for _, r := range quota.Resources {
		out.Limits[r], out.Used[r] = a.Limits.Of(r), a.CountUsed(r)
	}
	return out
}

// quotaView is the limit that a problem document of quota_exceeded is about.
type quotaView struct {
	Name   quota.Resource `json:"name"`
	Limit  int64          `json:"limit"`
	Used   int64          `json:"used"`
	Resets *Timestamp     `json:"resets_at,omitempty"` // absent: when something is given back
}

// newQuotaView returns the limit that an error says is reached, nil for other errors.
func newQuotaView(err error) *quotaView {
	r, ok := errors.AsType[*quota.Rejection](err)
	if !ok {
		return nil
	}
	out := &quotaView{Name: r.Resource, Limit: r.Limit, Used: r.Used}
	if !r.Resets.IsZero() {
		out.Resets = &Timestamp{r.Resets}
	}
	return out
}
