package pipeline_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/functions/encode"
	"sluice/functions/inspect"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/media"
	"sluice/shared/domain/sampletable"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/blob/blobtest"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/ffmpeg/ffmpegtest"
	"sluice/shared/platform/source/sourcetest"
	"sluice/shared/platform/telemetry/metrics/metricstest"
)

// wholeBucket is a bucket that gives objects as a whole only.
type wholeBucket struct{ *blob.Memory }

func (wholeBucket) DownloadRange(context.Context, string, string, int64, int64, io.Writer) error {
	return errs.E("pipeline.DownloadRange", errs.Invalid, nil)
}

// rangeBench inspects and encodes one original, by ranges and as a whole.
type rangeBench struct {
	*testing.T
	bucket *countingBucket
	event  events.Event
	tools  ffmpeg.Tools
}

func newRangeBench(t *testing.T, dir string, body []byte) rangeBench {
	t.Helper()
	b, e := sourcetest.NewBucket(t, body, noon)
	return rangeBench{t, &countingBucket{Memory: b}, e, ffmpeg.Tools{Dir: dir}}
}

// inspect returns what inspect finds out by ranges. It fails unless that is what it finds out on the whole original.
func (b rangeBench) inspect() video.MediaInspected {
	b.Helper()
	var found [2]video.MediaInspected
	for i, from := range []interface {
		DownloadObject(ctx context.Context, key, etag string, to io.Writer) error
		DownloadRange(ctx context.Context, key, etag string, from, length int64, to io.Writer) error
	}{b.bucket, wholeBucket{b.bucket.Memory}} {
		out, err := inspect.Inspector{
			Source: from, Indexes: b.bucket, Tools: b.tools, TempDir: b.TempDir(), Now: fixedNow,
		}.Handle(b.Context(), b.event)
		if err != nil {
			b.Fatal(err)
		}
		var ok bool
		if found[i], ok = out[0].Data.(video.MediaInspected); !ok {
			b.Fatalf("%+v", out[0].Data)
		}
	}
	byRanges := found[0]
	found[0].Media.Index, found[1].Media.Index = 0, 0 // an index of fragments is made of the whole original
	if d := cmp.Diff(found[1].Media, found[0].Media); d != "" {
		b.Errorf("inspected as a whole (-) and by ranges (+):\n%s", d)
	}
	return byRanges
}

// encode encodes all tasks of a plan and returns the objects.
func (b rangeBench) encode(m video.Media, p video.Plan) map[string]string {
	b.Helper()
	out := &blob.Memory{}
	for _, t := range p.Tasks() {
		got := b.encodeTask(m, p, t, out, io.Discard)
		if _, ok := got.(video.EncodeDone); !ok {
			b.Fatalf("task %d: %+v", t.Number, got)
		}
	}
	return blobtest.ReadObjects(b, out, "")
}

// encodeTask encodes one task and returns what encode answers.
func (b rangeBench) encodeTask(m video.Media, p video.Plan, t video.Task, out *blob.Memory, log io.Writer) any {
	b.Helper()
	o := b.event.Data.(video.StoredObject)
	got, err := encode.Encoder{
		Source: b.bucket, Media: out, Tools: b.tools, TempDir: b.TempDir(), Now: fixedNow,
		Log: slog.New(slog.NewJSONHandler(log, nil)),
	}.Handle(b.Context(), events.New("acme", "vid_1", noon, video.EncodeRequested{
		Task: t, Plan: p.Outline(), Media: m, Source: video.Source{Key: o.Key, ETag: o.ETag}, Playback: playbackID,
	}))
	if err != nil {
		b.Fatal(err)
	}
	return got[0].Data
}

