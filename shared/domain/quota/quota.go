// Package quota limits what a tenant may use at once, keep, and have encoded in a day, so that one tenant can't run up
// the account's bill. It decides from numbers: package store keeps them, in one row for each tenant and one for each of
// its days, and changes them in the transactions that change the rows of videos. It is pure and needs no AWS rights.
package quota

import (
	"fmt"
	"maps"
	"time"

	"sluice/shared/domain/errs"
)

// Resource is what a limit is on. Its text is the name of the limit for clients, and of the attribute that counts it.
type Resource string

// The resources. Minutes are counted in seconds, which is what Amounts has; limits and answers have minutes.
const (
	UploadsOpen     Resource = "uploads_open"          // uploads that are not completed
	BytesWaiting    Resource = "bytes_waiting"         // of open uploads, as their clients stated them
	ImportsInFlight Resource = "imports_in_flight"     // files that Sluice is to fetch
	BytesStored     Resource = "bytes_stored"          // of originals, from the start of their upload on
	MinutesStored   Resource = "minutes_stored"        // of videos that are encoded, or are being encoded
	MinutesEncoded  Resource = "minutes_encoded_a_day" // of videos whose encoding began in a day of UTC
)

// Resources that are counted for each day and have no limit.
const (
	VideosCreated Resource = "videos_created"
	BytesEncoded  Resource = "bytes_encoded" // of the originals of videos whose encoding began
)

const secondsAMinute = int64(time.Minute / time.Second)

// Resources lists all resources, in the order in which they are checked.
var Resources = []Resource{UploadsOpen, BytesWaiting, ImportsInFlight, BytesStored, MinutesStored, MinutesEncoded}

// unit returns how much one of a limit is in the counted unit.
func (r Resource) unit() int64 {
	if r == MinutesStored || r == MinutesEncoded {
		return secondsAMinute
	}
	return 1
}

// isDaily reports whether the use of a resource starts at zero each day.
func (r Resource) isDaily() bool { return r == MinutesEncoded }

// Amounts is how much of each resource there is: bytes, seconds, or a number. It has no zeros.
type Amounts map[Resource]int64

// Minus returns the amounts less others. Some may be negative.
func (a Amounts) Minus(others Amounts) Amounts {
	out := Amounts{}
	maps.Copy(out, a)
	for r, n := range others {
		out[r] -= n
	}
	maps.DeleteFunc(out, func(_ Resource, n int64) bool { return n == 0 })
	return out
}

// Plus returns the sum of the amounts and others.
func (a Amounts) Plus(others Amounts) Amounts {
	return a.Minus(Amounts{}.Minus(others))
}

// Limits is how much of each resource a tenant may use, in bytes, minutes, or a number. A resource that it lacks has
// the default.
type Limits map[Resource]int64

// MaxLimit is the highest limit that can be set: JSON numbers are exact up to it (RFC 8259, section 6).
const MaxLimit = 1<<53 - 1

// Defaults are the limits of a tenant that has none of its own. At the prices of docs/cost.md, as many originals cost
// $24 a month, and the encoding $10 to $17 a day.
var Defaults = Limits{
	UploadsOpen: 200, BytesWaiting: 200 << 30, ImportsInFlight: 500, BytesStored: 1 << 40, MinutesStored: 20_000,
	MinutesEncoded: 2_000,
}

// Of returns the limit on a resource: the tenant's own, or the default.
func (l Limits) Of(r Resource) int64 {
	if n, ok := l[r]; ok {
		return n
	}
	return Defaults[r]
}

// amount returns the limit on a resource in the unit of Amounts.
func (l Limits) amount(r Resource) int64 { return l.Of(r) * r.unit() }

// Ceilings returns, for each resource with a limit of which something is asked, the highest use at which that may be
// granted. A ceiling is negative if the limit is below what is asked.
func (l Limits) Ceilings(asked Amounts) Amounts {
	out := Amounts{}
	for _, r := range Resources {
		if n := asked[r]; n > 0 {
			out[r] = l.amount(r) - n
		}
	}
	return out
}

// Account is what a tenant uses, at a time, and how much it may use.
type Account struct {
	Limits Limits  // the tenant's own
	Used   Amounts // with those of the day
}

// Check returns a rejection if what is asked, at a time, would exceed a limit: of the first such resource in the order
// of Resources. It returns nil if everything may be granted.
func (a Account) Check(asked Amounts, at time.Time) *Rejection {
	ceilings := a.Limits.Ceilings(asked)
	for _, r := range Resources {
		if ceiling, ok := ceilings[r]; ok && a.Used[r] > ceiling {
			return a.reject(r, at)
		}
	}
	return nil
}

// CheckNew returns a rejection if a video that asks for so much can't be created: as Check, or if the bytes that are
// stored or the minutes of the day are used up. How long the video is, and how large a file that Sluice fetches, is not
// known yet.
func (a Account) CheckNew(asked Amounts, at time.Time) *Rejection {
	if r := a.Check(asked, at); r != nil {
		return r
	}
	for _, r := range []Resource{BytesStored, MinutesEncoded} {
		if asked[r] <= 0 && a.Used[r] >= a.Limits.amount(r) {
			return a.reject(r, at)
		}
	}
	return nil
}

func (a Account) reject(r Resource, at time.Time) *Rejection {
	out := &Rejection{Resource: r, Limit: a.Limits.Of(r), Used: a.CountUsed(r)}
	if r.isDaily() {
		out.Resets = StartOfDay(at).AddDate(0, 0, 1)
	}
	return out
}

// CountUsed returns the use of a resource in the unit of its limit; a started minute counts.
func (a Account) CountUsed(r Resource) int64 { return (a.Used[r] + r.unit() - 1) / r.unit() }

// Day is what was counted for a tenant on one day of UTC.
type Day struct {
	Date   time.Time // its start
	Counts Amounts
}

// StartOfDay returns when the day of a time began, in UTC.
func StartOfDay(at time.Time) time.Time { return at.UTC().Truncate(24 * time.Hour) }

// Rejection says which limit is reached. It is the cause of an error of the kind Exhausted.
type Rejection struct {
	Resource    Resource
	Limit, Used int64
	Resets      time.Time // when the use starts at zero again; zero: when something is given back
}

// Error returns the sentence for people.
func (r *Rejection) Error() string {
	text := fmt.Sprintf("The tenant's limit %s is %d, and %d are used; ", r.Resource, r.Limit, r.Used)
	if r.Resets.IsZero() {
		return text + "wait, delete videos, cancel uploads, or ask the operator for more."
	}
	return text + "the next day begins at " + r.Resets.Format(time.RFC3339) + "."
}

// ToError returns the rejection as an error of an operation, with the code quota_exceeded; nil for nil.
func (r *Rejection) ToError(op string) error {
	if r == nil {
		return nil
	}
	return errs.NewProblem("quota_exceeded", r.Error()).ToError(op, errs.Exhausted, r)
}
