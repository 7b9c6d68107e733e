package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"sluice/shared/domain/quota"
	"sluice/shared/platform/httpapi"
)

// UsageStore reads what tenants use of their limits.
type UsageStore interface {
	// LoadUsage returns a tenant's limits and use, with that of the day of the time to, and the counts of each day from
	// one time to another, in order; none of days without any.
	LoadUsage(ctx context.Context, tenant string, from, to time.Time) (quota.Account, []quota.Day, error)
}

// Days in an answer of GET /v1/usage.
const (
	defaultUsageDays = 30
	maxUsageDays     = 366
)

// dayView is what was counted on one day.
type dayView struct {
	Date    string `json:"date"`
	Created int64  `json:"videos_created"`
	Bytes   int64  `json:"bytes_encoded"`
	Minutes int64  `json:"minutes_encoded"`
}

// showUsage answers GET /v1/usage: the caller's limits, what it uses now, and the last days, today the last one.
func (a *API) showUsage(w http.ResponseWriter, r *http.Request) error {
	q, err := httpapi.ParseQuery(r.URL.Query(), "days")
	if err != nil {
		return err
	}
	n := defaultUsageDays
	if text := q["days"]; text != "" {
		if n, err = strconv.Atoi(text); err != nil || n < 1 || n > maxUsageDays {
			return httpapi.NewParameterError("`days` is a number from 1 to " + strconv.Itoa(maxUsageDays) + ".")
		}
	}
	now := a.now()
	account, days, err := a.Usage.LoadUsage(
		r.Context(), httpapi.CallerFromContext(r.Context()).Tenant, now.AddDate(0, 0, 1-n), now,
	)
	if err != nil {
		return err
	}
	out := struct {
		httpapi.AccountView
		Days []dayView `json:"days"`
	}{httpapi.NewAccountView(account), make([]dayView, 0, len(days))}
	for _, d := range days {
		counted := quota.Account{Used: d.Counts}
		out.Days = append(out.Days, dayView{
			d.Date.Format(time.DateOnly), counted.CountUsed(quota.VideosCreated), counted.CountUsed(quota.BytesEncoded),
			counted.CountUsed(quota.MinutesEncoded),
		})
	}
	return httpapi.WriteJSON(w, http.StatusOK, out)
}