// requireSameBytes fails unless encoding by ranges downloads no whole original and makes the objects that encoding the
// whole original makes.
func (b rangeBench) requireSameBytes() {
	b.Helper()
	found := b.inspect()
	if found.Media.Index != sampletable.Version {
		b.Fatal("the original has no index")
	}
	p := found.Plan
	p.Borders = []int{0}
	for at := p.SegmentFrames; at < found.Media.Frames-10; at += p.SegmentFrames {
		p.Borders = append(p.Borders, at)
	}
	p.Borders = append(p.Borders, found.Media.Frames)
	b.bucket.whole.Store(0)
	got := b.encode(found.Media, p)
	if n := b.bucket.whole.Load(); n > 0 {
		b.Errorf("%d of %d tasks needed the whole original", n, p.TaskCount())
	}
	found.Media.Index = 0
	want := b.encode(found.Media, p)
	if len(want) <= p.TaskCount() {
		b.Errorf("%d objects of %d tasks", len(want), p.TaskCount())
	}
	for name := range want {
		// a decoder of AAC that begins elsewhere makes other noise (ISO/IEC 14496-3 §4.6.13)
		isSound := strings.Contains(name, "/"+media.AudioRendition+"/") && strings.HasSuffix(name, ".m4s")
		if got[name] != want[name] && !(isSound && got[name] != "") {
			b.Errorf("%s differs: %d bytes by ranges, %d as a whole", name, len(got[name]), len(want[name]))
		}
	}
	if p.Audio {
		b.requireSimilarAudio(b.decodeAudio(got), b.decodeAudio(want))
	}
}

// Read by ranges, an original gives the same segments, byte for byte, as read as a whole, but for the noise in audio.
func TestRangesGiveSameSegments(t *testing.T) {
	dir := findRealTools(t)
	long := videoAndAudioInput("192x108", "25", 7)
	const x264 = " -c:v libx264 -preset ultrafast -pix_fmt yuv420p "
	for _, tt := range []testFile{
		{name: "borders off key frames", args: long + x264 + "-bf 3 -g 70" + aac},
		{
			name: "key frame right behind a border",
			args: long + x264 + "-bf 3 -g 51 -keyint_min 51 -sc_threshold 0" + aac,
		},
		{
			name: "index first, open groups",
			args: long + x264 + "-bf 3 -g 50 -x264-params open-gop=1 -movflags +faststart" + aac,
		},
		{name: "negative offsets", args: long + x264 + "-bf 3 -g 60 -movflags +negative_cts_offsets" + aac},
		{
			name: "begins before zero",
			args: long + x264 + "-bf 2 -g 30 -output_ts_offset -0.5 -avoid_negative_ts disabled" + aac,
		},
		{name: "edit list", args: long + x264 + "-bf 2 -g 50" + aac, secondPass: "-ss 1.1 -i %s -c copy"},
		{name: "shortened", args: long + x264 + "-bf 2 -g 50" + aac, secondPass: "-i %s -t 4.3 -c copy"},
		{
			name:       "late pictures",
			args:       long + x264 + "-bf 2 -g 50" + aac,
			secondPass: "-itsoffset 1.5 -i %[1]s -i %[1]s" + copyBoth,
		},
		{
			name:       "late sound",
			args:       long + x264 + "-bf 2 -g 50" + aac,
			secondPass: "-i %[1]s -itsoffset 1.5 -i %[1]s" + copyBoth,
		},
		{name: "29.97 a second", args: videoAndAudioInput("192x108", "30000/1001", 7) + x264 + "-bf 2 -g 75" + aac},
		{name: "59.94 a second", args: videoAndAudioInput("192x108", "60000/1001", 6) + x264 + "-bf 2 -g 75" + aac},
		{name: "8 a second", args: videoAndAudioInput("192x108", "8", 12) + x264 + "-bf 2 -g 40" + aac},
		{name: "1 a second", args: videoAndAudioInput("192x108", "1", 14) + x264 + "-bf 2 -g 4" + aac},
		{name: "variable rate", args: long + x264 + "-bf 2 -g 40 -vf select='mod(n,7)' -fps_mode vfr" + aac},
		{name: "freeze", args: long + x264 + "-bf 2 -g 40 -vf select='lt(n,40)+gt(n,130)' -fps_mode vfr" + aac},
		{
			name: "freeze to the end",
			args: long + x264 + "-bf 2 -g 40 -vf select='lt(n,60)+gt(n,173)' -fps_mode vfr" + aac,
		},
		{name: "interlaced", args: long + x264 + "-g 50 -flags +ildct+ilme -x264-params tff=1" + aac},
		{
			name: "two videos and a cover",
			args: long + videoInput("96x96", "25", 7) + "-map 0:v -map 2:v -map 1:a" + x264 + aac,
		},
		{name: "turned", args: long + x264 + aac, secondPass: "-display_rotation 90 -i %s -c copy"},
		{
			name: "HEVC of 10 bits, open groups",
			args: long + "-c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=60:open-gop=1" +
				" -pix_fmt yuv420p10le" + aac,
		},
		{name: "MPEG-4", args: long + "-c:v mpeg4 -bf 2 -g 50" + aac},
		{name: "MPEG-2", file: "a.mov", args: long + "-c:v mpeg2video -bf 2 -g 12" + aac},
		{name: "VP9", args: long + "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 90" + aac},
		{name: "ProRes and PCM", file: "a.mov", args: long + "-c:v prores_ks -c:a pcm_s16be"},
		{name: "JPEG and 64-bit PCM", file: "a.mov", args: long + "-c:v mjpeg -c:a pcm_f64le"},
		{name: "fragments", args: long + x264 + "-bf 2 -g 40 -an -movflags +frag_keyframe+empty_moov"},
		{
			name: "fragments, begins late",
			args: long + x264 + "-bf 2 -g 40 -an -movflags +frag_keyframe+empty_moov -output_ts_offset 1.5",
		},
		{name: "short fragments", args: long + x264 + "-bf 2 -g 60 -an -movflags +cmaf -frag_duration 500000"},
		{
			name: "fragments, negative offsets",
			args: long + x264 + "-bf 2 -g 60 -an -movflags +frag_keyframe+empty_moov+negative_cts_offsets",
		},
		{name: "no sound", args: videoInput("192x108", "25", 6) + h264},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.file == "" {
				tt.file = "a.mp4"
			}
			newRangeBench(t, dir, tt.encodeFile(t, dir)).requireSameBytes()
		})
	}
}

