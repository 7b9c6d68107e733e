package media_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/shared/domain/fileformat"
	"sluice/shared/domain/media"
	"sluice/shared/domain/video"
)

var (
	rate25    = video.Rate{Num: 25, Den: 1}
	rate2997  = video.Rate{Num: 30000, Den: 1001}
	rate23976 = video.Rate{Num: 24000, Den: 1001}
	rate5994  = video.Rate{Num: 60000, Den: 1001}
	rate5     = video.Rate{Num: 5, Den: 1}
)

func TestBuildLadder(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name          string
		width, height int
		want          []string
	}{
		{"720p", 1280, 720, []string{"720p 1280x720 2534000", "480p 854x480 1230000", "360p 640x360 864000"}},
		{"1080p", 1920, 1080, []string{"1080p 1920x1080 5184000", "720p 1280x720 2534000", "480p 854x480 1230000"}},
		{"8K", 7680, 4320, []string{"1080p 1920x1080 5184000", "720p 1280x720 2534000", "480p 854x480 1230000"}},
		{"portrait", 1080, 1920, []string{"1080p 1080x1920 5184000", "720p 720x1280 2534000", "480p 480x854 1230000"}},
		{"square", 600, 600, []string{"480p 480x480 691000", "360p 360x360 486000"}},
		{"between rungs", 1024, 576, []string{"480p 854x480 1230000", "360p 640x360 864000"}},
		{"lowest rung", 640, 360, []string{"360p 640x360 864000"}},
		{"below the lowest", 321, 243, []string{"242p 320x242 329000"}},
		{"cinema", 1920, 800, []string{"720p 1728x720 3421000", "480p 1152x480 1659000", "360p 864x360 1166000"}},
		{"tiny", 17, 16, []string{"16p 16x16 64000"}},
		{"odd long side", 641, 360, []string{"360p 640x360 864000"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, r := range media.BuildLadder(video.Media{Width: tt.width, Height: tt.height, Rate: rate25}) {
				got = append(got, fmt.Sprintf("%s %dx%d %d", r.Name, r.Width, r.Height, r.Bitrate))
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestNewPlan(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		rate    video.Rate
		frames  int
		segment int
		borders []int
	}{
		{"one short chunk", rate25, 132, 50, []int{0, 132}},
		{"one frame", rate25, 1, 50, []int{0, 1}},
		{"just under twelve seconds", rate25, 299, 50, []int{0, 299}},
		{"twelve seconds", rate25, 300, 50, []int{0, 200, 300}},
		{"whole chunks", rate25, 400, 50, []int{0, 200, 400}},
		{"small remainder", rate25, 499, 50, []int{0, 200, 499}},
		{"large remainder", rate25, 500, 50, []int{0, 200, 400, 500}},
		{"29.97", rate2997, 720, 60, []int{0, 240, 480, 720}},
		{"23.976", rate23976, 480, 48, []int{0, 192, 384, 480}},
		{"59.94", rate5994, 1000, 120, []int{0, 480, 1000}},
		{"slow", rate5, 900, 10, []int{0, 160, 320, 480, 640, 800, 900}},
		{"slow and short", rate5, 230, 10, []int{0, 230}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := media.NewPlan(video.Media{
				Width: 640, Height: 360, Rate: tt.rate, Frames: tt.frames, AudioCodec: "aac",
			})
			if p.SegmentFrames != tt.segment || !slices.Equal(p.Borders, tt.borders) || !p.Audio {
				t.Errorf("got %+v, want segments of %d, borders %v", p, tt.segment, tt.borders)
			}
		})
	}
}

// Chunks begin at, or soon after, a frame from which a decoder can begin.
func TestPlanFollowsKeyFrames(t *testing.T) {
	t.Parallel()
	every := func(frames int) (keys []int) {
		for n := 0; n < 1000; n += frames {
			keys = append(keys, n)
		}
		return keys
	}
	for _, tt := range []struct {
		name    string
		keys    []int
		borders []int
	}{
		{"not known", nil, []int{0, 200, 400, 600, 800, 1000}},
		{"every segment", every(50), []int{0, 200, 400, 600, 800, 1000}},
		{"every ten seconds", every(250), []int{0, 250, 500, 750, 1000}},
		{"every five seconds", every(125), []int{0, 250, 500, 750, 900, 1000}},
		{"one", []int{0}, []int{0, 200, 400, 600, 800, 1000}},
		{"nearly every segment", every(49), []int{0, 200, 400, 600, 800, 1000}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := video.Media{Width: 640, Height: 360, Rate: video.Rate{Num: 25, Den: 1}, Frames: 1000}
			if p := media.NewIndexedPlan(m, media.Indexed{Keys: tt.keys}); !slices.Equal(p.Borders, tt.borders) {
				t.Errorf("borders %v, want %v", p.Borders, tt.borders)
			}
		})
	}
}

// drawSource draws a video as Inspect could return it.
func drawSource(t *rapid.T) video.Media {
	rate := rapid.SampledFrom([]string{
		"1/1", "15/2", "10/1", "25/2", "24000/1001", "25/1", "30000/1001", "60000/1001", "60/1",
	}).Draw(t, "rate")
	r, err := media.ChooseGridRate(rate, rate)
	if err != nil {
		t.Fatal(err)
	}
	return video.Media{
		Container: fileformat.Mov, Rate: r,
		Width:      rapid.IntRange(16, 8192).Draw(t, "width"),
		Height:     rapid.IntRange(16, 4320).Draw(t, "height"),
		Frames:     rapid.IntRange(1, 100_000).Draw(t, "frames"),
		Start:      rapid.Int64Range(-1<<33, 1<<33).Draw(t, "start"),
		TimeBase:   video.Rate{Num: 1, Den: rapid.SampledFrom([]int{1000, 12800, 90000}).Draw(t, "time base")},
		AudioCodec: rapid.SampledFrom([]string{"", "aac"}).Draw(t, "sound"),
		Interlaced: rapid.Bool().Draw(t, "interlaced"),
	}
}

// Renditions are not larger than the source and have its aspect ratio. Sides are even, names are distinct, and sizes
// and bitrates descend.
func TestLadderNeverScalesUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := drawSource(t)
		names, last := map[string]bool{}, 1<<31
		for _, r := range media.BuildLadder(m) {
			if r.Width > m.Width || r.Height > m.Height || r.Width%2+r.Height%2 != 0 || r.Width < 16 || r.Height < 16 {
				t.Errorf("%+v of %d × %d", r, m.Width, m.Height)
			}
			if off := float64(r.Width)*float64(
				m.Height,
			) - float64(r.Height)*float64(m.Width); off > 2*float64(m.Width+m.Height) ||
				off < -2*float64(m.Width+m.Height) {
				t.Errorf("%+v has not the shape of %d × %d", r, m.Width, m.Height)
			}
			if names[r.Name] || r.Bitrate > last || r.Bitrate < 64_000 {
				t.Errorf("%+v after %v and %d bits/s", r, names, last)
			}
			names[r.Name], last = true, r.Bitrate
		}
		if len(names) < 1 || len(names) > 3 {
			t.Errorf("%d renditions", len(names))
		}
	})
}

// Borders ascend from 0 to the last frame and lie between segments. No chunk is shorter than four seconds unless it is
// the only one, and none longer than fourteen unless the source is slow, and then it has less than 280 frames.
func TestPlanCoversAllFrames(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := drawSource(t)
		keys := rapid.SliceOfN(rapid.IntRange(0, m.Frames), 0, 50).Draw(t, "keys")
		slices.Sort(keys)
		p := media.NewIndexedPlan(m, media.Indexed{Keys: keys})
		if p.Borders[0] != 0 || p.FrameCount() != m.Frames {
			t.Errorf("borders %v of %d frames", p.Borders, m.Frames)
		}
		for i, b := range p.Borders[1:] {
			size, last := b-p.Borders[i], i == len(p.Borders)-2
			if size < 1 || !last && b%p.SegmentFrames != 0 {
				t.Errorf("border %d at %d", i+1, b)
			}
			if i > 0 && size < 2*p.SegmentFrames || size >= max(7*p.SegmentFrames, 280) {
				t.Errorf("chunk %d has %d frames", i, size)
			}
		}
	})
}
