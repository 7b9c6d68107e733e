// Package usage keeps what tenants use of their limits, as rows of a [table.Table]: one row for each tenant with its
// own limits and what it uses, and one for each of its days. Package quota decides; this package changes the rows in
// the transactions that change the rows of videos, so that a row counts exactly what the videos' rows have reserved.
//
// DynamoDB takes 1,000 write units a second for one row, and a transaction takes two of them: the row of a tenant
// allows it some 500 changes a second, and fewer where transactions meet, of which one is repeated
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html).
package usage

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/holding"
	"sluice/shared/domain/quota"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/store/item"
	"sluice/shared/platform/store/table"
)

const (
	dayPrefix       = "DAY#"
	dateLayout      = time.DateOnly
	dayRetention    = 400 * 24 * time.Hour
	limitsAttribute = "limits" // JSON
	maxAttempts     = 30       // of a transaction, while others change the same rows
	maxBackoff      = 160 * time.Millisecond
)

// Change is what a transaction changes in the rows of a tenant.
type Change struct {
	Tenant string
	At     time.Time     // a time of the day that Daily is counted for
	Total  quota.Amounts // reserved or, where they are negative, given back
	Daily  quota.Amounts // counted for the day
	Within bool          // only within the tenant's limits
}

// NewChange returns the change that the creation of a video makes.
func NewChange(v video.Video) Change {
	return Change{
		Tenant: v.Tenant, At: v.Times.Created, Total: holding.Of(v), Daily: quota.Amounts{quota.VideosCreated: 1},
		Within: true,
	}
}

// ChangeOf returns the change when a video is saved whose row has reserved v.Reserved. A row of before there were
// limits has reserved nothing: what its video holds is counted, and is not checked.
func ChangeOf(v video.Video) Change {
	c := Change{Tenant: v.Tenant, At: v.Times.Inspected, Total: holding.Of(v).Minus(v.Reserved)}
	if c.Total[quota.MinutesStored] > 0 {
		c.Daily = holding.CountDay(v)
		c.Within = v.State == video.Processing && len(v.Reserved) > 0
	}
	return c
}

func accountKey(tenant string) table.Key {
	return table.Key{PK: services.QuotaRows + "#" + tenant, SK: services.QuotaRows}
}

func dayKey(tenant string, at time.Time) table.Key {
	return table.Key{PK: accountKey(tenant).PK, SK: dayPrefix + quota.StartOfDay(at).Format(dateLayout)}
}

// LoadAccount returns the limits of a tenant and what it uses, with that of the day of a time. It reads both rows by
// one query, as the key of the account sorts after those of days.
func LoadAccount(ctx context.Context, t table.Table, op, tenant string, at time.Time) (quota.Account, error) {
	a, _, err := LoadDays(ctx, t, op, tenant, at, at)
	return a, err
}

// LoadDays returns the account of a tenant, with what it uses of the limits of the last day, and what was counted from
// the day of one time to the day of another; of days without a row nothing. Days are in order.
func LoadDays(
	ctx context.Context, t table.Table, op, tenant string, from, to time.Time,
) (a quota.Account, days []quota.Day, err error) {
	a.Used = quota.Amounts{}
	k := accountKey(tenant)
	q := table.Query{Partition: k.PK, From: dayKey(tenant, from).SK, To: k.SK}
	for last := dayKey(tenant, to).SK; ; {
		rows, next, err := t.Query(ctx, q)
		if err != nil {
			return a, nil, item.WrapError(op, err, errs.Problem{})
		}
		for _, row := range rows {
			sk, counts := table.ParseString(row["sk"]), readAmounts(row)
			switch {
			case sk == k.SK:
				var c item.Codec
				c.DecodeJSON(table.ParseString(row[limitsAttribute]), &a.Limits)
				if a.Used = a.Used.Plus(counts); c.Err != nil {
					return a, nil, errs.E(op, errs.Internal, c.Err)
				}
			case sk <= last:
				date, err := time.Parse(dayPrefix+dateLayout, sk)
				if err != nil {
					return a, nil, errs.E(op, errs.Internal, err)
				}
				if days = append(days, quota.Day{Date: date, Counts: counts}); sk == last {
					a.Used = a.Used.Plus(counts)
				}
			}
		}
		if q.Start = next; len(next) == 0 {
			return a, days, nil
		}
	}
}

