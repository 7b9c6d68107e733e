package sampletable_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"sluice/shared/domain/sampletable"
	"sluice/shared/domain/sampletable/sample"
)

const fileSize = 1 << 40

// box returns a box of a name with a body.
func box(name string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(len(body)+8)), name...), body...)
}

// words returns numbers of 32 bits.
func words(all ...int64) (b []byte) {
	for _, n := range all {
		b = binary.BigEndian.AppendUint32(b, uint32(n))
	}
	return b
}

// table returns a box with a number of entries, each of width numbers.
func table(name string, width int, numbers ...int64) []byte {
	return box(name, words(0, int64(len(numbers)/width)), words(numbers...))
}

// movie has the tables of one track, each sample of which is a chunk of its own.
type movie struct {
	samples []sampletable.Sample
	edits   []byte // edts box
	tables  []byte // replaces the tables, if it is not nil
	handler string // "soun"
}

// moov returns the moov box.
func (m movie) moov() []byte { return wrapTracks(m.trak(7)) }

// wrapTracks returns a moov box with these trak boxes.
func wrapTracks(all ...[]byte) []byte {
	return box("moov", box("mvhd", words(0, 0, 0, 1000, 0), make([]byte, 80)), slices.Concat(all...))
}

// trak returns the trak box with an id.
func (m movie) trak(id int64) []byte {
	var stts, ctts, stss, stsz, co64 []int64
	for i, s := range m.samples {
		stts, ctts = append(stts, 1, int64(s.Duration)), append(ctts, 1, int64(s.CTS))
		stsz, co64 = append(stsz, int64(s.Size)), append(co64, s.Offset>>32, s.Offset)
		if s.Key {
			stss = append(stss, int64(i+1))
		}
	}
	tables := m.tables
	if tables == nil {
		tables = slices.Concat(
			box("stsd", words(0, 1), box("avc1")), table("stts", 2, stts...), table("ctts", 2, ctts...),
			table("stss", 1, stss...), table("stsc", 3, 1, 1, 1),
			box("stsz", words(0, 0, int64(len(stsz))), words(stsz...)), table("co64", 2, co64...),
		)
	}
	return box(
		"trak", box("tkhd", words(0, 0, 0, id), make([]byte, 72)), m.edits,
		box("mdia", box("mdhd", words(0, 0, 0, 600, 0, 0)), box("hdlr", words(0, 0), []byte(m.handler)),
			box("minf", box("vmhd", words(1, 0, 0)), box("stbl", tables))),
	)
}

// drawSamples draws samples in groups of pictures: each group begins with a key frame that is shown after the group
// before, and is decoded in another order than it is shown.
func drawSamples(t *rapid.T) (all []sampletable.Sample) {
	dts, offset := int64(0), int64(rapid.IntRange(8, 1<<33).Draw(t, "mdat"))
	for range rapid.IntRange(1, 40).Draw(t, "groups") {
		first, n := dts, rapid.IntRange(1, 60).Draw(t, "frames")
		for i := range n {
			s := sampletable.Sample{
				DTS: dts, Duration: uint32(rapid.SampledFrom([]int{20, 20, 20, 25, 300}).Draw(t, "duration")),
				Size: uint32(rapid.IntRange(0, 9000).Draw(t, "size")), Offset: offset, Key: i == 0,
			}
			if i > 0 { // behind the key frame
				s.CTS = int32(first-dts) + int32(rapid.IntRange(1, int(dts-first)+200).Draw(t, "shown"))
			}
			dts += int64(s.Duration)
			offset += int64(s.Size) + rapid.SampledFrom([]int64{0, 0, 0, 700}).Draw(t, "gap")
			all = append(all, s)
		}
	}
	return all
}

