package pipeline_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sluice/shared/domain/video"
)

const (
	h264     = " -c:v libx264 -preset ultrafast -bf 2 -g 20 -pix_fmt yuv420p "
	h444     = " -c:v libx264 -preset ultrafast -bf 2 -g 20 -pix_fmt yuv444p "
	hevc     = " -c:v libx265 -preset ultrafast -x265-params log-level=none "
	vpx      = " -deadline realtime -cpu-used 8 -g 30 -c:a libopus "
	aac      = " -c:a aac "
	mp3      = " -c:a libmp3lame "
	copyBoth = " -map 0:v -map 1:a -c copy "
)

// videoInput, audioInput and videoAndAudioInput return ffmpeg's arguments for generated inputs: numbered frames, a
// tone, and both.
func videoInput(size, rate string, secs float64) string {
	return fmt.Sprintf(" -f lavfi -i testsrc2=s=%s:r=%s:d=%g ", size, rate, secs)
}

func audioInput(secs float64) string {
	return fmt.Sprintf(" -f lavfi -i sine=f=440:r=48000:d=%g ", secs)
}

func videoAndAudioInput(size, rate string, secs float64) string {
	return videoInput(size, rate, secs) + audioInput(secs)
}

// testFile is a file that ffmpeg makes, and the expected result of processing it.
type testFile struct {
	name         string
	file         string
	args         string // arguments of the run that makes it, or makes first.mp4
	secondPass   string // arguments of a second run; %s is first.mp4
	frames       int    // frames, if it gets ready
	variableRate bool   // frames may be repeated
	whole        bool   // read as a whole, although the container is one that is remuxed
	code         string // error code, if it fails
}

