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
			for _, task := range found.Plan.Tasks() {
				b.readTask(found, task)
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

// readTask reads what a task reads of the original.
func (b rangeBench) readTask(found video.MediaInspected, task video.Task) {
	b.Helper()
	o := b.event.Data.(video.StoredObject)
	need := source.Need{
		Video: func(start int64) sampletable.Window {
			return media.FindWindow(found.Plan, found.Media, task, start)
		},
		Audio: func(rate int) audioindex.Window {
			return media.FindAudioWindow(found.Plan, found.Media, task, rate)
		},
	}
	from := video.Source{Key: o.Key, ETag: o.ETag}
	if _, err := source.DownloadPart(b.Context(), b.bucket, from, found.Media.Index, b.TempDir(), need); err != nil {
		b.Fatal(err)
	}
}
