// Package media decides how a video is cut, encoded and packaged: the frame grid, the encoding ladder, the chunks, the
// arguments of ffmpeg, the checks of ffmpeg's output, and the HLS playlists.
//
// Every border between chunks is the number of a frame on one grid, never a time in seconds. Chunks that are encoded
// separately therefore join without a frame lost, repeated or moved, as TestChunkedEncodeMatchesSinglePass checks with
// a real ffmpeg.
//
// It is pure: no process, no network, no clock, no AWS rights. It rejects, with [errs.Invalid] and a code, files that
// are not videos that Sluice accepts (Inspect) and encoder output that is not what was
// requested (CutSegments).
package media

import (
	"fmt"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// Limits of originals.
const (
	maxStreams    = 32
	maxPixels     = 8192 * 4320
	minSide       = 16          // pixels; x264 encodes blocks of 16 × 16
	maxSide       = 16384       // pixels; the widest picture that a level of H.264 allows
	minSeconds    = 0.1         // a shorter file is a still picture
	maxSeconds    = 2 * 60 * 60 // the audio is one task, which must finish within one invocation
	maxSourceRate = 1000        // frames a second; a higher rate is a broken header
)

// VideoCodecs returns ffmpeg's names of the accepted video codecs. AV1 and VVC are not among them: our build of ffmpeg
// can't decode AV1, and can't seek exactly in VVC.
func VideoCodecs() []string {
	return []string{"h264", "hevc", "mjpeg", "mpeg2video", "mpeg4", "prores", "vp8", "vp9"}
}

// IsIntraOnly reports whether every frame of a video codec can be decoded alone.
func IsIntraOnly(codec string) bool { return codec == "mjpeg" || codec == "prores" }

// AudioCodecs returns ffmpeg's names of the accepted audio codecs. The decoder of mp3 is named mp3float.
func AudioCodecs() []string {
	return []string{
		"aac", "ac3", "alac", "eac3", "flac", "mp2", "mp3", "opus", "vorbis",
		"pcm_alaw", "pcm_mulaw", "pcm_f32be", "pcm_f32le", "pcm_f64le", "pcm_s16be", "pcm_s16le",
		"pcm_s24be", "pcm_s24le", "pcm_s32be", "pcm_s32le", "pcm_s8", "pcm_u8",
	}
}

// AudioRendition is the name of the rendition that has the audio.
const AudioRendition = "audio"

// SampleRate is the sample rate of encoded audio in samples a second. It is also the timescale of audio segments.
const SampleRate = 48000

func newInvalidError(op string, code errs.Code, format string, args ...any) error {
	return errs.New(op, errs.Invalid, code, fmt.Sprintf(format, args...))
}

// countSamples returns the number of audio samples that last as long as the plan.
func countSamples(p video.Plan) int64 { return countTicks(p.Rate, p.FrameCount(), SampleRate) }

// countTicks returns how many ticks of 1/timescale seconds a number of frames lasts, rounded.
func countTicks(r video.Rate, frames, timescale int) int64 {
	num := int64(frames) * int64(timescale) * int64(r.Den)
	return (num + int64(r.Num)/2) / int64(r.Num)
}
