// Package media knows how a video is cut, encoded and put together again: it chooses the frame grid, the ladder and
// the chunks, writes the argument lists that ffmpeg is run with, reads what ffmpeg wrote, and writes the playlists.
// It decides and does nothing: values in, values out, no process, no network, no clock.
//
// The rule behind all of it: every border is the number of a frame on one grid, never a time in seconds. Chunks that
// are encoded apart then join without a frame lost, doubled or moved, as TestJoinsAreExact shows with a real ffmpeg.
//
// It needs no rights. It refuses, with [video.Invalid] and a stable code, files that are not videos we take (Sniff,
// CheckWhole, Inspect) and encoder output that is not what was asked for (Cut).
package media

import (
	"fmt"
	"slices"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// Limits of what we take.
const (
	maxStreams    = 32
	maxPixels     = 8192 * 4320
	minSide       = 16          // pixels; x264 works in blocks of so many
	maxSide       = 16384       // pixels; the widest picture H.264 has a level for
	minSeconds    = 0.1         // below it is a picture
	maxSeconds    = 2 * 60 * 60 // the sound is one task and has to be done within an invocation
	maxSourceRate = 1000        // frames a second; more is a broken header
)

// VideoCodecs returns ffmpeg's names of the video codecs we take. AV1 and VVC are not among them: our build can't
// decode the one and can't seek exactly in the other.
func VideoCodecs() []string {
	return []string{"h264", "hevc", "mjpeg", "mpeg2video", "mpeg4", "prores", "vp8", "vp9"}
}

// AudioCodecs returns ffmpeg's names of the audio codecs we take. The decoder of mp3 is named mp3float.
func AudioCodecs() []string {
	return []string{
		"aac", "ac3", "alac", "eac3", "flac", "mp2", "mp3", "opus", "vorbis",
		"pcm_alaw", "pcm_mulaw", "pcm_f32be", "pcm_f32le", "pcm_f64le", "pcm_s16be", "pcm_s16le",
		"pcm_s24be", "pcm_s24le", "pcm_s32be", "pcm_s32le", "pcm_s8", "pcm_u8",
	}
}

// AudioRendition is the name of the rendition that holds the sound.
const AudioRendition = "audio"

// SampleRate is that of the sound we make, in samples a second; it is also the timescale of its segments.
const SampleRate = 48000

func newInvalidError(op string, code errs.Code, format string, args ...any) error {
	return errs.New(op, errs.Invalid, code, fmt.Sprintf(format, args...))
}

// countSamples returns how many samples of sound last as long as the plan's frames.
func countSamples(p video.Plan) int64 { return countTicks(p.Rate, p.FrameCount(), SampleRate) }

// countTicks returns how many ticks of 1/timescale second the frames last, rounded.
func countTicks(r video.Rate, frames, timescale int) int64 {
	num := int64(frames) * int64(timescale) * int64(r.Den)
	return (num + int64(r.Num)/2) / int64(r.Num)
}

func isKnownCodec(codecs []string, name string) bool { return slices.Contains(codecs, name) }
