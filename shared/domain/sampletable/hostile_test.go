package sampletable_test

import (
	"slices"
	"testing"

	"sluice/shared/domain/sampletable"
	"sluice/shared/domain/sampletable/sample"
)

func movieHeader() []byte { return box("mvhd", words(0, 0, 0, 1000, 0), make([]byte, 80)) }

// claimingTrak returns a small trak box of a track with many samples of one byte.
func claimingTrak(chunks int, samples int64) []byte {
	moov := movie{tables: slices.Concat(
		box("stsd", words(0, 1), box("avc1")), table("stts", 2, samples, 0), table("stss", 1, 1),
		table("stsc", 3, 1, samples, 1), box("stsz", words(0, 1, samples)), table("stco", 1, make([]int64, chunks)...),
	)}.moov()
	return moov[8+len(movieHeader()):]
}

// A moov box that would take much more memory than its bytes is refused.
func TestClaimsOfMemoryAreRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		boxes [][]byte
		ok    bool
	}{
		{"two tracks", [][]byte{claimingTrak(1, 5_000), claimingTrak(1, 5_000)}, true},
		{"two tracks of many samples", [][]byte{claimingTrak(1, 3_000_000), claimingTrak(1, 7_000_001)}, false},
		{"more chunks than samples", [][]byte{claimingTrak(3, 2)}, false},
		{"many boxes", slices.Repeat([][]byte{box("free")}, 5_000), false},
		{
			"many boxes in a track", [][]byte{box("trak", slices.Repeat(box("free"), 5_000), claimingTrak(1, 1)[8:])},
			false,
		},
		{
			"many edits",
			[][]byte{box(
				"trak", box("edts", table("elst", 3, slices.Repeat([]int64{1, -1, 1 << 16}, 100)...)),
				claimingTrak(1, 1)[8:],
			)}, false,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			moov := box("moov", append([][]byte{movieHeader()}, tt.boxes...)...)
			if m, err := sampletable.ParseMovie(moov, fileSize); (err == nil) != tt.ok {
				t.Errorf("%d tracks, %v; want none: %t", len(m.Tracks), err, !tt.ok)
			}
		})
	}
}

// Samples of a few bytes that lie one behind the other are read together, up to the number of bytes.
func TestShortProbeSamplesAreOneRange(t *testing.T) {
	t.Parallel()
	track := sampletable.Track{Timescale: 1000}
	for i := range int64(100_000) {
		track.Samples = append(track.Samples, sampletable.Sample{DTS: i / 10, Offset: 500 + i, Size: 1})
	}
	m := sampletable.Movie{Tracks: []sampletable.Track{track}}
	all := m.FindProbeSamples(2, 10_000)
	if len(all) > 4 {
		t.Errorf("%d ranges", len(all))
	}
	joined := sample.JoinRanges(all, 0)
	if len(joined) != 1 || joined[0].From != 500 || joined[0].Len() < 10_000 || joined[0].Len() > 20_000 {
		t.Errorf("%v", joined)
	}
}

// Of sound whose samples have one size, only the first samples are kept: its chunks are all that an index needs.
func TestLongPCMTakesLittleMemory(t *testing.T) {
	t.Parallel()
	const samples, chunks = 500_000_000, 20_000
	for _, handler := range []string{"soun", "vide"} {
		moov := movie{handler: handler, tables: slices.Concat(
			box("stsd", words(0, 1), box("sowt")), table("stts", 2, samples, 1),
			table("stsc", 3, 1, samples/chunks, 1), box("stsz", words(0, 2, samples)),
			table("stco", 1, make([]int64, chunks)...),
		)}.moov()
		m, err := sampletable.ParseMovie(moov, fileSize)
		if handler == "vide" {
			if err == nil {
				t.Error("a track of pictures is not kept as a whole")
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		sound := m.Tracks[0]
		if n := len(sound.Samples); n > 1_000_000 || n < 48_000*11 || !sound.Partial || len(sound.Chunks) != chunks {
			t.Errorf("%d samples, %d chunks, partial: %t", n, len(sound.Chunks), sound.Partial)
		}
		if _, err := sampletable.BuildIndex(sampletable.Source{Movie: m, Video: sound}, true); err == nil {
			t.Error("an index has a part of the samples")
		}
	}
}