// Every file gets ready, with all frames and with audio as long as the video, or fails with a code and a sentence. No
// message is delivered twice.
func TestPromise07_EveryFileEndsReadyOrFailedWithCode(t *testing.T) {
	dir := findRealTools(t)
	plain, small := videoAndAudioInput("192x108", "25", 3), "192x108"
	// without the format, testsrc2 makes width and height even
	const odd = " -f lavfi -i testsrc2=s=321x243:r=25:d=2,format=yuv444p "
	for _, tt := range []testFile{
		{name: "MP4", file: "a.mp4", args: plain + h264 + aac, frames: 75},
		{name: "MP4, index first", file: "a.mp4", args: plain + h264 + aac + "-movflags +faststart", frames: 75},
		{
			name: "fragmented MP4", file: "a.mp4", args: plain + h264 + aac + "-movflags +frag_keyframe+empty_moov",
			frames: 75,
		},
		{name: "CMAF", file: "a.mp4", args: plain + h264 + aac + "-movflags +cmaf -frag_duration 500000", frames: 75},
		{
			name: "negative offsets", file: "a.mp4", args: plain + h264 + aac + "-movflags +negative_cts_offsets",
			frames: 75,
		},
		{
			name: "begins before zero", file: "a.mp4",
			args: plain + h264 + aac + "-output_ts_offset -0.5 -avoid_negative_ts disabled", frames: 62,
		},
		{name: "edit list", file: "b.mp4", args: plain + h264 + aac, secondPass: "-ss 1.1 -i %s -c copy", frames: 47},
		{
			name: "late pictures", file: "b.mp4", args: plain + h264 + aac,
			secondPass: "-itsoffset 1.5 -i %[1]s -i %[1]s" + copyBoth, frames: 75,
		},
		{
			name: "late sound", file: "b.mp4", args: plain + h264 + aac,
			secondPass: "-i %[1]s -itsoffset 1.5 -i %[1]s" + copyBoth, frames: 75,
		},
		{name: "long sound", file: "a.mp4", args: videoInput(small, "25", 2) + audioInput(6) + h264 + aac, frames: 50},
		{
			name: "short sound", file: "a.mp4", args: videoInput(small, "25", 5) + audioInput(0.5) + h264 + aac,
			frames: 125,
		},
		{name: "no sound", file: "a.mp4", args: videoInput(small, "25", 3) + h264, frames: 75},
		{name: "mono, 22050 Hz", file: "a.mp4", args: plain + h264 + aac + "-ar 22050 -ac 1", frames: 75},
		{name: "5.1", file: "a.mp4", args: plain + h264 + aac + "-ac 6", frames: 75},
		{
			name: "two sounds and a cover", file: "a.mp4",
			args: plain + audioInput(3) + videoInput("64x64", "25", 0.04) + "-map 0:v -map 1:a -map 2:a -map 3:v" +
				h264 + aac + "-c:v:1 mjpeg -bf:v:1 0 -pix_fmt:v:1 yuvj420p -disposition:v:1 attached_pic",
			frames: 75,
		},
		{
			name: "two videos", file: "a.mp4",
			args: plain + videoInput("96x96", "25", 3) + "-map 0:v -map 2:v -map 1:a" + h264 + aac, frames: 75,
		},
		{
			name: "turned", file: "b.mov", args: plain + h264 + aac, secondPass: "-display_rotation 90 -i %s -c copy",
			frames: 75,
		},
		{name: "portrait", file: "a.mp4", args: videoAndAudioInput("108x192", "25", 3) + h264 + aac, frames: 75},
		{name: "odd size", file: "a.mp4", args: odd + audioInput(2) + h444 + aac, frames: 50},
		{name: "ribbon", file: "a.mp4", args: videoInput("4096x16", "25", 0.4) + "-c:v mjpeg", frames: 10},
		{
			name: "1 frame", file: "a.mp4", args: videoAndAudioInput(small, "25", 0.04) + h264 + aac,
			code: "duration_too_short",
		},
		{name: "3 frames", file: "a.mp4", args: videoAndAudioInput(small, "25", 0.12) + h264 + aac, frames: 3},
		{name: "1 a second", file: "a.mp4", args: videoAndAudioInput(small, "1", 6) + h264 + aac, frames: 6},
		{name: "8 a second", file: "a.mp4", args: videoAndAudioInput(small, "8", 6) + h264 + aac, frames: 45},
		{
			name: "29.97 a second", file: "a.mp4", args: videoAndAudioInput(small, "30000/1001", 3.003) + h264 + aac,
			frames: 90,
		},
		{name: "60 a second", file: "a.mp4", args: videoAndAudioInput(small, "60", 2) + h264 + aac, frames: 120},
		{name: "120 a second", file: "a.mp4", args: videoAndAudioInput(small, "120", 2) + h264 + aac, frames: 120},
		{
			name: "variable rate", file: "a.mp4", args: plain + h264 + aac + "-vf select='mod(n,7)' -fps_mode vfr",
			frames: 60, variableRate: true,
		},
		{
			name: "freeze", file: "a.mp4",
			args:   videoAndAudioInput(small, "25", 12) + h264 + aac + "-vf select='lt(n,50)+gt(n,250)' -fps_mode vfr",
			frames: 90, variableRate: true,
		},
		{
			name: "freeze to the end", file: "a.mp4",
			args:   videoAndAudioInput(small, "25", 12) + h264 + aac + "-vf select='lt(n,50)+gt(n,298)' -fps_mode vfr",
			frames: 300, variableRate: true,
		},
		{
			name: "interlaced", file: "a.mp4", args: plain + h264 + "-flags +ildct+ilme -x264-params tff=1" + aac,
			frames: 75,
		},
		{name: "4:4:4", file: "a.mp4", args: plain + h444 + aac, frames: 75},
		{name: "HEVC of 10 bits", file: "a.mp4", args: plain + hevc + "-pix_fmt yuv420p10le" + aac, frames: 75},
		{name: "ProRes", file: "a.mov", args: plain + "-c:v prores_ks -c:a pcm_s16be", frames: 75},
		{name: "64-bit PCM", file: "a.mov", args: plain + h264 + "-c:a pcm_f64le", frames: 75},
		{name: "8-bit PCM", file: "a.mov", args: plain + h264 + "-c:a pcm_s8", frames: 75},
		{name: "telephone", file: "a.mov", args: plain + h264 + "-c:a pcm_mulaw -ar 8000 -ac 1", frames: 75},

		{name: "Matroska", file: "a.mkv", args: plain + h264 + aac, frames: 75},
		{
			name: "Matroska, 29.97 a second", file: "a.mkv",
			args: videoAndAudioInput(small, "30000/1001", 3.003) + h264 + aac, frames: 90,
		},
		{
			name: "Matroska, no index", file: "a.mkv",
			args: videoAndAudioInput(small, "25", 13) + h264 + aac + "-live 1", frames: 325,
		},
		{
			name: "Matroska, long sound", file: "a.mkv", args: videoInput(small, "25", 2) + audioInput(6) + h264 + aac,
			frames: 50,
		},
		{
			name: "Matroska, short sound", file: "a.mkv",
			args: videoInput(small, "25", 5) + audioInput(0.5) + h264 + aac, frames: 125,
		},
		{
			name: "Matroska, late sound", file: "b.mkv", args: plain + h264 + aac,
			secondPass: "-i %[1]s -itsoffset 1.5 -i %[1]s" + copyBoth, frames: 75,
		},
		{
			name: "Matroska, variable rate", file: "a.mkv",
			args: plain + h264 + aac + "-vf select='mod(n,7)' -fps_mode vfr", frames: 74, variableRate: true,
		},
		{
			name: "Matroska, subtitles and FLAC", file: "a.mkv", args: plain + "-i %srt" + h264 + "-c:a flac -c:s srt",
			frames: 75,
		},
		{
			name: "Matroska, frames without a time", file: "a.mkv",
			args: plain + h264 + aac + "-output_ts_offset -0.5 -avoid_negative_ts disabled", frames: 60,
			whole: true,
		},
		{
			name: "WebM, VP9", file: "a.webm", args: videoAndAudioInput(small, "30", 3) + "-c:v libvpx-vp9" + vpx,
			frames: 90,
		},
		{
			name: "WebM, VP8, of a browser", file: "a.webm",
			args: videoAndAudioInput(small, "30", 3) + "-c:v libvpx -live 1" + vpx, frames: 90, whole: true,
		},
		{name: "AVI, MPEG-4", file: "a.avi", args: plain + "-c:v mpeg4 -bf 2 -g 50" + mp3, frames: 75},
		{name: "AVI, H.264", file: "a.avi", args: plain + h264 + mp3, frames: 75},
		{name: "AVI, JPEG", file: "a.avi", args: plain + "-c:v mjpeg -c:a pcm_s16le", frames: 75},
		{name: "MPEG-TS", file: "a.ts", args: videoAndAudioInput(small, "25", 13) + h264 + aac, frames: 325},
		{name: "MPEG-TS, MPEG-2", file: "a.ts", args: plain + "-c:v mpeg2video -bf 2 -g 12 -c:a mp2", frames: 75},
		{name: "MPEG-TS, HEVC", file: "a.ts", args: plain + hevc + aac, frames: 75},
		{
			name: "MPEG-TS, late pictures", file: "b.ts", args: plain + h264 + aac,
			secondPass: "-itsoffset 1.5 -i %[1]s -i %[1]s" + copyBoth, frames: 75,
		},
		{name: "M2TS, AC-3", file: "a.m2ts", args: plain + h264 + "-c:a ac3", frames: 75},
		{name: "FLV", file: "a.flv", args: videoAndAudioInput(small, "25", 13) + h264 + aac, frames: 325},
		{name: "FLV, MP3", file: "a.flv", args: plain + h264 + mp3 + "-ar 44100", frames: 75},

		{
			name: "AV1", file: "a.mp4", args: videoInput(small, "25", 0.4) + "-c:v libsvtav1 -preset 12",
			code: "codec_unsupported",
		},
		{name: "FFV1", file: "a.mkv", args: videoInput(small, "25", 0.4) + "-c:v ffv1", code: "codec_unsupported"},
		{name: "DTS", file: "a.mkv", args: plain + h264 + "-c:a dca", code: "codec_unsupported"},
		{name: "sound alone", file: "a.m4a", args: audioInput(1) + aac, code: "no_video"},
		{
			name: "10,000 × 10,000", file: "a.mp4",
			args: "-f lavfi -i color=s=10000x10000:d=0.04 -c:v libx264 -preset ultrafast", code: "pixels_too_many",
		},
		{
			name: "10,000 × 10,000, JPEG", file: "a.mp4", args: "-f lavfi -i color=s=10000x10000:d=0.04 -c:v mjpeg",
			code: "dimensions_unknown",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newLocalPipeline(t, dir, tt.encodeFile(t, dir))
			p.deliverAll(t)
			p.requireOutcome(t, tt.code)
			if v := p.readVideo(t); v.State == video.Ready {
				p.checkPlayback(t, dir, tt.frames, !tt.variableRate)
				if got := v.Source.Copy != nil; got != tt.needsCopy() {
					t.Errorf("remuxed: %v", got)
				}
			}
		})
	}
}