// countedAttributes are the attributes of both rows that are counts.
var countedAttributes = append([]quota.Resource{quota.VideosCreated, quota.BytesEncoded}, quota.Resources...)

func readAmounts(row table.Row) quota.Amounts {
	all := quota.Amounts{}
	for _, r := range countedAttributes {
		all[r] = table.ParseNumber(row[string(r)])
	}
	return all.Minus(nil)
}

// SaveLimits replaces the limits of a tenant.
func SaveLimits(ctx context.Context, t table.Table, op, tenant string, l quota.Limits) error {
	var c item.Codec
	u := table.Update{Set: table.Row{limitsAttribute: table.StringValue(c.EncodeJSON(l))}}
	if c.Err != nil {
		return errs.E(op, errs.Invalid, c.Err)
	}
	_, err := t.Write(ctx, table.Write{Key: accountKey(tenant), Change: u})
	return item.WrapError(op, err, errs.Problem{})
}

var errContended = errors.New("the use of a limit changes faster than it can be reserved")

// Transact makes the writes and the change, all or none. It repeats that if others change the rows of the tenant at the
// same time. Exhausted, code quota_exceeded: the change is to be within the limits and is not. Conflict, with the
// problem taken: the condition of a write does not hold. Transient: others were first each time.
func Transact(
	ctx context.Context, t table.Table, op string, c Change, taken errs.Problem, writes ...table.Write,
) error {
	for attempt := range maxAttempts {
		ceilings, err := c.findCeilings(ctx, t, op)
		if err != nil {
			return err
		}
		err = t.Transact(ctx, append(slices.Clip(writes), c.buildWrites(ceilings)...)...)
		failed := table.FailedConditions(err)
		switch {
		case len(failed) > 0 && failed[0] >= len(writes): // others have reserved since the ceilings were found
		case table.MetAnother(err) && !c.isEmpty():
			backOff(ctx, attempt)
		default:
			return item.WrapError(op, err, taken)
		}
	}
	return errs.E(op, errs.Transient, errContended)
}

// findCeilings returns how much of each resource the tenant may use before the change; none if it is not limited.
func (c Change) findCeilings(ctx context.Context, t table.Table, op string) (quota.Amounts, error) {
	if !c.Within {
		return nil, nil
	}
	asked := c.Total.Plus(c.Daily)
	a, err := LoadAccount(ctx, t, op, c.Tenant, c.At)
	if err != nil {
		return nil, err
	}
	return a.Limits.Ceilings(asked), a.Check(asked, c.At).ToError(op)
}

func (c Change) isEmpty() bool { return len(c.Total) == 0 && len(c.Daily) == 0 }

// backOff waits for a random time, of at most 10 ms after the first attempt and twice as much after each other one, up
// to maxBackoff. Without jitter, transactions that met once would meet again.
func backOff(ctx context.Context, attempt int) {
	select {
	case <-ctx.Done():
	case <-time.After(rand.N(min(maxBackoff, 10*time.Millisecond<<attempt))):
	}
}

// buildWrites returns the writes of the rows that the change is of. Each counter must be at most its ceiling before.
func (c Change) buildWrites(ceilings quota.Amounts) (all []table.Write) {
	if len(c.Total) > 0 {
		all = append(all, buildAdd(accountKey(c.Tenant), c.Total, ceilings, nil))
	}
	if len(c.Daily) > 0 {
		expires := quota.StartOfDay(c.At).Add(dayRetention).Unix()
		all = append(all, buildAdd(dayKey(c.Tenant, c.At), c.Daily, ceilings,
			table.Row{services.ExpiryAttribute: table.NumberValue(expires)}))
	}
	return all
}

func buildAdd(k table.Key, amounts, ceilings quota.Amounts, set table.Row) table.Write {
	u, condition := table.Update{Set: set, Add: table.Row{}}, table.Condition{}
	for r, n := range amounts {
		u.Add[string(r)] = table.NumberValue(n)
		if ceiling, limited := ceilings[r]; limited {
			condition.Absent = true
			condition.Where = append(condition.Where,
				table.Compare(string(r), table.AtMost, table.NumberValue(ceiling)))
		}
	}
	return table.Write{Key: k, Change: u, If: condition}
}
