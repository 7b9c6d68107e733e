package media_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"
	"pgregory.net/rapid"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/media"
	"sluice/shared/domain/media/fragment"
	"sluice/shared/domain/video"
)

// tinyPlan is a plan of three chunks: two segments, two segments, and one and a half.
var tinyPlan = video.Plan{
	Rate: rate25, SegmentFrames: 4, Borders: []int{0, 8, 16, 22}, Audio: true,
	Renditions: []video.Rendition{
		{Name: "360p", Width: 640, Height: 360, Bitrate: 800_000},
		{Name: "240p", Width: 426, Height: 240, Bitrate: 400_000},
	},
}

// frameTicks is how many ticks a frame lasts at 25 frames a second.
const frameTicks = 512

// initSegment returns an init segment as ffmpeg writes it, with the parameter sets of a real encode of 64 × 48 pixels.
func initSegment(t testing.TB, timescale uint32) []byte {
	t.Helper()
	sps, _ := hex.DecodeString("6764000aacd9447b011000000300100000030320f1225960")
	pps, _ := hex.DecodeString("68ebe3cb22c0")
	init := mp4.CreateEmptyInit()
	kind := map[bool]string{true: "audio", false: "video"}[timescale == media.SampleRate]
	track := init.AddEmptyTrack(timescale, kind, "und")
	err := track.SetAACDescriptor(2, media.SampleRate)
	if kind == "video" {
		err = track.SetAVCDescriptor("avc1", [][]byte{sps}, [][]byte{pps}, true)
	}
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := init.Encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// newFragment returns a fragment of n samples of dur ticks each. The first is a key frame.
func newFragment(t testing.TB, sequence, at, n, dur int) []byte {
	t.Helper()
	f, err := mp4.CreateFragment(uint32(sequence), 1)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		flags := mp4.NonSyncSampleFlags
		if i == 0 || dur == 1024 {
			flags = mp4.SyncSampleFlags
		}
		f.AddFullSample(mp4.FullSample{
			Sample:     mp4.Sample{Flags: flags, Dur: uint32(dur), Size: 3},
			DecodeTime: uint64(at + i*dur), Data: []byte{1, 2, byte(i)},
		})
	}
	var b bytes.Buffer
	if err := f.Encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// encodedFile returns a file as ffmpeg writes it for a video task, with a number of frames.
func encodedFile(t testing.TB, task video.Task, frames int) []byte {
	t.Helper()
	file := initSegment(t, 12800)
	for i := 0; i*tinyPlan.SegmentFrames < frames; i++ {
		n := min(tinyPlan.SegmentFrames, frames-i*tinyPlan.SegmentFrames)
		file = append(
			file, newFragment(t, task.Segment+i, (task.From+i*tinyPlan.SegmentFrames)*frameTicks, n, frameTicks)...,
		)
	}
	return file
}

func TestCutSegments(t *testing.T) {
	t.Parallel()
	tasks := tinyPlan.Tasks()
	for _, tt := range []struct {
		name             string
		task             video.Task
		frames           int // in the file
		want, wantFrames int // segments and frames kept
	}{
		{"chunk with its tail", tasks[1], 12, 2, 8},
		{"chunk with a long tail", tasks[2], 20, 2, 8},
		{"source ends with the chunk", tasks[2], 8, 2, 8},
		{"last chunk", tasks[3], 6, 2, 6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			file := encodedFile(t, tt.task, tt.frames)
			got, err := media.CutSegments(tinyPlan, tt.task, "360p", file)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Segments) != tt.want || got.Frames != tt.wantFrames || got.Track.Codec != "avc1.64000a" ||
				got.Track.Timescale != 12800 {
				t.Errorf("%d segments, %d frames, %+v", len(got.Segments), got.Frames, got.Track)
			}
			whole := slices.Concat(got.Init, bytes.Join(got.Segments, nil))
			if !bytes.HasPrefix(file, whole) {
				t.Error("segments are not the file's bytes")
			}
			for i, s := range got.Track.Segments {
				if s.Bytes != int64(len(got.Segments[i])) || s.Ticks < frameTicks {
					t.Errorf("segment %d has %d bytes, %d ticks in the track", i, s.Bytes, s.Ticks)
				}
			}
		})
	}
}

