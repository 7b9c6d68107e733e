package pipeline_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"sluice/shared/domain/media"
	"sluice/shared/domain/video"
)

// The audio that is encoded in chunks is as long as that of one encoder, to the sample, and as near to the source at
// the joins as elsewhere. In each chunk the encoder has to find its quality again, which takes seconds (FFmpeg's
// libavcodec/aacenc.c, lambda), so that chunks of two seconds differ from one run by some decibels.
func TestAudioOfChunksMatchesSingleEncode(t *testing.T) {
	dir := findRealTools(t)
	const (
		x264    = " -c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 50 -c:a aac -b:a 192k "
		rising  = "aevalsrc=0.4*sin(2*PI*(60*t+400*t*t))|0.4*sin(2*PI*(900*t+250*t*t)):s=48000:d=9"
		strikes = "aevalsrc=lt(mod(t\\,0.17)\\,0.004)*0.8*(random(0)-0.5)+0.1*sin(2500*t):s=48000:d=9"
		noise   = "anoisesrc=d=9:c=pink:r=48000:a=0.5:seed=1"
	)
	for _, tt := range []struct{ name, audio, args, second string }{
		{"rising tones", rising, x264, ""},
		{"strikes", strikes, x264, ""},
		{"noise", noise, x264 + "-ac 2", ""},
		{"44.1 kHz", rising, x264 + "-ar 44100", ""},
		{"29.97 frames a second, six channels", rising, x264 + "-r 30000/1001 -ac 6", ""},
		{"late sound", rising, x264, "-i %[1]s -itsoffset 3.3 -i %[1]s" + copyBoth},
		{"late pictures", rising, x264, "-itsoffset 1.5 -i %[1]s -i %[1]s" + copyBoth},
		{"edit list", rising, x264, "-ss 1.1 -i %s -c copy"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			file := testFile{
				file: "a.mp4", args: videoInput("64x36", "25", 9) + "-f lavfi -i " + tt.audio + tt.args,
				secondPass: tt.second,
			}
			body := file.encodeFile(t, dir)
			b := newRangeBench(t, dir, body)
			found := b.inspect()
			if !found.Plan.AudioInChunks {
				t.Fatal("the audio is a task of its own")
			}
			single := found.Plan
			single.AudioInChunks, single.Borders = false, []int{0, found.Media.Frames}
			found.Plan.Borders = nil
			for at := 0; at < found.Media.Frames-10; at += found.Plan.SegmentFrames {
				found.Plan.Borders = append(found.Plan.Borders, at)
			}
			found.Plan.Borders = append(found.Plan.Borders, found.Media.Frames)
			got, want := b.decodeAudio(b.encode(found.Media, found.Plan)), b.decodeAudio(b.encode(found.Media, single))
			source := b.decodeSource(body, found.Media, len(want))
			if len(got) != len(want) || len(source) != len(want) {
				t.Fatalf("%d samples, in one run %d, in the source %d", len(got), len(want), len(source))
			}
			atJoins, elsewhere := compareAtJoins(got, source, found.Plan)
			wantAtJoins, wantElsewhere := compareAtJoins(want, source, found.Plan)
			t.Logf("at joins %.1f dB from the source, one run %.1f; elsewhere %.1f and %.1f",
				atJoins, wantAtJoins, elsewhere, wantElsewhere)
			if atJoins > wantElsewhere+3 || elsewhere > wantElsewhere+4 {
				t.Error("the chunks are farther from the source than one run")
			}
		})
	}
}

// decodeSource returns n samples of the audio of an original from its first frame on, of one channel.
func (b rangeBench) decodeSource(body []byte, m video.Media, n int) []float64 {
	b.Helper()
	path := filepath.Join(b.TempDir(), "source")
	if err := os.WriteFile(path, body, 0o600); err != nil {
		b.Fatal(err)
	}
	return parseFloats(runTool(b.T, b.tools.Dir, "ffmpeg", fmt.Sprintf("-copyts -i %s -map 0:a:0 -af "+
		"asetpts=PTS-(%.6f)/TB,aresample=48000:async=1:first_pts=0:min_hard_comp=0.1,apad,atrim=end_sample=%d"+
		",aformat=channel_layouts=stereo -f f32le -ac 1 -", path, media.StartSeconds(m), n)))
}

// parseFloats parses numbers of 32 bits.
func parseFloats(raw []byte) (all []float64) {
	for ; len(raw) >= 4; raw = raw[4:] {
		all = append(all, float64(math.Float32frombits(binary.LittleEndian.Uint32(raw))))
	}
	return all
}

// requireSimilarAudio fails unless two signals have the same length and differ by little more than noise.
func (b rangeBench) requireSimilarAudio(got, want []float64) {
	b.Helper()
	if len(got) != len(want) {
		b.Fatalf("%d samples, want %d", len(got), len(want))
	}
	_, level := compareAtJoins(got, want, video.Plan{Borders: []int{0, 1}, Rate: video.Rate{Num: 1, Den: 1}})
	b.Logf("the sound differs by %.1f dB", level)
	if level > -25 {
		b.Errorf("the sound differs by %.1f dB", level)
	}
}

// decodeAudio returns the samples of the audio that encode has written, of one channel.
func (b rangeBench) decodeAudio(objects map[string]string) []float64 {
	b.Helper()
	prefix := "v/" + playbackID + "/" + media.AudioRendition + "/"
	file := []byte(objects[prefix+media.InitName])
	for n := 1; objects[prefix+media.SegmentName(n)] != ""; n++ {
		file = append(file, objects[prefix+media.SegmentName(n)]...)
	}
	path := filepath.Join(b.TempDir(), "audio.mp4")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		b.Fatal(err)
	}
	return parseFloats(runTool(b.T, b.tools.Dir, "ffmpeg", "-i "+path+" -map 0:a:0 -f f32le -ac 1 -ar 48000 -"))
}

// compareAtJoins returns the level of the difference between two signals within 2048 samples of the joins of a plan's
// chunks, and elsewhere, in decibels relative to the level of the signal.
func compareAtJoins(a, b []float64, p video.Plan) (atJoins, elsewhere float64) {
	type sums struct{ diff, level float64 }
	var near, far sums
	isNear := map[int]bool{} // blocks of 1024 samples
	for _, frame := range p.Borders[1 : len(p.Borders)-1] {
		block := int(p.Rate.Seconds(frame)*media.SampleRate) / 1024
		for i := block - 2; i <= block+1; i++ {
			isNear[i] = true
		}
	}
	for i := range a {
		to := &far
		if isNear[i/1024] {
			to = &near
		}
		to.diff += (a[i] - b[i]) * (a[i] - b[i])
		to.level += b[i] * b[i]
	}
	decibels := func(s sums) float64 { return 10 * math.Log10((s.diff+1e-9)/(s.level+1e-9)) }
	return decibels(near), decibels(far)
}
