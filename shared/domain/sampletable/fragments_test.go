package sampletable_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/shared/domain/sampletable"
)

// fragmentedFile returns a fragmented MP4 of a video track with samples, some of them in each fragment, beside one of
// another track. It sets the offsets of the samples.
func fragmentedFile(t *rapid.T, samples []sampletable.Sample) []byte {
	empty := slices.Concat(
		box("stsd", words(0, 1), box("avc1")), table("stts", 2), table("stsc", 3), box("stsz", words(0, 0, 0)),
		table("stco", 1),
	)
	init := movie{tables: empty}.moov()
	init = append(init, box("mvex", box("trex", words(0, 7, 1, 20, 300, 0x10000)))...)
	binary.BigEndian.PutUint32(init, uint32(len(init)))
	file := append(box("ftyp", []byte("isom")), init...)
	for at := 0; at < len(samples); {
		n := min(rapid.IntRange(1, 30).Draw(t, "samples of a fragment"), len(samples)-at)
		run := words(0x01000f01, int64(n), 0)
		size := int64(0)
		for _, s := range samples[at : at+n] {
			flags := rapid.SampledFrom([]int64{0x10000, 0x1010000, 0x1000000}).Draw(t, "flags")
			if s.Key {
				flags = 0
			}
			run = append(run, words(int64(s.Duration), int64(s.Size), flags, int64(s.CTS))...)
			size += int64(s.Size)
		}
		build := func(offset int64) []byte {
			binary.BigEndian.PutUint32(run[8:], uint32(offset))
			return box(
				"moof", box("mfhd", words(0, 1)),
				box("traf", box("tfhd", words(0x020000, 7)), box("tfdt", words(0, samples[at].DTS)), box("trun", run)),
				box("traf", box("tfhd", words(0x020000, 8)), box("tfdt", words(0, 0)), box("trun", words(0, 1))),
			)
		}
		moof := build(int64(len(build(0))) + 8)
		offset := int64(len(file) + len(moof) + 8)
		for i := range samples[at : at+n] {
			samples[at+i].Offset = offset
			offset += int64(samples[at+i].Size)
		}
		file = append(append(file, moof...), box("mdat", make([]byte, size))...)
		at += n
	}
	return file
}

func TestParseFragments(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		samples := drawSamples(t)
		file := fragmentedFile(t, samples)
		_, _, got, err := sampletable.ParseFragments(bytes.NewReader(file), int64(len(file)), 7)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(samples, got.Samples); d != "" {
			t.Fatalf("samples written (-) and read (+):\n%s", d)
		}
		if _, _, _, err := sampletable.ParseFragments(bytes.NewReader(file), int64(len(file)), 9); err == nil {
			t.Fatal("track 9 was found")
		}
		// Damaged bytes are an error, or other samples within the file, and not a panic.
		for range rapid.IntRange(1, 4).Draw(t, "bytes") {
			file[rapid.IntRange(0, len(file)-1).Draw(t, "at")] ^= byte(rapid.IntRange(1, 255).Draw(t, "by"))
		}
		_, _, got, _ = sampletable.ParseFragments(bytes.NewReader(file), int64(len(file)), 7)
		for _, s := range got.Samples {
			if s.Offset < 0 || s.Offset+int64(s.Size) > int64(len(file)) {
				t.Fatalf("sample %+v of %d bytes", s, len(file))
			}
		}
	})
}

// A file that says of all frames that they are key frames may not say which are.
func TestFragmentsWithoutKeyFrames(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		samples := drawSamples(t)
		for i := range samples {
			samples[i].Key, samples[i].CTS = true, 0
		}
		file := fragmentedFile(t, samples)
		_, m, video, err := sampletable.ParseFragments(bytes.NewReader(file), int64(len(file)), 7)
		if err != nil {
			t.Fatal(err)
		}
		for _, intraOnly := range []bool{false, true} {
			_, err := sampletable.BuildIndex(sampletable.Source{Movie: m, Video: video}, intraOnly)
			if (err == nil) != intraOnly {
				t.Fatalf("%v, want an index: %t", err, intraOnly)
			}
		}
	})
}

// freeBoxes is a file of empty boxes.
type freeBoxes struct{ reads int }

// ReadAt implements [io.ReaderAt].
func (f *freeBoxes) ReadAt(p []byte, _ int64) (int, error) {
	f.reads++
	return copy(p, "\x00\x00\x00\x08free\x00\x00\x00\x08free"), nil
}

func TestFragmentsAmongManyBoxes(t *testing.T) {
	t.Parallel()
	f := &freeBoxes{}
	if _, _, _, err := sampletable.ParseFragments(f, 1<<30, 7); err == nil || f.reads > 1_000_000 {
		t.Errorf("%v after %d boxes", err, f.reads)
	}
}