// index returns the index of samples, and its head.
func index(t *rapid.T, samples []sampletable.Sample, start int64) ([]byte, sampletable.Head) {
	m, err := sampletable.ParseMovie(movie{samples: samples}.moov(), fileSize)
	if err != nil {
		t.Fatal(err)
	}
	video, ok := m.FindTrack(7)
	if !ok {
		t.Fatal("no track 7")
	}
	if d := cmp.Diff(samples, video.Samples); d != "" {
		t.Fatalf("samples written (-) and read (+):\n%s", d)
	}
	b, err := sampletable.BuildIndex(sampletable.Source{Movie: m, Video: video, Start: start}, false)
	if err != nil {
		t.Fatal(err)
	}
	size, err := sampletable.HeadSize(b)
	if err != nil {
		t.Fatal(err)
	}
	h, err := sampletable.ParseHead(b[:size])
	if err != nil {
		t.Fatal(err)
	}
	return b, h
}

// A task that reads only its blocks of the index gets the samples from the last key frame before the window on, every
// sample that is shown in it, and one that is shown after it; and no sample between is missing.
func TestIndexHasSamplesOfWindow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		samples := drawSamples(t)
		b, h := index(t, samples, samples[0].PTS())
		end := samples[len(samples)-1].DTS + 1000
		w := sampletable.Window{KeyBefore: rapid.Int64Range(1, end).Draw(t, "from")}
		w.End = w.KeyBefore + rapid.Int64Range(0, end).Draw(t, "length")
		r := h.FindBlocks(w)
		all, err := sampletable.ParseBlocks(b[r.From:r.To])
		if err != nil {
			t.Fatal(err)
		}
		got, err := h.SelectSamples(all, w)
		if err != nil {
			t.Fatal(err)
		}
		first := slices.IndexFunc(samples, func(s sampletable.Sample) bool { return s.DTS == got[0].DTS && s.Key })
		if first < 0 || !slices.Equal(samples[first:first+len(got)], got) {
			t.Fatalf("%d samples from %+v are not consecutive samples of the track", len(got), got[0])
		}
		for i, s := range samples {
			switch used := i >= first && i < first+len(got); {
			case i > first && s.Key && s.PTS() < w.KeyBefore:
				t.Fatalf("sample %d is a later key frame than %d", i, first)
			case i > first && s.PTS() < w.End && !used:
				t.Fatalf("sample %d, which is shown, is missing", i)
			}
		}
		isAfter := func(s sampletable.Sample) bool { return s.PTS() >= w.End }
		if first+len(got) < len(samples) && !slices.ContainsFunc(got, isAfter) {
			t.Fatal("no sample ends the last frame")
		}
	})
}

// The part has the samples' bytes at the places that its tables say, with the times of the source moved by the same
// number of ticks.
func TestVideoPartHasSamples(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		samples := drawSamples(t)
		start := samples[0].PTS()
		_, h := index(t, samples, start)
		part, err := h.BuildVideoPart(samples, nil, rapid.Int64Range(0, 1000).Draw(t, "gap"))
		if err != nil {
			t.Fatal(err)
		}
		m, err := sampletable.ParseMovie(part.Head[:bytes.Index(part.Head, []byte("mdat"))-4], part.Size())
		if err != nil {
			t.Fatal(err)
		}
		moved := func(s sampletable.Sample) sampletable.Sample {
			at := int64(len(part.Head))
			for _, r := range part.Ranges {
				if s.Offset >= r.From && s.Offset+int64(s.Size) <= r.To {
					s.Offset += at - r.From
					break
				}
				at += r.Len()
			}
			s.CTS, s.DTS = int32(s.PTS()-start+part.Start-s.DTS), s.DTS-samples[0].DTS
			s.CTS += int32(samples[0].DTS)
			return s
		}
		var want []sampletable.Sample
		for _, s := range samples {
			want = append(want, moved(s))
		}
		empty := cmpopts.IgnoreFields(sampletable.Sample{}, "Offset") // of samples without bytes
		for i, got := range m.Tracks[0].Samples {
			if got.Offset != want[i].Offset && got.Size > 0 || !cmp.Equal(want[i], got, empty) || got.CTS < 0 {
				t.Fatalf("sample %d is %+v, want %+v", i, got, want[i])
			}
		}
		if len(m.Tracks[0].Samples) != len(samples) {
			t.Fatalf("%d samples of %d", len(m.Tracks[0].Samples), len(samples))
		}
	})
}

func TestJoinRangesCoversAllBytesOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var all []sampletable.Range
		for range rapid.IntRange(0, 20).Draw(t, "ranges") {
			from := rapid.Int64Range(0, 200).Draw(t, "from")
			all = append(all, sampletable.Range{From: from, To: from + rapid.Int64Range(0, 30).Draw(t, "length")})
		}
		gap := rapid.Int64Range(0, 10).Draw(t, "gap")
		joined := sample.JoinRanges(all, gap)
		for i := 1; i < len(joined); i++ {
			if joined[i].From-joined[i-1].To <= gap {
				t.Fatalf("%v and %v are nearer than %d", joined[i-1], joined[i], gap)
			}
		}
		for _, r := range all {
			if r.Len() > 0 && !slices.ContainsFunc(joined, func(j sampletable.Range) bool {
				return j.From <= r.From && r.To <= j.To
			}) {
				t.Fatalf("%v is not in %v", r, joined)
			}
		}
		for _, j := range joined {
			if !slices.ContainsFunc(all, func(r sampletable.Range) bool { return r.From == j.From }) {
				t.Fatalf("%v begins at no range", j)
			}
		}
	})
}

// A damaged or truncated moov box, or index, is an error and not a panic.
func TestDamagedBytesAreErrors(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		samples := drawSamples(t)
		b, _ := index(t, samples, 0)
		moov := movie{samples: samples}.moov()
		for _, damaged := range [][]byte{moov, b} {
			for range rapid.IntRange(1, 4).Draw(t, "bytes") {
				damaged[rapid.IntRange(0, len(damaged)-1).Draw(t, "at")] ^= byte(rapid.IntRange(1, 255).Draw(t, "by"))
			}
		}
		_, _ = sampletable.ParseMovie(moov[:rapid.IntRange(0, len(moov)).Draw(t, "cut")], fileSize)
		_, _ = sampletable.ParseMovie(moov, fileSize)
		_, _ = sampletable.ParseBlocks(b)
		_, _ = sampletable.ParseAudio(b)
		h, err := sampletable.ParseHead(b)
		if err != nil {
			return
		}
		w := sampletable.Window{KeyBefore: 1, End: math.MaxInt64}
		if part, err := h.BuildVideoPart(samples, nil, 0); err == nil && len(part.Head) == 0 {
			t.Fatal("an empty part")
		}
		_ = h.FindBlocks(w)
	})
}

