package sampletable_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/shared/domain/sampletable"
	"sluice/shared/domain/sampletable/audioindex"
)

// newPackets returns packets of audio with these durations, one behind the other in the file.
func newPackets(durations ...uint32) (all []sampletable.Sample) {
	dts := int64(0)
	for i, d := range durations {
		all = append(all, sampletable.Sample{DTS: dts, Duration: d, Size: 9, Offset: 5000 + 9*int64(i), Key: true})
		dts += int64(d)
	}
	return all
}

// audioIndex returns the index of a video of ten seconds with packets of audio in ticks of 1/600 s.
func audioIndex(
	t testing.TB, m movie, format audioindex.Format, shownAt float64,
) ([]byte, sampletable.Head) {
	t.Helper()
	frames := make([]sampletable.Sample, 250)
	for i := range frames {
		frames[i] = sampletable.Sample{DTS: int64(i) * 24, Duration: 24, Size: 7, Offset: 100, Key: true}
	}
	m.handler = "soun"
	moov, err := sampletable.ParseMovie(wrapTracks(movie{samples: frames}.trak(7), m.trak(8)), fileSize)
	if err != nil {
		t.Fatal(err)
	}
	s := sampletable.Source{Movie: moov, ShownAt: shownAt, AudioFormat: format}
	s.Video, _ = moov.FindTrack(7)
	audio, _ := moov.FindTrack(8)
	s.Audio = &audio
	b, err := sampletable.BuildIndex(s, true)
	if err != nil {
		t.Fatal(err)
	}
	h, err := sampletable.ParseHead(b)
	if err != nil {
		t.Fatal(err)
	}
	return b, h
}

// readPackets returns the packets that a task finds for a window.
func readPackets(t testing.TB, b []byte, h sampletable.Head, w audioindex.Window) []sampletable.Sample {
	t.Helper()
	r := h.FindAudioBlocks(w)
	all, err := sampletable.ParseBlocks(b[r.From:r.To])
	if err != nil {
		t.Fatal(err)
	}
	return w.Select(all)
}

// Packets are where a decoder that reads all of them would put them: behind each other whatever their times say, unless
// a gap is longer than a tenth of a second.
func TestAudioPacketsArePlaced(t *testing.T) {
	t.Parallel()
	aac := audioindex.Format{Rate: 600, PacketSamples: []int{20}}
	any := audioindex.Format{Rate: 600}
	edit := func(length, mediaTime int64) []byte {
		return box("edts", table("elst", 3, length, mediaTime, 1<<16))
	}
	for _, tt := range []struct {
		name    string
		m       movie
		format  audioindex.Format
		shownAt float64
		want    []int64 // positions; nil: the audio is decoded as a whole
	}{
		{"one after the other", movie{samples: newPackets(20, 20, 20)}, aac, 0, []int64{0, 20, 40}},
		{"jitter", movie{samples: newPackets(21, 20, 19, 22, 20, 20)}, aac, 0, []int64{0, 20, 40, 60, 80, 100}},
		{"gap", movie{samples: newPackets(20, 100, 20, 20)}, aac, 0, []int64{0, 20, 120, 140}},
		{"late pictures", movie{samples: newPackets(20, 20, 20)}, aac, 0.05, []int64{-30, -10, 10}},
		{"less than a millisecond", movie{samples: newPackets(20, 20)}, aac, 0.0009, []int64{0, 20}},
		{
			"priming is hidden", movie{samples: newPackets(20, 20, 20), edits: edit(0, 20)}, aac, 0,
			[]int64{-20, 0, 20},
		},
		{
			"shortened", movie{samples: newPackets(20, 20, 20), edits: edit(50, 0)}, aac, 0, []int64{0, 20},
		},
		{"other rate", movie{samples: newPackets(20, 20)}, audioindex.Format{
			Rate: 48000, PacketSamples: []int{1600},
		}, 0, []int64{0, 1600}},
		{"durations", movie{samples: newPackets(20, 30, 10)}, any, 0, []int64{0, 20, 50}},
		{"other packets", movie{samples: newPackets(20, 20)}, audioindex.Format{
			Rate: 600, PacketSamples: []int{1024},
		}, 0, nil},
		{"overlap", movie{samples: newPackets(append(slices.Repeat([]uint32{20}, 20),
			slices.Repeat([]uint32{2}, 19)...)...)}, aac, 0, nil},
		{"points", movie{samples: newPackets(1, 1, 1)}, any, 0, nil},
		{"not known", movie{samples: newPackets(20)}, audioindex.Format{}, 0, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b, h := audioIndex(t, tt.m, tt.format, tt.shownAt)
			if h.AudioRate() == 0 {
				if tt.want != nil {
					t.Error("the index has no packets")
				}
				return
			}
			var got []int64
			for _, p := range readPackets(t, b, h, audioindex.Window{From: -1 << 40, To: 1 << 40}) {
				got = append(got, p.DTS)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// A task finds every packet of its window and those before it without a gap, from its blocks alone, and the part that
// is built of them has them at the same distances in time.
func TestIndexHasPacketsOfWindow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		durations := rapid.SliceOfN(rapid.SampledFrom([]uint32{20, 20, 20, 20, 20, 20, 20, 200}), 1, 1500)
		m := movie{samples: newPackets(durations.Draw(rt, "durations")...)}
		b, h := audioIndex(t, m, audioindex.Format{Rate: 600, PacketSamples: []int{20}}, 0)
		if h.AudioRate() == 0 {
			return
		}
		all := readPackets(t, b, h, audioindex.Window{From: -1 << 40, To: 1 << 40})
		w := audioindex.Window{
			From: rapid.Int64Range(0, 30_000).Draw(rt, "from"), Packets: rapid.IntRange(0, 10).Draw(rt, "before"),
		}
		w.To = w.From + rapid.Int64Range(0, 5000).Draw(rt, "length")
		got := readPackets(t, b, h, w)
		if d := cmp.Diff(w.Select(all), got); d != "" {
			rt.Fatal(d)
		}
		if len(got) == 0 {
			return
		}
		part, err := h.BuildVideoPart([]sampletable.Sample{{Size: 7, Offset: 100, Duration: 24, Key: true}}, got, 0)
		if err != nil {
			rt.Fatal(err)
		}
		moov := part.Head[:bytes.Index(part.Head, []byte("mdat"))-4]
		tracks, err := sampletable.ParseMovie(moov, part.Size())
		if err != nil {
			rt.Fatal(err)
		}
		sound, _ := tracks.FindTrack(8)
		for i, s := range sound.Samples {
			if s.DTS != got[i].DTS-got[0].DTS || s.Size != got[i].Size || sound.Timescale != 600 {
				rt.Fatalf("packet %d is %+v, want %+v", i, s, got[i])
			}
		}
		if part.Audio.First != got[0].DTS || part.Audio.Rate != 600 || len(sound.Samples) != len(got) {
			rt.Fatalf("%+v, %d packets of %d", part.Audio, len(sound.Samples), len(got))
		}
	})
}