// Real footage gives the same segments too.
func TestRangesOfFootageGiveSameSegments(t *testing.T) {
	dir := findRealTools(t)
	body, err := os.ReadFile(ffmpegtest.BuildPath("footage/bigbuckbunny.mp4"))
	if err != nil {
		t.Skip("no footage; `make tools` installs it")
	}
	newRangeBench(t, dir, bytes.Clone(body)).requireSameBytes()
}

// A task without the index that inspect has stored reads the whole original, which is counted; a task whose original
// was replaced fails.
func TestTaskWithoutIndexOrOriginal(t *testing.T) {
	dir := findRealTools(t)
	args := videoAndAudioInput("192x108", "25", 2) + h264 + aac
	b := newRangeBench(t, dir, testFile{file: "a.mp4", args: args}.encodeFile(t, dir))
	found := b.inspect()
	o := b.event.Data.(video.StoredObject)
	if _, err := b.bucket.DeletePrefix(t.Context(), services.IndexKey(o.Key, o.ETag, found.Media.Index)); err != nil {
		t.Fatal(err)
	}
	for _, task := range found.Plan.Tasks() {
		var log bytes.Buffer
		if got, ok := b.encodeTask(found.Media, found.Plan, task, &blob.Memory{}, &log).(video.EncodeDone); !ok {
			t.Errorf("without an index: %+v", got)
		}
		if d := cmp.Diff([]string{"WholeRead[]=1"}, metricstest.ReadTexts(t, log.Bytes())); d != "" {
			t.Error(d)
		}
	}
	found = b.inspect()
	if err := b.bucket.PutObject(t.Context(), o.Key, strings.NewReader("another"), blob.Metadata{}); err != nil {
		t.Fatal(err)
	}
	for _, task := range found.Plan.Tasks() {
		got, ok := b.encodeTask(found.Media, found.Plan, task, &blob.Memory{}, io.Discard).(video.EncodeFailed)
		if !ok || got.Problem.Code != "source_replaced" {
			t.Errorf("replaced: %+v", got)
		}
	}
}

// The index of a fragmented MP4 file has no audio: that task reads the whole original, which is nothing to count.
func TestAudioOfFragmentsIsNoWholeRead(t *testing.T) {
	dir := findRealTools(t)
	args := videoAndAudioInput("192x108", "25", 2) + h264 + aac + "-movflags +frag_keyframe+empty_moov"
	b := newRangeBench(t, dir, testFile{file: "a.mp4", args: args}.encodeFile(t, dir))
	found := b.inspect()
	if found.Media.Index != sampletable.Version {
		t.Fatal("the original has no index")
	}
	b.bucket.whole.Store(0)
	var log bytes.Buffer
	for _, task := range found.Plan.Tasks() {
		if got, ok := b.encodeTask(found.Media, found.Plan, task, &blob.Memory{}, &log).(video.EncodeDone); !ok {
			t.Errorf("%+v", got)
		}
	}
	if n := b.bucket.whole.Load(); n != 1 {
		t.Errorf("%d tasks needed the whole original", n)
	}
	if strings.Contains(log.String(), "WholeRead") {
		t.Error(log.String())
	}
}
