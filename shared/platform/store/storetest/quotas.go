package storetest

import (
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/holding"
	"sluice/shared/domain/quota"
	"sluice/shared/domain/video"
	"sluice/shared/platform/require"
	"sluice/shared/platform/store"
)

// requireUsage fails unless a tenant uses so much on the day of created.
func requireUsage(t require.TestingT, s store.Store, tenant string, want quota.Amounts) {
	t.Helper()
	a, _, err := s.LoadUsage(t.Context(), tenant, created, created)
	require.NoError(t, err)
	require.Equal(t, a.Used, want)
}

// testLimitIsExact: 200 requests ask at once for uploads of 8 GiB; 25 of them are within the limit of 200 GiB.
func testLimitIsExact(t *testing.T, s store.Store) {
	const size, fit = 8 << 30, 25
	tenant, other := uniqueID(), uniqueID()
	failed := make([]error, 200)
	var wait sync.WaitGroup
	for n := range failed {
		v, u := newVideoAndUpload(tenant)
		v.Source.Size, u.Size = size, size
		wait.Go(func() { failed[n] = s.CreateVideo(t.Context(), v, u) })
	}
	wait.Wait()
	rejected := 0
	for _, err := range failed {
		if err != nil {
			require.Error(t, err, errs.Exhausted, "quota_exceeded")
			rejected++
		}
	}
	require.Equal(t, len(failed)-rejected, fit)
	requireUsage(t, s, tenant, quota.Amounts{
		quota.UploadsOpen: fit, quota.BytesWaiting: fit * size, quota.BytesStored: fit * size, quota.VideosCreated: fit,
	})
	v, u := newVideoAndUpload(other)
	require.NoError(t, s.CreateVideo(t.Context(), v, u))
}

// testLimitsAreSaved: a tenant's own limits count instead of the defaults, which may be zero.
func testLimitsAreSaved(t *testing.T, s store.Store) {
	tenant := uniqueID()
	create := func() error {
		v, u := newVideoAndUpload(tenant)
		return s.CreateVideo(t.Context(), v, u)
	}
	for _, own := range []quota.Limits{{quota.UploadsOpen: 0}, {quota.BytesStored: 17}} { // a video has 9 bytes
		require.NoError(t, s.SaveLimits(t.Context(), tenant, own))
		a, _, err := s.LoadUsage(t.Context(), tenant, created, created)
		require.NoError(t, err)
		require.Equal(t, a.Limits, own)
		if own.Of(quota.UploadsOpen) > 0 {
			require.NoError(t, create())
		}
		require.Error(t, create(), errs.Exhausted, "quota_exceeded")
	}
	require.NoError(t, s.SaveLimits(t.Context(), tenant, nil))
	require.NoError(t, create())
	require.Error(t, s.SaveLimits(t.Context(), "a#b", nil), errs.Invalid, "")
}

// testEncodingIsLimited: the minutes of a day are reserved when a video begins to be encoded, and stay used; those that
// are stored are given back when it is deleted.
func testEncodingIsLimited(t *testing.T, s store.Store) {
	v := createVideo(t, s)
	require.NoError(t, s.SaveLimits(t.Context(), v.Tenant, quota.Limits{quota.MinutesEncoded: 2}))
	inspected := func(v video.Video, seconds float64) video.Video {
		v, err := s.LoadVideo(t.Context(), v.Tenant, v.ID)
		require.NoError(t, err)
		v.Version++
		v.State, v.Times.Uploaded, v.Times.Inspected = video.Processing, created, created
		v.Media = &video.Media{Duration: seconds}
		return v
	}
	require.NoError(t, s.SaveVideo(t.Context(), inspected(v, 60.5), testEntry))
	second, u := newVideoAndUpload(v.Tenant)
	require.NoError(t, s.CreateVideo(t.Context(), second, u))
	require.Error(t, s.SaveVideo(t.Context(), inspected(second, 60), testEntry), errs.Exhausted, "quota_exceeded")
	require.NoError(t, s.SaveVideo(t.Context(), inspected(second, 59), testEntry))
	require.NoError(t, s.CheckQuota(t.Context(), video.Video{
		Tenant: v.Tenant, State: video.Waiting, Times: video.Times{Created: created.AddDate(0, 0, 1)},
	}))
	require.Error(t, s.CheckQuota(t.Context(), second), errs.Exhausted, "quota_exceeded")
	deleted := inspected(v, 0)
	deleted.State = video.Deleting
	require.NoError(t, s.SaveVideo(t.Context(), deleted, testEntry))
	requireUsage(t, s, v.Tenant, quota.Amounts{
		quota.BytesStored: 9, quota.MinutesStored: 59, quota.MinutesEncoded: 120, quota.BytesEncoded: 18,
		quota.VideosCreated: 2,
	})
}

