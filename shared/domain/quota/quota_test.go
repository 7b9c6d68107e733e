package quota_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/quota"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestCheckNamesTheLimitThatIsReached(t *testing.T) {
	t.Parallel()
	own := quota.Limits{quota.UploadsOpen: 2, quota.MinutesStored: 10, quota.MinutesEncoded: 5, quota.BytesStored: 0}
	for _, tt := range []struct {
		name        string
		used, asked quota.Amounts
		want        *quota.Rejection
	}{
		{"nothing asked", quota.Amounts{quota.UploadsOpen: 9}, nil, nil},
		{"the last one", quota.Amounts{quota.UploadsOpen: 1}, quota.Amounts{quota.UploadsOpen: 1}, nil},
		{
			"one too many", quota.Amounts{quota.UploadsOpen: 2}, quota.Amounts{quota.UploadsOpen: 1},
			&quota.Rejection{Resource: quota.UploadsOpen, Limit: 2, Used: 2},
		},
		{"given back", quota.Amounts{quota.UploadsOpen: 9}, quota.Amounts{quota.UploadsOpen: -1}, nil},
		{"a limit of zero", nil, quota.Amounts{quota.BytesStored: 1}, &quota.Rejection{Resource: quota.BytesStored}},
		{
			"more than the default", nil, quota.Amounts{quota.BytesWaiting: 200<<30 + 1},
			&quota.Rejection{Resource: quota.BytesWaiting, Limit: 200 << 30},
		},
		{
			"minutes are seconds", quota.Amounts{quota.MinutesStored: 540}, quota.Amounts{quota.MinutesStored: 60},
			nil,
		},
		{
			"a started minute counts", quota.Amounts{quota.MinutesStored: 541}, quota.Amounts{quota.MinutesStored: 60},
			&quota.Rejection{Resource: quota.MinutesStored, Limit: 10, Used: 10},
		},
		{
			"of a day", quota.Amounts{quota.MinutesEncoded: 300}, quota.Amounts{quota.MinutesEncoded: 1},
			&quota.Rejection{
				Resource: quota.MinutesEncoded, Limit: 5, Used: 5,
				Resets: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC),
			},
		},
		{"no limit", nil, quota.Amounts{quota.VideosCreated: 1 << 50}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := quota.Account{Limits: own, Used: tt.used}.Check(tt.asked, noon)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			err := got.ToError("test")
			if (err == nil) != (tt.want == nil) ||
				err != nil && (errs.KindOf(err) != errs.Exhausted || errs.ProblemOf(err).Code != "quota_exceeded") {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestNewVideosNeedMinutesOfTheDay(t *testing.T) {
	t.Parallel()
	a := quota.Account{Used: quota.Amounts{quota.MinutesEncoded: 2000*60 - 1}}
	asked := quota.Amounts{quota.UploadsOpen: 1}
	if r := a.CheckNew(asked, noon); r != nil {
		t.Error(r)
	}
	a.Used[quota.MinutesEncoded]++
	if r := a.CheckNew(asked, noon); r == nil || r.Resource != quota.MinutesEncoded {
		t.Errorf("got %v", r)
	}
}

// A file that Sluice fetches asks for no bytes before its size is known.
func TestNewImportsNeedBytes(t *testing.T) {
	t.Parallel()
	a := quota.Account{Limits: quota.Limits{quota.BytesStored: 9}, Used: quota.Amounts{quota.BytesStored: 8}}
	asked := quota.Amounts{quota.ImportsInFlight: 1}
	if r := a.CheckNew(asked, noon); r != nil {
		t.Error(r)
	}
	a.Used[quota.BytesStored]++
	if r := a.CheckNew(asked, noon); r == nil || r.Resource != quota.BytesStored {
		t.Errorf("got %v", r)
	}
}

// A ceiling allows exactly what Check allows: the store compares with the ceilings what Check has decided by.
func TestCeilingsAgreeWithCheck(t *testing.T) {
	t.Parallel()
	amounts := rapid.MapOf(rapid.SampledFrom(quota.Resources), rapid.Int64Range(-5, 300))
	limits := rapid.MapOf(rapid.SampledFrom(quota.Resources), rapid.Int64Range(0, 5))
	rapid.Check(t, func(rt *rapid.T) {
		a := quota.Account{Limits: limits.Draw(rt, "limits"), Used: amounts.Draw(rt, "used")}
		asked, fits := quota.Amounts(amounts.Draw(rt, "asked")), true
		for r, ceiling := range a.Limits.Ceilings(asked) {
			fits = fits && a.Used[r] <= ceiling
		}
		if got := a.Check(asked, noon); (got == nil) != fits {
			rt.Fatalf("Check returns %v, within the ceilings: %t", got, fits)
		}
	})
}

func TestAmountsHaveNoZeros(t *testing.T) {
	t.Parallel()
	a := quota.Amounts{quota.UploadsOpen: 1, quota.BytesStored: 3}
	if d := cmp.Diff(quota.Amounts{quota.BytesStored: 1}, a.Minus(quota.Amounts{
		quota.UploadsOpen: 1, quota.BytesStored: 2,
	})); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(quota.Amounts{}, a.Plus(quota.Amounts{}.Minus(a))); d != "" {
		t.Error(d)
	}
}