func TestFilesWithoutIndex(t *testing.T) {
	t.Parallel()
	key := sampletable.Sample{Duration: 20, Size: 100, Offset: 5000, Key: true}
	at := func(dts int64, key bool) sampletable.Sample {
		return sampletable.Sample{DTS: dts, Duration: 20, Size: 100, Offset: 6000 + 10*dts, Key: key}
	}
	early := at(40, true)
	early.CTS = -40
	edit := func(entries ...int64) []byte { return box("edts", table("elst", 3, entries...)) }
	good := []sampletable.Sample{key, at(20, false), at(40, true)}
	for _, tt := range []struct {
		name string
		movie
		size int64
		ok   bool
	}{
		{name: "plain", movie: movie{samples: good}, ok: true},
		{
			name:  "one edit behind an empty one",
			movie: movie{samples: good, edits: edit(500, -1, 1<<16, 60, 20, 1<<16)},
			ok:    true,
		},
		{name: "two edits", movie: movie{samples: good, edits: edit(60, 0, 1<<16, 60, 20, 1<<16)}},
		{name: "half speed", movie: movie{samples: good, edits: edit(60, 0, 1<<15)}},
		{name: "sample behind the end", movie: movie{samples: good}, size: 6399},
		{name: "key frames out of order", movie: movie{samples: []sampletable.Sample{key, at(20, false), early}}},
		{name: "no key frame first", movie: movie{samples: []sampletable.Sample{at(0, false), at(20, true)}}},
		{name: "no samples", movie: movie{}},
		{name: "no table of key frames", movie: movie{tables: slices.Concat(
			box("stsd", words(0, 1), box("avc1")), table("stts", 2, 3, 20), table("stsc", 3, 1, 3, 1),
			box("stsz", words(0, 100, 3)), table("stco", 1, 500),
		)}},
		{name: "billions of samples", movie: movie{tables: slices.Concat(
			box("stsd", words(0, 1), box("avc1")), table("stts", 2, math.MaxUint32, 20), table("stsc", 3, 1, 3, 1),
			box("stsz", words(0, 1, math.MaxUint32)), table("stco", 1, 500),
		)}},
		{name: "two descriptions", movie: movie{tables: slices.Concat(
			box("stsd", words(0, 2), box("avc1"), box("avc1")), table("stts", 2, 1, 20), table("stss", 1, 1),
			table("stsc", 3, 1, 1, 1), box("stsz", words(0, 100, 1)), table("stco", 1, 500),
		)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			size := tt.size
			if size == 0 {
				size = fileSize
			}
			m, err := sampletable.ParseMovie(tt.moov(), size)
			if err == nil {
				_, err = sampletable.BuildIndex(sampletable.Source{Movie: m, Video: m.Tracks[0]}, false)
			}
			if (err == nil) != tt.ok {
				t.Errorf("%v, want an index: %t", err, tt.ok)
			}
		})
	}
}

// The demuxer's times tell the presentation time of the first frame that is shown.
func TestFindStart(t *testing.T) {
	t.Parallel()
	track := sampletable.Track{Samples: []sampletable.Sample{
		{DTS: 0, CTS: 40, Offset: 100}, {DTS: 20, CTS: 60, Offset: 200}, {DTS: 40, CTS: 20, Offset: 300},
	}}
	line := func(pts, pos int) string { return fmt.Sprintf("%d,0,20,%d,K__\n", pts, pos) }
	for _, tt := range []struct {
		name    string
		start   int64
		packets string
		want    int64
		ok      bool
	}{
		{"moved by an edit list", 0, line(0, 100) + line(40, 200) + line(20, 300), 40, true},
		{"as in the tables", 60, line(80, 200), 60, true},
		{"moved unevenly", 0, line(0, 100) + line(41, 200), 0, false},
		{"of another track", 0, line(0, 101), 0, false},
		{"the start is no frame", 10, line(0, 100), 0, false},
		{"no packets", 0, "", 0, false},
		{"no position", 0, "0,0,20,N/A,K__\n", 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := track.FindStart(tt.start, []byte(tt.packets))
			if (err == nil) != tt.ok || got != tt.want {
				t.Errorf("%d, %v; want %d", got, err, tt.want)
			}
		})
	}
}

// The audio part has all bytes of its samples, also if tracks share them.
func TestAudioChunksHaveAllSamples(t *testing.T) {
	t.Parallel()
	m, err := sampletable.ParseMovie(movie{samples: []sampletable.Sample{
		{Duration: 20, Size: 100, Offset: 1000, Key: true}, {DTS: 20, Duration: 20, Size: 100, Offset: 3000},
	}}.moov(), fileSize)
	if err != nil {
		t.Fatal(err)
	}
	audio := sampletable.Track{
		Chunks: []int64{2000}, Samples: []sampletable.Sample{{Offset: 2000, Size: 600}, {Offset: 2600, Size: 600}},
	}
	b, err := sampletable.BuildIndex(sampletable.Source{Movie: m, Video: m.Tracks[0], Audio: &audio}, false)
	if err != nil {
		t.Fatal(err)
	}
	h, err := sampletable.ParseHead(b)
	if err != nil {
		t.Fatal(err)
	}
	r := h.AudioRange()
	got, err := sampletable.ParseAudio(b[r.From:r.To])
	if d := cmp.Diff([]sampletable.Range{{From: 2000, To: 3200}}, got.Chunks); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
}