// testVideoOfBeforeLimitsIsCounted: a row that has reserved nothing, as those of before there were limits, is counted
// when it is saved, and is never rejected.
func testVideoOfBeforeLimitsIsCounted(t *testing.T, s store.Store) {
	v := createVideo(t, s)
	v.State, v.Times.Uploaded = video.Failed, time.Time{} // holds nothing
	v.Version, v.Reserved = 2, holding.Of(v).Plus(quota.Amounts{quota.UploadsOpen: 1, quota.BytesWaiting: 9}).
		Plus(quota.Amounts{quota.BytesStored: 9})
	require.NoError(t, s.SaveVideo(t.Context(), v, testEntry))
	requireUsage(t, s, v.Tenant, quota.Amounts{quota.VideosCreated: 1})
	require.NoError(t, s.SaveLimits(t.Context(), v.Tenant, quota.Limits{quota.MinutesEncoded: 0}))
	v.State, v.Times.Uploaded, v.Media = video.Processing, created, &video.Media{Duration: 60}
	v.Times.Inspected, v.Version, v.Reserved = created, 3, nil
	require.NoError(t, s.SaveVideo(t.Context(), v, testEntry))
	requireUsage(t, s, v.Tenant, quota.Amounts{
		quota.BytesStored: 9, quota.MinutesStored: 60, quota.MinutesEncoded: 60, quota.BytesEncoded: 9,
		quota.VideosCreated: 1,
	})
}

// testUsageIsListedByDay: days without a row are left out, and so are those outside.
func testUsageIsListedByDay(t *testing.T, s store.Store) {
	tenant := uniqueID()
	for _, day := range []int{0, 1, 1, 3, 9} {
		v, u := newVideoAndUpload(tenant)
		v.Times.Created = created.AddDate(0, 0, day)
		require.NoError(t, s.CreateVideo(t.Context(), v, u))
	}
	newDay := func(day int, n int64) quota.Day {
		return quota.Day{Date: quota.StartOfDay(created).AddDate(0, 0, day), Counts: quota.Amounts{
			quota.VideosCreated: n,
		}}
	}
	a, days, err := s.LoadUsage(t.Context(), tenant, created.AddDate(0, 0, 1), created.AddDate(0, 0, 3))
	require.NoError(t, err)
	require.Equal(t, days, []quota.Day{newDay(1, 2), newDay(3, 1)})
	require.Equal(t, a.Used, quota.Amounts{
		quota.UploadsOpen: 5, quota.BytesWaiting: 45, quota.BytesStored: 45, quota.VideosCreated: 1,
	})
}

// testReservationsFollowVideos: whatever happens to videos, and however often, their tenant uses what they hold.
func testReservationsFollowVideos(t *testing.T, s store.Store) {
	rapid.Check(t, func(rt *rapid.T) {
		tenant, videos := uniqueID(), []video.Video{}
		for range rapid.IntRange(1, 3).Draw(rt, "videos") {
			v, u := newVideoAndUpload(tenant)
			v.Source.Size = rapid.Int64Range(1, 1<<33).Draw(rt, "size")
			if rapid.Bool().Draw(rt, "import") {
				v.Fetch = &video.FetchRequested{}
			}
			require.NoError(rt, s.CreateVideo(t.Context(), v, u))
			videos = append(videos, v)
		}
		for range rapid.IntRange(0, 8).Draw(rt, "steps") {
			n := rapid.IntRange(0, len(videos)-1).Draw(rt, "video")
			before, err := s.LoadVideo(t.Context(), tenant, videos[n].ID)
			require.NoError(rt, err)
			after, _ := video.Apply(before, rapid.SampledFrom(quotaEvents).Draw(rt, "event"))
			if after.Version == before.Version {
				continue
			}
			require.NoError(rt, s.SaveVideo(t.Context(), after, testEntry))
			require.Error(rt, s.SaveVideo(t.Context(), after, testEntry), errs.Conflict, "version_stale")
			videos[n] = after
		}
		want := quota.Amounts{}
		for _, v := range videos {
			want = want.Plus(holding.Of(v))
		}
		a, _, err := s.LoadUsage(t.Context(), tenant, created, created)
		require.NoError(rt, err)
		for _, r := range slices.DeleteFunc(slices.Clone(quota.Resources), func(r quota.Resource) bool {
			return r == quota.MinutesEncoded
		}) {
			require.Equal(rt, a.Used[r], want[r])
		}
	})
}

// quotaEvents are events that move a video from state to state.
var quotaEvents = []video.Event{
	video.UploadCompleted{At: created}, video.UploadCancelled{At: created}, video.DeleteRequested{At: created},
	video.MediaRefused{UploadedAt: created, At: created}, video.FetchFailed{At: created},
	video.MediaInspected{
		UploadedAt: created, At: created, Size: 77, Media: video.Media{Duration: 90.5},
		Plan: video.Plan{Rate: video.Rate{Num: 25, Den: 1}, SegmentFrames: 50, Borders: []int{0, 100}},
	},
	video.PurgeDone{At: created, Round: 2},
}
