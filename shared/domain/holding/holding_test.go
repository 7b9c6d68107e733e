package holding_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/holding"
	"sluice/shared/domain/quota"
	"sluice/shared/domain/video"
)

func TestHoldingsFollowTheState(t *testing.T) {
	t.Parallel()
	uploaded := video.Times{Uploaded: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	minutes := quota.Amounts{quota.BytesStored: 9, quota.MinutesStored: 62}
	original := quota.Amounts{quota.BytesStored: 9}
	for _, tt := range []struct {
		name  string
		state video.State
		fetch *video.FetchRequested
		times video.Times
		want  quota.Amounts
	}{
		{
			"an open upload", video.Waiting, nil, video.Times{},
			quota.Amounts{quota.UploadsOpen: 1, quota.BytesWaiting: 9, quota.BytesStored: 9},
		},
		{
			"an import", video.Waiting, &video.FetchRequested{}, video.Times{},
			quota.Amounts{quota.ImportsInFlight: 1},
		},
		{"uploaded", video.Uploaded, nil, uploaded, original},
		{"processing", video.Processing, nil, uploaded, minutes},
		{"playable", video.Playable, nil, uploaded, minutes},
		{"ready", video.Ready, nil, uploaded, minutes},
		{"failed with its original", video.Failed, nil, uploaded, original},
		{"expired", video.Failed, nil, video.Times{}, quota.Amounts{}},
		{"cancelled", video.Cancelled, nil, video.Times{}, quota.Amounts{}},
		{"being deleted", video.Deleting, nil, uploaded, quota.Amounts{}},
		{"deleted", video.Deleted, nil, uploaded, quota.Amounts{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := holding.Of(video.Video{
				State: tt.state, Fetch: tt.fetch, Times: tt.times, Source: video.Source{Size: 9},
				Media: &video.Media{Duration: 61.2},
			})
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// A file that Sluice has fetched stays in S3 when it is refused, and is counted.
func TestRefusedImportsHoldTheirBytes(t *testing.T) {
	t.Parallel()
	v := video.Video{State: video.Waiting, Fetch: &video.FetchRequested{}}
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for _, e := range []video.Event{
		video.MediaRefused{UploadedAt: at, At: at, Size: 77},
		video.MediaUnindexed{UploadedAt: at, At: at, Size: 1 << 40},
	} {
		after, _ := video.Apply(v, e)
		if want := after.Source.Size; after.State != video.Failed || want == 0 ||
			holding.Of(after)[quota.BytesStored] != want {
			t.Errorf("%T: %s holds %v", e, after.State, holding.Of(after))
		}
	}
}
