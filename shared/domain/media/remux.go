package media

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/fileformat"
	"sluice/shared/domain/video"
)

// ChooseRemuxContainer returns the container into which a source must be remuxed before it is cut. ok is false if it
// can be cut as it is. MPEG-TS and FLV have no index for seeking. Matroska files, which browsers and recorders often
// write without an index, do not say where their streams start and end.
func ChooseRemuxContainer(container string) (into string, ok bool) {
	switch container {
	case fileformat.MPEGTS, fileformat.FLV:
		return fileformat.Mov, true
	case fileformat.Matroska:
		return fileformat.Matroska, true
	}
	return "", false
}

// RemuxArgs returns the arguments that copy the first video and audio streams of a source, without encoding, into a
// file of a container that ChooseRemuxContainer returns. The output is reproducible.
func RemuxArgs(into, out string) Args {
	format := map[string]string{fileformat.Mov: "mp4", fileformat.Matroska: "matroska"}[into]
	output := append([]string{"-map", "0:V:0", "-map", "0:a:0?", "-c", "copy"}, buildStripArgs()...)
	return Args{Input: []string{"-fflags", "+genpts"}, Output: append(output, "-f", format, "file:"+out)}
}

// mp4VideoCodecs and mp4AudioCodecs are the accepted codecs that FFmpeg's muxer writes into MP4 (codec_mp4_tags in
// libavformat/movenc.c).
var (
	mp4VideoCodecs = []string{"h264", "hevc", "mjpeg", "mpeg2video", "mpeg4", "vp9"}
	mp4AudioCodecs = []string{
		"aac", "ac3", "alac", "eac3", "flac", "mp2", "mp3", "opus", "vorbis",
		"pcm_f32be", "pcm_f32le", "pcm_f64le", "pcm_s16be", "pcm_s16le", "pcm_s24be", "pcm_s24le", "pcm_s32be",
		"pcm_s32le",
	}
)

// DescribeUnindexed describes an original whose first video and audio streams can be copied into MP4 while it is read
// from its beginning to its end, so that every frame keeps its time. packets are the first ones of the video, as lines
// of "pts,dts,duration,pos,flags". It fails with Invalid if the streams can't be copied so: AVI has no presentation
// times, and in Matroska a time below zero is none.
func DescribeUnindexed(p Probe, packets []byte, container string) (s video.Streams, err error) {
	const op = "media.DescribeUnindexed"
	if err := CheckStreams(p); err != nil {
		return s, err
	}
	v, _ := p.firstStream("video")
	a, audio := p.firstStream("audio")
	s = video.Streams{Container: container, AudioCodec: a.Codec}
	switch {
	case !slices.Contains([]string{fileformat.Matroska, fileformat.MPEGTS, fileformat.FLV}, container),
		!slices.Contains(mp4VideoCodecs, v.Codec), audio && !slices.Contains(mp4AudioCodecs, a.Codec):
		return s, errs.E(op, errs.Invalid, fmt.Errorf("%s and %s in %s", v.Codec, a.Codec, container))
	case container != fileformat.Matroska:
		return s, nil
	case bytes.Contains(append([]byte{'\n'}, packets...), []byte("\nN/A,")):
		return s, errs.E(op, errs.Invalid, errors.New("a frame has no time"))
	}
	s.Rate, err = ChooseGridRate(v.RealRate, v.AverageRate) // Matroska states it; a frame of MP4 only has its time
	return s, err
}

// fragmentMicroseconds is how much of each track lies together in the output of StreamRemuxArgs, so that the task of
// the audio can skip the video.
const fragmentMicroseconds = 2_000_000

// StreamRemuxArgs returns the arguments that copy the first video and audio streams of a source to standard output, as
// fragmented MP4 that begins with its edit lists. The output is reproducible.
func StreamRemuxArgs(container, audioCodec string) Args {
	output := []string{"-map", "0:V:0", "-map", "0:a:0?", "-c", "copy"}
	if container == fileformat.MPEGTS && audioCodec == "aac" {
		output = append(output, "-bsf:a", "aac_adtstoasc") // FFmpeg adds it itself, but not to fragments
	}
	return Args{Input: []string{"-fflags", "+genpts"}, Output: slices.Concat(output, buildStripArgs(), []string{
		"-f", "mp4", "-movflags", "+delay_moov+empty_moov+default_base_moof+skip_trailer",
		"-frag_duration", strconv.Itoa(fragmentMicroseconds), "pipe:1",
	})}
}

// FindTailStart returns the time in seconds from which to read packets to find the last one.
func FindTailStart(p Probe) float64 {
	const enough = 10 // seconds: frames are never out of order by more
	start, _ := parseSeconds(p.Format.Start)
	length, _ := parseSeconds(p.Format.Duration)
	if v, ok := p.firstStream("video"); ok {
		if own, ok := parseSeconds(v.Duration); ok && own > 0 {
			length = min(length, own)
		}
	}
	return max(0, start+length-enough)
}
