package pipeline_test

import (
	"fmt"
	"testing"

	"sluice/shared/domain/media"
	"sluice/shared/domain/sampletable"
	"sluice/shared/domain/sampletable/audioindex"
	"sluice/shared/domain/video"
	"sluice/shared/platform/source"
)

// All tasks of a video together read little more than the original.
func TestBytesReadOfVideo(t *testing.T) {
	dir := findRealTools(t)
	const seconds = 120
	for _, tt := range []struct {
		name string
		gop  int     // frames
		args string  // how the tracks are interleaved
		most float64 // bytes read over the size of the original
	}{
		{"a key frame every 2 s", 50, "-chunk_duration 500000", 1.15},
		{"a key frame every 10 s", 250, "-chunk_duration 500000", 1.35},
		{"a key frame every 2 s, frames of audio between frames of video", 50, "", 1.15},
		{"a key frame every 10 s, frames of audio between frames of video", 250, "", 1.35},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := testFile{file: "a.mp4", args: videoAndAudioInput("320x180", "25", seconds) + fmt.Sprintf(
				"-vf noise=alls=60:allf=t -c:v libx264 -preset ultrafast -b:v 5M -maxrate 5M -bufsize 5M -bf 2 -g %d"+
					" -keyint_min %d -sc_threshold 0 -pix_fmt yuv420p -c:a aac -b:a 128k %s", tt.gop, tt.gop, tt.args,
			)}.encodeFile(t, dir)
			b := newRangeBench(t, dir, body)
			found := b.inspect()
			inspected := b.bucket.bytes.Load()
			b.bucket.bytes.Store(0)
			b.bucket.requests.Store(0)
			b.bucket.index.Store(0)
			o := b.event.Data.(video.StoredObject)
			for _, task := range found.Plan.Tasks() {
				readTask(t, b.bucket, video.Video{
					Source: video.Source{Key: o.Key, ETag: o.ETag}, Media: &found.Media, Plan: &found.Plan,
				}, task)
			}
			ratio, all := float64(b.bucket.bytes.Load())/float64(len(body)), float64(inspected)/float64(len(body))
			all += ratio
			t.Logf(
				"bytes_read_ratio of tasks %.3f, with inspect %.3f: tasks %d bytes in %d requests, index %d, inspect %d, of %d",
				ratio, all, b.bucket.bytes.Load(), b.bucket.requests.Load(),
				b.bucket.index.Load(), inspected, len(body),
			)
			if ratio < 1 || ratio > tt.most || all > tt.most+0.1 {
				t.Errorf("the tasks read %.3f times the original, want 1 to %.2f, and with inspect %.3f", ratio, tt.most, all)
			}
		})
	}
}

// readTask reads what a task of a video reads.
func readTask(t *testing.T, from source.Originals, v video.Video, task video.Task) {
	t.Helper()
	need := source.Need{
		Video: func(start int64) sampletable.Window { return media.FindWindow(*v.Plan, *v.Media, task, start) },
		Audio: func(rate int) audioindex.Window { return media.FindAudioWindow(*v.Plan, *v.Media, task, rate) },
	}
	if _, err := source.DownloadPart(t.Context(), from, v.Source, v.Media.Index, t.TempDir(), need); err != nil {
		t.Fatal(err)
	}
}

// A container without an index is read once to remux it, and the tasks read their parts of the copy.
func TestBytesReadOfUnindexedVideo(t *testing.T) {
	dir := findRealTools(t)
	for _, file := range []string{"a.mkv", "a.ts", "a.flv"} {
		t.Run(file, func(t *testing.T) {
			body := testFile{file: file, args: videoAndAudioInput("320x180", "25", 20) + "-vf noise=alls=60:allf=t" +
				" -c:v libx264 -preset ultrafast -b:v 5M -maxrate 5M -bufsize 5M -bf 2 -g 50 -keyint_min 50" +
				" -sc_threshold 0 -pix_fmt yuv420p -c:a aac"}.encodeFile(t, dir)
			p := newLocalPipeline(t, dir, body)
			p.dropped = "encode"
			p.deliverAll(t)
			v := p.readVideo(t)
			if v.Source.Copy == nil || v.Media.Index != sampletable.Version {
				t.Fatalf("copy %v, index %d", v.Source.Copy, v.Media.Index)
			}
			inspected := p.originals.bytes.Swap(0)
			for _, task := range v.Plan.Tasks() {
				readTask(t, p.originals, v, task)
			}
			size := float64(len(body))
			ratio := float64(p.remuxed.bytes.Load()+p.originals.bytes.Load()) / size
			t.Logf("bytes_read_ratio of remux and tasks %.3f, with inspect %.3f", ratio, ratio+float64(inspected)/size)
			if ratio < 1.9 || ratio > 2.4 {
				t.Errorf("remux and tasks read %.3f times the original, want 1.9 to 2.4", ratio)
			}
			if n := p.originals.whole.Load() + p.remuxed.whole.Load(); n > 0 {
				t.Errorf("%d downloads of a whole file", n)
			}
		})
	}
}
