package ffmpeg

import "slices"

// allowedDecoders are the names of the decoders that may run. The last two rows are of cover art and subtitles, which
// are not used: ffprobe opens a decoder for every stream, and fails if it may not.
var allowedDecoders = []string{
	"h264", "hevc", "vvc", "libdav1d", "av1", "vp8", "vp9", "mpeg1video", "mpeg2video", "mpeg4", "h263", "prores",
	"dnxhd", "aac", "aac_latm", "mp3float", "mp3", "mp2float", "mp2", "ac3", "eac3", "opus", "libopus", "vorbis",
	"flac", "alac", "amrnb", "pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le",
	"pcm_s32be", "pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_alaw", "pcm_mulaw", "mjpeg", "png", "mov_text", "subrip",
	"srt", "ass", "ssa", "webvtt", "text", "dvdsub", "dvbsub", "pgssub", "cc_dec",
}

// decoderNames are ffmpeg's decoders of a codec where they have other names than the codec, the first choice first.
var decoderNames = map[string][]string{
	"av1": {"libdav1d", "av1"}, "mp1": {"mp1float"}, "mp2": {"mp2float", "mp2"}, "mp3": {"mp3float", "mp3"},
	"opus": {"opus", "libopus"},
}

// findDecoders returns the allowed decoders of codecs, by ffmpeg's names of both.
func findDecoders(codecs []string) (decoders []string) {
	for _, c := range codecs {
		names, listed := decoderNames[c]
		if !listed {
			names = []string{c}
		}
		for _, name := range names {
			if slices.Contains(allowedDecoders, name) {
				decoders = append(decoders, name)
			}
		}
	}
	return decoders
}

// CanDecode reports whether the sandbox lets a codec be decoded: codec is ffmpeg's name of it, or of a decoder.
func CanDecode(codec string) bool { return len(findDecoders([]string{codec})) > 0 }
