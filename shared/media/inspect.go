package media

import (
	"cmp"
	"math"
	"strconv"

	"sluice/shared/video"
)

// Inspect returns what a probed file is, or refuses it. The container is Sniff's. It takes the first video stream
// that is no attached picture and the first audio stream. It fails with Invalid and one of the codes no_video,
// streams_too_many, codec_unsupported, audio_codec_unsupported, dimensions_unknown, dimensions_unsupported,
// pixels_too_many, frame_rate_unsupported, malformed, duration_too_short and duration_too_long.
func Inspect(p Probe, container string) (video.Media, error) {
	const op = "media.Inspect"
	if n := len(p.Streams); n > maxStreams {
		return video.Media{}, refuse(op, "streams_too_many", "The file has %d streams; send at most %d.", n, maxStreams)
	}
	v, found := p.first("video")
	if !found {
		return video.Media{}, refuse(op, "no_video", "The file has no video stream; send one with pictures.")
	}
	a, sound := p.first("audio")
	if err := checkCodecs(v, a, sound); err != nil {
		return video.Media{}, err
	}
	m := video.Media{Container: container, VideoCodec: v.Codec, AudioCodec: a.Codec, Start: firstShown(v, container), Interlaced: v.interlaced()}
	var err error
	if m.Width, m.Height, err = shown(v); err != nil {
		return video.Media{}, err
	}
	if m.Rate, err = GridRate(v.RealRate, v.AverageRate); err != nil {
		return video.Media{}, err
	}
	var ok bool
	if m.TimeBase, ok = fraction(v.TimeBase, "/"); !ok {
		return video.Media{}, refuse(op, "malformed", malformed)
	}
	return measure(m, length(p, v, m.TimeBase))
}

// firstShown returns when the first frame is shown, in ticks. AVI has times of decoding only, one tick a frame, and
// ffprobe gives the first of those.
func firstShown(v Stream, container string) int64 {
	if container == AVI {
		return v.StartPTS + v.Delay
	}
	return v.StartPTS
}

// measure adds the number of frames on the grid, and the duration that follows from it.
func measure(m video.Media, length float64) (video.Media, error) {
	const op = "media.Inspect"
	if length > maxSeconds {
		return video.Media{}, refuse(op, "duration_too_long", "The video is longer than %d hours; cut it.", maxSeconds/3600)
	}
	m.Frames = int(math.Round(length * m.Rate.Float()))
	m.Duration = m.Rate.Seconds(m.Frames)
	if length < minSeconds || m.Frames < 1 {
		return video.Media{}, refuse(op, "duration_too_short", "The video has no length; send one of %.1f seconds or more.", minSeconds)
	}
	return m, nil
}

// length returns the seconds that the video stream lasts, 0 if nothing says: its own duration, else its count of
// frames, else from its start to the end of the file. The duration of a Matroska or TS file begins elsewhere than its
// video.
func length(p Probe, v Stream, tb video.Rate) float64 {
	if d, ok := seconds(v.Duration); ok && d > 0 {
		return d
	}
	if n, err := strconv.Atoi(v.Frames); err == nil && n > 0 {
		if fps := cmp.Or(quotient(v.AverageRate), quotient(v.RealRate)); fps > 0 {
			return float64(n) / fps
		}
	}
	start, _ := seconds(p.Format.Start)
	d, ok := seconds(p.Format.Duration)
	if !ok {
		return 0
	}
	return max(0, start+d-float64(v.StartPTS)*tb.Float())
}

func checkCodecs(v, a Stream, sound bool) error {
	if !known(VideoCodecs(), v.Codec) {
		return refuse("media.Inspect", "codec_unsupported", "The video codec is not one we take; send H.264, HEVC, VP9 or ProRes.")
	}
	if sound && !known(AudioCodecs(), a.Codec) {
		return refuse("media.Inspect", "audio_codec_unsupported", "The audio codec is not one we take; send AAC, MP3, Opus or PCM.")
	}
	return nil
}

// shown returns the size of the picture as it is displayed: pixels made square, then turned. A rotate tag is not
// looked at, because ffmpeg turns by the display matrix only.
func shown(v Stream) (width, height int, err error) {
	const op = "media.Inspect"
	if v.Width <= 0 || v.Height <= 0 {
		return 0, 0, refuse(op, "dimensions_unknown", "The size of the picture can't be found; export the video again.")
	}
	w, h := float64(v.Width), float64(v.Height)
	if sar, ok := fraction(v.SampleAspect, ":"); ok {
		w = math.Round(w * sar.Float())
	}
	if max(w*h, float64(v.Width)*float64(v.Height)) > maxPixels {
		return 0, 0, refuse(op, "pixels_too_many", "The picture is larger than 8192 × 4320 pixels; send a smaller one.")
	}
	if min(w, h) < minSide || max(w, h) > maxSide {
		return 0, 0, refuse(op, "dimensions_unsupported", "A side of the picture is under %d or over %d pixels; send another size.", minSide, maxSide)
	}
	if v.sideways() {
		w, h = h, w
	}
	return int(w), int(h), nil
}

// sideways reports whether the picture is shown turned by a quarter.
func (s Stream) sideways() bool {
	for _, d := range s.SideData {
		if math.Mod(math.Abs(math.Round(d.Rotation)), 180) == 90 {
			return true
		}
	}
	return false
}

// interlaced reports whether frames hold two fields: top or bottom first, coded or shown.
func (s Stream) interlaced() bool {
	switch s.FieldOrder {
	case "tt", "bb", "tb", "bt":
		return true
	}
	return false
}
