package storetest

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/require"
	"sluice/shared/platform/store"
)

// createVideos creates n videos of a tenant. Each is a second younger than the one before.
func createVideos(t *testing.T, s store.Store, tenant string, n int) (all []video.Video) {
	t.Helper()
	for i := range n {
		v, u := newVideoAndUpload(tenant)
		v.Times.Created = created.Add(time.Duration(i) * time.Second)
		require.NoError(t, s.CreateVideo(t.Context(), v, u))
		all = append(all, v)
	}
	return all
}

// listVideoIDs returns the ids on all pages of a list and the number of pages.
func listVideoIDs(t *testing.T, s store.Store, tenant string, f video.Filter, limit int) (all []string, pages int) {
	t.Helper()
	for cursor := ""; ; pages++ {
		page, next, err := s.ListVideos(t.Context(), tenant, f, cursor, limit)
		require.NoError(t, err)
		if len(page) > limit {
			t.Fatalf("%d videos on a page of %d", len(page), limit)
		}
		for _, v := range page {
			all = append(all, v.ID)
		}
		if cursor = next; next == "" {
			return all, pages + 1
		}
	}
}

func testVideosAreListedInPages(t *testing.T, s store.Store) {
	tenant := uniqueID()
	videos := createVideos(t, s, tenant, 5)
	var want []string
	for _, v := range slices.Backward(videos) {
		want = append(want, v.ID)
	}
	for limit, pages := range map[int][]int{1: {5, 6}, 2: {3}, 5: {1, 2}, 100: {1}} {
		got, n := listVideoIDs(t, s, tenant, video.Filter{}, limit)
		require.Equal(t, got, want)
		if !slices.Contains(pages, n) {
			t.Errorf("%d pages of %d", n, limit)
		}
	}
	page, _, err := s.ListVideos(t.Context(), tenant, video.Filter{}, "", 1)
	require.NoError(t, err)
	last := videos[4]
	require.Equal(t, page, []video.Video{{
		Details: last.Details, Tenant: tenant, ID: last.ID, Playback: last.Playback, State: last.State,
		Version: last.Version, Source: last.Source, Times: last.Times,
	}})
}

func testVideosAreFiltered(t *testing.T, s store.Store) {
	tenant := uniqueID()
	videos := createVideos(t, s, tenant, 4)
	for _, n := range []int{1, 3} {
		require.NoError(t, s.UpdateDetails(t.Context(), tenant, videos[n].ID, video.Details{ExternalID: "e#1"}))
	}
	failed := videos[3]
	failed.State, failed.Version = video.Failed, failed.Version+1
	require.NoError(t, s.SaveVideo(t.Context(), failed, testEntry))
	for _, tt := range []struct {
		filter video.Filter
		want   []string
	}{
		{video.Filter{State: video.Failed}, []string{videos[3].ID}},
		{video.Filter{State: video.Waiting}, []string{videos[2].ID, videos[1].ID, videos[0].ID}},
		{video.Filter{State: video.Ready}, nil},
		{video.Filter{ExternalID: "e#1"}, []string{videos[3].ID, videos[1].ID}},
		{video.Filter{ExternalID: "e#1", State: video.Waiting}, []string{videos[1].ID}},
		{video.Filter{ExternalID: "e"}, nil},
	} {
		for _, limit := range []int{1, 10} {
			got, _ := listVideoIDs(t, s, tenant, tt.filter, limit)
			require.Equal(t, got, tt.want)
		}
	}
}

