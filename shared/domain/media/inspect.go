package media

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/fileformat"
	"sluice/shared/domain/video"
)

// CheckStreams rejects a file by the streams that ffprobe lists, before more is read. It fails with Invalid: no_video,
// streams_too_many, codec_unsupported or audio_codec_unsupported.
func CheckStreams(p Probe) error {
	const op = "media.Inspect"
	if n := len(p.Streams); n > maxStreams {
		return newInvalidError(op, "streams_too_many", "The file has %d streams; send at most %d.", n, maxStreams)
	}
	v, found := p.firstStream("video")
	if !found {
		return newInvalidError(op, "no_video", "The file has no video stream; send one with pictures.")
	}
	a, audio := p.firstStream("audio")
	if !slices.Contains(VideoCodecs(), v.Codec) {
		return newInvalidError(op, "codec_unsupported",
			"The video codec is not one we take; send H.264, HEVC, VP9 or ProRes.")
	}
	if audio && !slices.Contains(AudioCodecs(), a.Codec) {
		return newInvalidError(op, "audio_codec_unsupported",
			"The audio codec is not one we take; send AAC, MP3, Opus or PCM.")
	}
	return nil
}

// Inspect returns the description of a file, from the output of ffprobe. container is the result of fileformat.Sniff,
// or of ChooseRemuxContainer after a remux. packets are the last packets of the video stream: see findEndTicks. Inspect
// uses the first video stream that is no attached picture, and the first audio stream. It fails with Invalid: the codes
// of CheckStreams, dimensions_unknown, dimensions_unsupported, pixels_too_many, frame_rate_unsupported, malformed,
// truncated, duration_too_short or duration_too_long.
func Inspect(p Probe, packets []byte, container string) (video.Media, error) {
	const op = "media.Inspect"
	if err := CheckStreams(p); err != nil {
		return video.Media{}, err
	}
	v, _ := p.firstStream("video")
	a, _ := p.firstStream("audio")
	m := video.Media{Container: container, VideoCodec: v.Codec, AudioCodec: a.Codec, Start: v.StartPTS}
	// it has only decoding times, of one tick a frame, and ffprobe returns the first of those
	if container == fileformat.AVI {
		m.Start += v.Delay
	}
	// top or bottom first, coded or displayed
	m.Interlaced = slices.Contains([]string{"tt", "bb", "tb", "bt"}, v.FieldOrder)
	var err error
	if m.Width, m.Height, err = displaySize(v); err != nil {
		return video.Media{}, err
	}
	if m.Rate, err = ChooseGridRate(v.RealRate, v.AverageRate); err != nil {
		return video.Media{}, err
	}
	var ok bool
	if m.TimeBase, ok = parseFraction(v.TimeBase, "/"); !ok {
		return video.Media{}, fileformat.Malformed.ToError(op, errs.Invalid, nil)
	}
	stated := statedDuration(p, v, m.TimeBase)
	last, found := findEndTicks(packets, p.remuxed)
	if !found {
		return setFrameCount(m, stated)
	}
	shown := float64(last-v.StartPTS) * m.TimeBase.Float()
	if claim, _ := parseSeconds(v.Duration); claim > shown+maxMissingSeconds {
		return video.Media{}, fileformat.Truncated.ToError(op, errs.Invalid, nil)
	}
	return setFrameCount(m, shown)
}

// maxMissingSeconds is how many seconds the video may end before the duration that its container states.
const maxMissingSeconds = 2

// findEndTicks returns when the last frame ends, in ticks, from lines of "pts,dts,duration,pos,flags" in decoding
// order. The durations of containers are rounded or too long, and count frames that an edit list hides, which have the
// flag D. The duration of the last frame alone is added, as in MP4 the duration of any other is the time to the next
// frame to be decoded; in a remuxed copy that of the last frame to be decoded is the one that the original states. AVI
// has decoding times only.
func findEndTicks(packets []byte, remuxed bool) (ends int64, found bool) {
	last, final := int64(0), int64(0)
	for line := range strings.Lines(string(packets)) {
		f := strings.Split(strings.TrimSpace(line), ",")
		if len(f) < 5 || strings.Contains(f[4], "D") {
			continue
		}
		at, err := strconv.ParseInt(f[0], 10, 64)
		if err != nil {
			at, err = strconv.ParseInt(f[1], 10, 64)
		}
		lasts, _ := strconv.ParseInt(f[2], 10, 64)
		if err == nil && (!found || at > last) {
			last, ends, found = at, at+lasts, true
		}
		final = lasts
	}
	if remuxed {
		ends = last + final
	}
	return ends, found
}

// setFrameCount returns m with the number of frames on the grid that last length seconds, and the duration of these.
func setFrameCount(m video.Media, length float64) (video.Media, error) {
	const op = "media.Inspect"
	if length > maxSeconds {
		return video.Media{}, newInvalidError(op, "duration_too_long", "The video is longer than %d hours; cut it.",
			maxSeconds/3600)
	}
	m.Frames = int(math.Round(length * m.Rate.Float()))
	m.Duration = m.Rate.Seconds(m.Frames)
	if length < minSeconds || m.Frames < 1 {
		return video.Media{}, newInvalidError(op, "duration_too_short",
			"The video has no length; send one of %.1f seconds or more.", minSeconds)
	}
	return m, nil
}

// statedDuration returns how many seconds the video stream lasts according to the container, 0 if it does not say: the
// duration of the stream, else its number of frames, else the time from its start to the end of the file. The duration
// of a Matroska or TS file does not start with its video.
func statedDuration(p Probe, v Stream, tb video.Rate) float64 {
	if d, ok := parseSeconds(v.Duration); ok && d > 0 {
		return d
	}
	if n, err := strconv.Atoi(v.Frames); err == nil && n > 0 {
		if fps := cmp.Or(parseQuotient(v.AverageRate), parseQuotient(v.RealRate)); fps > 0 {
			return float64(n) / fps
		}
	}
	start, _ := parseSeconds(p.Format.Start)
	d, ok := parseSeconds(p.Format.Duration)
	if !ok {
		return 0
	}
	return max(0, start+d-float64(v.StartPTS)*tb.Float())
}

// displaySize returns the size of the picture as it is displayed: with square pixels, then rotated. A rotate tag is
// ignored, because ffmpeg rotates by the display matrix only.
func displaySize(v Stream) (width, height int, err error) {
	const op = "media.Inspect"
	if v.Width <= 0 || v.Height <= 0 {
		return 0, 0, newInvalidError(op, "dimensions_unknown",
			"The size of the picture can't be found or is over 8192 × 4320 pixels; export the video again.")
	}
	w, h := float64(v.Width), float64(v.Height)
	if sar, ok := parseFraction(v.SampleAspect, ":"); ok {
		w = math.Round(w * sar.Float())
	}
	if max(w*h, float64(v.Width)*float64(v.Height)) > maxPixels {
		return 0, 0, newInvalidError(op, "pixels_too_many",
			"The picture is larger than 8192 × 4320 pixels; send a smaller one.")
	}
	if min(w, h) < minSide || max(w, h) > maxSide {
		return 0, 0, newInvalidError(op, "dimensions_unsupported",
			"A side of the picture is under %d or over %d pixels; send another size.", minSide, maxSide)
	}
	if slices.ContainsFunc(v.SideData, func(d SideData) bool {
		return math.Mod(math.Abs(math.Round(d.Rotation)), 180) == 90
	}) {
		w, h = h, w
	}
	return int(w), int(h), nil
}
