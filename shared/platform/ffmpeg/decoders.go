package ffmpeg

import (
	"cmp"
	"slices"
)

// allowedDecoders are the names of the decoders that may run. The last two rows are of cover art and subtitles, which
// are not used: ffprobe opens a decoder for every stream, and fails if it may not.
var allowedDecoders = []string{
	"h264", "hevc", "vvc", "libdav1d", "av1", "vp8", "vp9", "mpeg1video", "mpeg2video", "mpeg4", "h263", "prores", "dnxhd",
	"aac", "aac_latm", "mp3float", "mp3", "mp2float", "mp2", "ac3", "eac3", "opus", "libopus", "vorbis", "flac", "alac", "amrnb",
	"pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be",
	"pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_alaw", "pcm_mulaw",
	"mjpeg", "png",
	"mov_text", "subrip", "srt", "ass", "ssa", "webvtt", "text", "dvdsub", "dvbsub", "pgssub", "cc_dec",
}

// CanDecode reports whether the sandbox allows the decoder that ffmpeg chooses for a codec. codec is ffmpeg's name of
// the codec; that of the decoder may be another, as mp3float of mp3.
func CanDecode(codec string) bool {
	first := map[string]string{"mp1": "mp1float", "mp2": "mp2float", "mp3": "mp3float"}
	return slices.Contains(allowedDecoders, cmp.Or(first[codec], codec))
}