func testListHasOnlyTenantsVideos(t *testing.T, s store.Store) {
	tenant, other := uniqueID(), uniqueID()
	videos := createVideos(t, s, tenant, 3)
	createVideos(t, s, other, 1)
	for n, state := range []video.State{video.Deleting, video.Deleted} {
		gone := videos[n]
		gone.State, gone.Version = state, gone.Version+1
		require.NoError(t, s.SaveVideo(t.Context(), gone, testEntry))
	}
	got, _ := listVideoIDs(t, s, tenant, video.Filter{}, 10)
	require.Equal(t, got, []string{videos[2].ID})
	for _, nobody := range []string{uniqueID(), "", tenant + "#"} {
		got, _ := listVideoIDs(t, s, nobody, video.Filter{}, 10)
		require.Equal(t, got, []string(nil))
	}
	_, foreign, err := s.ListVideos(t.Context(), tenant, video.Filter{}, "", 1)
	require.NoError(t, err)
	page, _, err := s.ListVideos(t.Context(), other, video.Filter{}, foreign, 10)
	require.NoError(t, err)
	for _, v := range page {
		if v.Tenant != other {
			t.Errorf("%s sees a video of %s", other, v.Tenant)
		}
	}
}

func testInvalidCursorIsRejected(t *testing.T, s store.Store) {
	at, id := "2026-11-22T12:00:00.000000000Z", uniqueID()
	cursors := []string{"x", "!", "eCB5I3o", "e", "ICA", base64.RawURLEncoding.EncodeToString([]byte(at+" "+id)) + "\n"}
	for _, text := range []string{
		at, at + " ", " " + id, "2026 " + id, "2026-11-22T12:00:00Z " + id, "2026-11-22T12:00:00.000000000+01:00 " + id,
		"2026-13-22T12:00:00.000000000Z " + id, at + " " + id + "#", at + " " + id + "\x00", at + " \xff",
		at + "  " + id, strings.Repeat("9", 5000) + " " + id, at + " " + strings.Repeat("x", 5000),
	} {
		cursors = append(cursors, base64.RawURLEncoding.EncodeToString([]byte(text)))
	}
	for _, cursor := range cursors {
		require.Fails(t, errs.Invalid,
			"cursor_invalid")(s.ListVideos(t.Context(), uniqueID(), video.Filter{}, cursor, 1))
	}
}

func testDetailsAndStateAreSeparate(t *testing.T, s store.Store) {
	v := createVideo(t, s)
	stale := v
	v.Details = video.Details{Title: "New", ExternalID: "e1", Metadata: map[string]string{"a": "b"}}
	require.NoError(t, s.UpdateDetails(t.Context(), v.Tenant, v.ID, v.Details))
	requireVideo(t, s, v)
	v.State, v.Version, v.Media = video.Processing, v.Version+1, &video.Media{Width: 2}
	stale.State, stale.Version, stale.Media = v.State, v.Version, v.Media
	require.NoError(t, s.SaveVideo(t.Context(), stale, testEntry))
	requireVideo(t, s, v)
	v.Details = video.Details{}
	require.NoError(t, s.UpdateDetails(t.Context(), v.Tenant, v.ID, v.Details))
	require.NoError(t, s.UpdateDetails(t.Context(), v.Tenant, v.ID, v.Details))
	requireVideo(t, s, v)
}

func testDeletedVideoDetailsAreNotUpdated(t *testing.T, s store.Store) {
	v := createVideo(t, s)
	require.Error(t, s.UpdateDetails(t.Context(), v.Tenant, uniqueID(), v.Details), errs.NotFound, "video_not_found")
	require.Error(t, s.UpdateDetails(t.Context(), uniqueID(), v.ID, v.Details), errs.NotFound, "video_not_found")
	require.Error(t, s.UpdateDetails(t.Context(), v.Tenant, "", v.Details), errs.NotFound, "video_not_found")
	for _, state := range []video.State{video.Deleting, video.Deleted} {
		v.State, v.Version = state, v.Version+1
		require.NoError(t, s.SaveVideo(t.Context(), v, testEntry))
		require.Error(t, s.UpdateDetails(t.Context(), v.Tenant, v.ID, video.Details{Title: "x"}), errs.NotFound,
			"video_not_found")
	}
	requireVideo(t, s, v)
}