// needsCopy reports whether the file is remuxed.
func (f testFile) needsCopy() bool {
	return !f.whole && slices.Contains([]string{".mkv", ".webm", ".ts", ".m2ts", ".flv"}, filepath.Ext(f.file))
}

// encodeFile returns the content of the file.
func (f testFile) encodeFile(t *testing.T, dir string) []byte {
	t.Helper()
	at := func(name string) string { return filepath.Join(t.TempDir(), name) }
	out, srt := at(f.file), at("a.srt")
	if err := os.WriteFile(srt, []byte("1\n00:00:00,000 --> 00:00:02,000\nhello\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	first := out
	if f.secondPass != "" {
		first = at("first.mp4")
	}
	runTool(t, dir, "ffmpeg", strings.ReplaceAll(f.args, "%srt", srt)+" -strict -2 "+first)
	if f.secondPass != "" {
		runTool(t, dir, "ffmpeg", fmt.Sprintf(f.secondPass, first)+" "+out)
	}
	body, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// A recording of a browser may change its frame size.
func TestFrameSizeChangesWithinFile(t *testing.T) {
	dir, parts := findRealTools(t), t.TempDir()
	list := ""
	for _, size := range []string{"320x240", "192x108"} {
		one := testFile{
			file: "a.webm", args: videoAndAudioInput(size, "30", 2) + "-c:v libvpx" + vpx,
		}.encodeFile(t, dir)
		if err := os.WriteFile(filepath.Join(parts, size+".webm"), one, 0o600); err != nil {
			t.Fatal(err)
		}
		list += "file " + size + ".webm\n"
	}
	if err := os.WriteFile(filepath.Join(parts, "list"), []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	body := testFile{
		file: "a.webm", args: "-f concat -i " + filepath.Join(parts, "list") + " -c copy -live 1",
	}.encodeFile(t, dir)
	p := newLocalPipeline(t, dir, body)
	p.deliverAll(t)
	p.requireOutcome(t, "")
	p.checkPlayback(t, dir, 120, true)
}
