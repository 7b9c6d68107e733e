package storetest

import (
	"slices"
	"testing"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// several makes n videos of a tenant, each a second younger than the one before.
func several(t *testing.T, s Store, tenant string, n int) (all []video.Video) {
	t.Helper()
	for i := range n {
		v, u := sample(tenant)
		v.Times.Created = created.Add(time.Duration(i) * time.Second)
		must(t, s.Create(t.Context(), v, u))
		all = append(all, v)
	}
	return all
}

// ids returns the ids of all pages of a list, and how many there were.
func ids(t *testing.T, s Store, tenant string, f video.Filter, limit int) (all []string, pages int) {
	t.Helper()
	for cursor := ""; ; pages++ {
		page, next, err := s.List(t.Context(), tenant, f, cursor, limit)
		must(t, err)
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

func listIsInPages(t *testing.T, s Store) {
	tenant := unique()
	videos := several(t, s, tenant, 5)
	var want []string
	for _, v := range slices.Backward(videos) {
		want = append(want, v.ID)
	}
	for limit, pages := range map[int][]int{1: {5, 6}, 2: {3}, 5: {1, 2}, 100: {1}} {
		got, n := ids(t, s, tenant, video.Filter{}, limit)
		same(t, got, want)
		if !slices.Contains(pages, n) {
			t.Errorf("%d pages of %d", n, limit)
		}
	}
	page, _, err := s.List(t.Context(), tenant, video.Filter{}, "", 1)
	must(t, err)
	last := videos[4]
	same(t, page, []video.Video{{
		About: last.About, Tenant: tenant, ID: last.ID, Playback: last.Playback, State: last.State, Version: last.Version,
		Source: last.Source, Times: last.Times,
	}})
}

func listIsFiltered(t *testing.T, s Store) {
	tenant := unique()
	videos := several(t, s, tenant, 4)
	for _, n := range []int{1, 3} {
		must(t, s.Describe(t.Context(), tenant, videos[n].ID, video.About{ExternalID: "e#1"}))
	}
	failed := videos[3]
	failed.State, failed.Version = video.Failed, failed.Version+1
	must(t, s.Save(t.Context(), failed, change))
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
			got, _ := ids(t, s, tenant, tt.filter, limit)
			same(t, got, tt.want)
		}
	}
}

func listIsTheTenants(t *testing.T, s Store) {
	tenant, other := unique(), unique()
	videos := several(t, s, tenant, 3)
	several(t, s, other, 1)
	for n, state := range []video.State{video.Deleting, video.Deleted} {
		gone := videos[n]
		gone.State, gone.Version = state, gone.Version+1
		must(t, s.Save(t.Context(), gone, change))
	}
	got, _ := ids(t, s, tenant, video.Filter{}, 10)
	same(t, got, []string{videos[2].ID})
	for _, nobody := range []string{unique(), "", tenant + "#"} {
		got, _ := ids(t, s, nobody, video.Filter{}, 10)
		same(t, got, []string(nil))
	}
	_, foreign, err := s.List(t.Context(), tenant, video.Filter{}, "", 1)
	must(t, err)
	page, _, err := s.List(t.Context(), other, video.Filter{}, foreign, 10)
	must(t, err)
	for _, v := range page {
		if v.Tenant != other {
			t.Errorf("%s sees a video of %s", other, v.Tenant)
		}
	}
}

func cursorsAreChecked(t *testing.T, s Store) {
	for _, cursor := range []string{"x", "!", "eCB5I3o", "e", "ICA"} {
		_, _, err := s.List(t.Context(), unique(), video.Filter{}, cursor, 1)
		want(t, err, errs.Invalid, "cursor_invalid")
	}
}

func describeIsApart(t *testing.T, s Store) {
	v := create(t, s)
	stale := v
	v.About = video.About{Title: "New", ExternalID: "e1", Metadata: map[string]string{"a": "b"}}
	must(t, s.Describe(t.Context(), v.Tenant, v.ID, v.About))
	stored(t, s, v)
	v.State, v.Version, v.Media = video.Processing, v.Version+1, &video.Media{Width: 2}
	stale.State, stale.Version, stale.Media = v.State, v.Version, v.Media
	must(t, s.Save(t.Context(), stale, change))
	stored(t, s, v)
	v.About = video.About{}
	must(t, s.Describe(t.Context(), v.Tenant, v.ID, v.About))
	must(t, s.Describe(t.Context(), v.Tenant, v.ID, v.About))
	stored(t, s, v)
}

func deletedIsNotDescribed(t *testing.T, s Store) {
	v := create(t, s)
	want(t, s.Describe(t.Context(), v.Tenant, unique(), v.About), errs.NotFound, "video_not_found")
	want(t, s.Describe(t.Context(), unique(), v.ID, v.About), errs.NotFound, "video_not_found")
	want(t, s.Describe(t.Context(), v.Tenant, "", v.About), errs.NotFound, "video_not_found")
	for _, state := range []video.State{video.Deleting, video.Deleted} {
		v.State, v.Version = state, v.Version+1
		must(t, s.Save(t.Context(), v, change))
		want(t, s.Describe(t.Context(), v.Tenant, v.ID, video.About{Title: "x"}), errs.NotFound, "video_not_found")
	}
	stored(t, s, v)
}
