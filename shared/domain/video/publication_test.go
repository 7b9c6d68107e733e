package video_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/shared/domain/video"
)

// decisions are requests about one video, each accepted at its own time.
func decisions(unpublish ...bool) (all []video.Event) {
	for i, u := range unpublish {
		at := noon.Add(time.Duration(i) * time.Second)
		if u {
			all = append(all, video.UnpublishRequested{At: at})
		} else {
			all = append(all, video.PublishRequested{At: at})
		}
	}
	return all
}

func TestPublicationFollowsTheLastDecision(t *testing.T) {
	t.Parallel()
	for _, s := range []video.State{
		video.Waiting, video.Uploaded, video.Processing, video.Playable, video.Ready, video.Failed, video.Cancelled,
	} {
		v := videoInState(s)
		for i, e := range decisions(true, false, true) {
			at := noon.Add(time.Duration(i) * time.Second)
			after, out := video.Apply(v, e)
			want := v
			want.Version, want.Publication = v.Version+1, video.Publication{
				Unpublished: i != 1, At: at, Version: v.Version + 1,
			}
			fact := []video.Event{video.VideoUnpublished{Playback: "p1", At: at}}
			if i == 1 {
				fact = []video.Event{video.VideoPublished{Playback: "p1", At: at}}
			}
			if d := gocmp.Diff(want, after) + gocmp.Diff(fact, out); d != "" {
				t.Errorf("%s, %T: %s", s, e, d)
			}
			again, repeated := video.Apply(after, e)
			if d := gocmp.Diff(after, again) + gocmp.Diff(out, repeated); d != "" {
				t.Errorf("%s, %T twice: %s", s, e, d)
			}
			v = after
		}
	}
}

func TestDeletedVideoIsNotPublished(t *testing.T) {
	t.Parallel()
	for _, s := range []video.State{video.Deleting, video.Deleted} {
		for _, e := range decisions(true, false) {
			v := videoInState(s)
			if after, out := video.Apply(v, e); gocmp.Diff(v, after) != "" || out != nil {
				t.Errorf("%s, %T: %+v, %v", s, e, after, out)
			}
		}
	}
}

// TestPromise02_OrderOfDecisionsDoesNotMatter: whatever is lost, late or repeated, the decision that was accepted last
// counts. Of two of the same time, that is the one that unpublishes.
func TestPromise02_OrderOfDecisionsDoesNotMatter(t *testing.T) {
	t.Parallel()
	type decision struct {
		Second    int
		Unpublish bool
	}
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) decision {
			return decision{rapid.IntRange(0, 4).Draw(t, "second"), rapid.Bool().Draw(t, "unpublish")}
		}), 1, 8).Draw(t, "decisions")
		last := slices.MaxFunc(all, func(a, b decision) int {
			return cmp.Or(cmp.Compare(a.Second, b.Second),
				cmp.Compare(fmt.Sprint(a.Unpublish), fmt.Sprint(b.Unpublish)))
		})
		v := videoInState(video.Ready)
		for _, d := range rapid.Permutation(slices.Concat(all, all)).Draw(t, "order") {
			at := noon.Add(time.Duration(d.Second) * time.Second)
			var e video.Event = video.PublishRequested{At: at}
			if d.Unpublish {
				e = video.UnpublishRequested{At: at}
			}
			v, _ = video.Apply(v, e)
		}
		if v.Publication.Unpublished != last.Unpublish ||
			!v.Publication.At.Equal(noon.Add(time.Duration(last.Second)*time.Second)) {
			t.Fatalf("%+v after %+v", v.Publication, last)
		}
	})
}