func TestCutSegmentsRejectsWrongFrames(t *testing.T) {
	t.Parallel()
	task := tinyPlan.Tasks()[2]
	segment := func(t *testing.T, i, at, n int) []byte {
		return newFragment(t, task.Segment+i, at*frameTicks, n, frameTicks)
	}
	for _, tt := range []struct {
		name string
		task video.Task
		file func(t *testing.T) []byte // after the init segment
		want string
	}{
		{"one frame short", task, func(t *testing.T) []byte {
			return append(segment(t, 0, 8, 4), segment(t, 1, 12, 3)...)
		}, "frames_missing"},
		{"one segment short", task, func(t *testing.T) []byte { return segment(t, 0, 8, 4) }, "frames_missing"},
		{"one frame late", task, func(t *testing.T) []byte {
			return append(segment(t, 0, 9, 4), segment(t, 1, 13, 4)...)
		}, "segments_wrong"},
		{"a gap", task, func(t *testing.T) []byte {
			return append(segment(t, 0, 8, 4), segment(t, 1, 13, 4)...)
		}, "segments_wrong"},
		{"other borders", task, func(t *testing.T) []byte {
			return append(segment(t, 0, 8, 5), segment(t, 1, 13, 3)...)
		}, "segments_wrong"},
		{"wrong number", task, func(t *testing.T) []byte {
			return append(segment(t, 1, 8, 4), segment(t, 2, 12, 4)...)
		}, "segments_wrong"},
		{"half frames", task, func(t *testing.T) []byte {
			return append(
				newFragment(t, 3, 8*frameTicks, 4, frameTicks), newFragment(t, 4, 12*frameTicks, 4, frameTicks/2)...,
			)
		}, "segments_wrong"},
		{"no frame in the last chunk", tinyPlan.Tasks()[3], func(*testing.T) []byte { return nil }, "frames_missing"},
		{"one frame short in the last chunk", tinyPlan.Tasks()[3], func(t *testing.T) []byte {
			return slices.Concat(
				newFragment(t, 5, 16*frameTicks, 4, frameTicks), newFragment(t, 6, 20*frameTicks, 1, frameTicks),
			)
		}, "frames_missing"},
		{"source without an end", tinyPlan.Tasks()[3], func(t *testing.T) []byte {
			return slices.Concat(
				newFragment(t, 5, 16*frameTicks, 4, frameTicks), newFragment(t, 6, 20*frameTicks, 4, frameTicks),
				newFragment(t, 7, 24*frameTicks, 3, frameTicks),
			)
		}, "frames_missing"},
		{"truncated", task, func(t *testing.T) []byte { return segment(t, 0, 8, 4)[:50] }, "segments_wrong"},
		{"moof without mdat", task, func(t *testing.T) []byte {
			s := segment(t, 0, 8, 4)
			return s[:bytes.Index(s, []byte("mdat"))-4]
		}, "segments_wrong"},
		{"two init segments", task, func(t *testing.T) []byte { return initSegment(t, 12800) }, "segments_wrong"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := media.CutSegments(tinyPlan, tt.task, "360p", append(initSegment(t, 12800), tt.file(t)...))
			if got := codeOf(t, err); got != tt.want || errs.KindOf(err) != errs.Invalid {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// A segment that does not begin with a key frame can't be joined.
func TestCheckTaskRejectsSegmentWithoutKeyFrame(t *testing.T) {
	t.Parallel()
	task := tinyPlan.Tasks()[1]
	_, frags, err := fragment.Split(encodedFile(t, task, 8))
	if err != nil {
		t.Fatal(err)
	}
	frags[1].StartsWithSync = false
	if _, _, err := media.CheckTask(tinyPlan, task, frags); codeOf(t, err) != "segments_wrong" {
		t.Errorf("got %v", err)
	}
}

func TestCutSegmentsRejectsOtherTimescale(t *testing.T) {
	t.Parallel()
	file := append(initSegment(t, 90000), newFragment(t, 1, 0, 4, frameTicks)...)
	if _, err := media.CutSegments(tinyPlan, tinyPlan.Tasks()[1], "360p", file); codeOf(t, err) != "segments_wrong" {
		t.Errorf("got %v", err)
	}
}

func TestCutSegmentsOfSound(t *testing.T) {
	t.Parallel()
	task := tinyPlan.Tasks()[0] // 22 frames at 25 a second: 42240 samples, 41.25 AAC frames
	for _, tt := range []struct {
		name         string
		first, other int // AAC frames
		at           int // where the second segment begins, in AAC frames
		want         string
	}{
		{"as long", 20, 22, 20, ""},
		{"shorter by an AAC frame", 20, 20, 20, ""},
		{"shorter by three", 20, 18, 20, "frames_missing"},
		{"longer by three", 20, 25, 20, "frames_missing"},
		{"a gap", 20, 22, 21, "segments_wrong"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			file := slices.Concat(
				initSegment(t, media.SampleRate), newFragment(t, 1, 0, tt.first, 1024),
				newFragment(t, 2, tt.at*1024, tt.other, 1024),
			)
			got, err := media.CutSegments(tinyPlan, task, media.AudioRendition, file)
			if c := codeOf(t, err); c != tt.want {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			if err == nil && (got.Track.Codec != "mp4a.40.2" || len(got.Segments) != 2 || got.Frames != 0) {
				t.Errorf("got %+v", got.Track)
			}
		})
	}
}

// No input makes it panic, and its results contain exactly the bytes of the input.
func TestSplitFragmentsOfDamagedFiles(t *testing.T) {
	t.Parallel()
	whole := encodedFile(t, tinyPlan.Tasks()[1], 12)
	rapid.Check(t, func(t *rapid.T) {
		file := slices.Clone(whole[:rapid.IntRange(0, len(whole)).Draw(t, "length")])
		for range rapid.IntRange(0, 3).Draw(t, "damages") {
			if len(file) > 0 {
				file[rapid.IntRange(0, len(file)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
			}
		}
		init, frags, err := fragment.Split(file)
		var refused *errs.Error
		if err != nil && !errors.As(err, &refused) {
			t.Fatalf("foreign error %v", err)
		}
		if err != nil {
			return
		}
		joined := slices.Clone(init)
		for _, f := range frags {
			joined = append(joined, f.Data...)
		}
		if !bytes.Equal(joined, file) {
			t.Error("fragments are not the file's bytes")
		}
		_, _, _ = fragment.ReadCodec(init)
	})
}

func TestReadCodecRejectsOtherBoxes(t *testing.T) {
	t.Parallel()
	for _, init := range []string{
		"", "short", strings.Repeat("\x00", 40), newBox("free", 16, 8), newBox("moov", 8, 0),
	} {
		if c, _, err := fragment.ReadCodec([]byte(init)); codeOf(t, err) != "segments_wrong" {
			t.Errorf("%q: codec %q, %v", init, c, err)
		}
	}
}

// newBox returns a box with a stated size and a body of zero bytes.
func newBox(name string, size uint32, body int) string {
	return string(binary.BigEndian.AppendUint32(nil, size)) + name + strings.Repeat("\x00", body)
}
