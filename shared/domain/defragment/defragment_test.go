package defragment_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/shared/domain/defragment"
	"sluice/shared/domain/defragment/defragmenttest"
	"sluice/shared/domain/sampletable"
	"sluice/shared/domain/sampletable/box"
)

// convert returns the plain file of a fragmented one that arrives in pieces of a size.
func convert(file []byte, piece int) ([]byte, error) {
	var out bytes.Buffer
	w := defragment.NewWriter(&out)
	for len(file) > 0 {
		n := min(piece, len(file))
		if _, err := w.Write(file[:n]); err != nil {
			return nil, err
		}
		file = file[n:]
	}
	begin, err := w.Close()
	if err != nil {
		return nil, err
	}
	copy(out.Bytes()[begin.At:], begin.Bytes)
	return out.Bytes(), nil
}

// parsePlain returns the movie of a plain file, whose boxes must be ftyp, mdat and moov.
func parsePlain(t interface {
	Helper()
	Fatal(...any)
}, file []byte) sampletable.Movie {
	t.Helper()
	top, err := box.List(file)
	if err != nil || len(top) != 3 || top[0].Name+top[1].Name+top[2].Name != "ftypmdatmoov" {
		t.Fatal("boxes", len(top), err)
	}
	m, err := sampletable.ParseMovie(top[2].Data, int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// The plain file has the samples of all fragments, with their bytes, times and key frames, however it arrives.
func TestPlainFileHasSamplesOfFragments(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		one := rapid.Custom(func(t *rapid.T) defragmenttest.Sample {
			return defragmenttest.Sample{
				Duration: rapid.Uint32Range(1, 5000).Draw(t, "duration"),
				Size:     rapid.Uint32Range(0, 40).Draw(t, "size"),
				CTS:      rapid.Uint32Range(0, 3000).Draw(t, "cts"), Key: rapid.Bool().Draw(t, "key"),
			}
		})
		fragments := rapid.SliceOfN(rapid.SliceOfN(one, 1, 9), 1, 5).Draw(t, "fragments")
		fragments[0][0].CTS = defragmenttest.MediaTime // what the edit list shows first
		file, err := convert(defragmenttest.BuildFile(fragments), rapid.IntRange(1, 500).Draw(t, "piece"))
		if err != nil {
			t.Fatal(err)
		}
		m := parsePlain(t, file)
		if len(m.Tracks) != 2 {
			t.Fatal(len(m.Tracks), "tracks")
		}
		for i, track := range m.Tracks {
			n, dts, end := 0, int64(0), int64(0)
			for _, f := range fragments {
				for k, s := range f {
					got := track.Samples[n]
					n++
					want := sampletable.Sample{
						DTS: dts, Offset: got.Offset, CTS: int32(s.CTS), Duration: s.Duration, Size: s.Size,
						Key: s.Key || i == 1,
					}
					if d := cmp.Diff(want, got); d != "" {
						t.Fatal(d)
					}
					stored := file[got.Offset : got.Offset+int64(got.Size)]
					if !bytes.Equal(defragmenttest.BytesOf(byte(i), k, s), stored) {
						t.Fatalf("track %d: other bytes of sample %d", i, n)
					}
					end = max(end, dts+int64(s.CTS)+int64(s.Duration))
					dts += int64(s.Duration)
				}
			}
			if n != len(track.Samples) {
				t.Fatal(n, "samples of", len(track.Samples))
			}
			empty := defragmenttest.EmptyEdit * defragmenttest.Timescale / defragmenttest.MovieScale
			if want := int64(defragmenttest.MediaTime - empty); track.Shift != want {
				t.Fatal("shift", track.Shift, "want", want)
			}
			if track.End < end || track.End > end+defragmenttest.Timescale/defragmenttest.MovieScale {
				t.Fatal("the edit list ends at", track.End, "want", end)
			}
		}
	})
}

// A file that is not what FFmpeg writes, or ends early, is an error.
func TestOtherFilesAreRejected(t *testing.T) {
	t.Parallel()
	one := []defragmenttest.Sample{{Duration: 640, Size: 5, CTS: 640, Key: true}}
	good := defragmenttest.BuildFile([][]defragmenttest.Sample{one, one})
	if _, err := convert(good, 7); err != nil {
		t.Fatal(err)
	}
	ftyp := len(box.Wrap("ftyp", []byte("isom"), defragmenttest.Words(0)))
	begins := func(at uint32) []byte { return box.Wrap("tfdt", defragmenttest.Words(0, at)) }
	late := bytes.Replace(good, begins(0), begins(9), 1)
	for name, file := range map[string][]byte{
		"empty":                      nil,
		"ends within a box":          good[:len(good)-3],
		"ends before the data":       good[:len(good)-2*5-8],
		"no samples":                 good[:bytes.Index(good, []byte("moof"))-4],
		"no file type":               good[ftyp:],
		"a file type twice":          append(bytes.Clone(good[:ftyp]), good...),
		"data before the fragment":   append(bytes.Clone(good[:ftyp]), box.Wrap("mdat", []byte("x"))...),
		"begins late":                late,
		"a size below that of a box": append(defragmenttest.Words(4), "ftyp"...),
		"a box without an end":       append(defragmenttest.Words(1<<31), "moov"...),
	} {
		if out, err := convert(file, 100); err == nil {
			t.Errorf("%s: %d bytes and no error", name, len(out))
		}
	}
}

// Whatever the bytes are, the result is an error or a file, and no sample lies outside of it.
func TestDamagedFragmentsDoNoHarm(t *testing.T) {
	t.Parallel()
	good := defragmenttest.BuildFile([][]defragmenttest.Sample{
		{{Duration: 640, Size: 5, CTS: 640, Key: true}, {Duration: 640, Size: 9, CTS: 1280}},
		{{Duration: 640, Size: 5, CTS: 640, Key: true}},
	})
	plain := 0
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 0))
		file := bytes.Clone(good)
		for range 1 + r.IntN(4) {
			file[r.IntN(len(file))] = byte(r.Uint32())
		}
		out, err := convert(file, 1+r.IntN(300))
		if err != nil {
			continue
		}
		plain++
		top, err := box.List(out)
		if err != nil || len(top) < 3 {
			t.Fatal(seed, len(top), err)
		}
		_, _ = sampletable.ParseMovie(top[2].Data, int64(len(out)))
	}
	if plain == 0 || plain == 3000 {
		t.Errorf("%d of 3000 are plain files", plain)
	}
}
