package video_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/shared/domain/video"
)

func TestSegmentsJSONRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		segment := rapid.Custom(func(t *rapid.T) video.Segment {
			return video.Segment{
				Bytes: rapid.Int64Min(0).Draw(t, "bytes"), Ticks: rapid.Int64Range(1, 3).Draw(t, "ticks"),
			}
		})
		var want video.Segments = rapid.SliceOf(segment).Draw(t, "segments")
		b, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got video.Segments
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestSegmentsOfLongVideoFitMessage(t *testing.T) {
	segments := make(video.Segments, 12*60*60/2)
	for i := range segments {
		segments[i] = video.Segment{Bytes: int64(31000 + i%1000), Ticks: 96256}
	}
	b, err := json.Marshal(segments)
	if err != nil || len(b) > 200<<10 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

func TestSegmentsJSONRejectsMismatchedRuns(t *testing.T) {
	for _, bad := range []string{
		`[]`, `{"bytes":[1],"ticks":[]}`, `{"bytes":[1],"ticks":[[5,2]]}`, `{"bytes":[1],"ticks":[[5,-1]]}`,
		`{"bytes":[],"ticks":[[5,1]]}`, `{"bytes":[1,2],"ticks":[[5,9000000000000000000]]}`,
	} {
		var s video.Segments
		if err := json.Unmarshal([]byte(bad), &s); err == nil {
			t.Errorf("%s is taken for %v", bad, s)
		}
	}
}
