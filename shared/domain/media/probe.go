package media

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/fileformat"
	"sluice/shared/domain/video"
)

// Probe is the part of the output of ffprobe -show_streams -show_format -of json that is used. ffprobe writes times as
// strings.
type Probe struct {
	Streams []Stream `json:"streams"`
	Format  Format   `json:"format"`

	// the file is a remuxed copy, in which the duration of a frame is the time to the next one to be decoded
	remuxed bool
}

// Stream is one stream of a Probe.
type Stream struct {
	ID           string      `json:"id"` // of the track in a mov file: "0x1"
	Type         string      `json:"codec_type"`
	Codec        string      `json:"codec_name"`
	PixelFormat  string      `json:"pix_fmt"` // "yuv420p"
	Width        int         `json:"width"`
	Height       int         `json:"height"`
	SampleAspect string      `json:"sample_aspect_ratio"` // "64:45"
	FieldOrder   string      `json:"field_order"`
	RealRate     string      `json:"r_frame_rate"`
	AverageRate  string      `json:"avg_frame_rate"`
	TimeBase     string      `json:"time_base"`
	StartPTS     int64       `json:"start_pts"`
	SampleRate   string      `json:"sample_rate"`
	Delay        int64       `json:"has_b_frames"` // frames by which decoding is ahead of display
	Duration     string      `json:"duration"`     // seconds
	Frames       string      `json:"nb_frames"`
	Disposition  Disposition `json:"disposition"`
	SideData     []SideData  `json:"side_data_list"`
}

// Disposition has the flags of a stream that are used.
type Disposition struct {
	AttachedPicture int `json:"attached_pic"`
}

// SideData is side data of a stream; a display matrix has a rotation.
type SideData struct {
	Type     string  `json:"side_data_type"`
	Rotation float64 `json:"rotation"` // degrees, counterclockwise
}

// Format is the container in a Probe.
type Format struct {
	Start    string `json:"start_time"` // seconds
	Duration string `json:"duration"`   // seconds
}

// ParseProbe parses the JSON of ffprobe. It fails with Invalid, malformed.
func ParseProbe(b []byte) (Probe, error) {
	var p Probe
	if err := json.Unmarshal(b, &p); err != nil {
		return Probe{}, fileformat.Malformed.ToError("media.ParseProbe", errs.Invalid, err)
	}
	return p, nil
}

// firstStream returns the first stream of a type. An attached picture, such as a cover, is not a video stream.
func (p Probe) firstStream(typ string) (s Stream, ok bool) {
	for _, s := range p.Streams {
		if s.Type == typ && s.Disposition.AttachedPicture == 0 {
			return s, true
		}
	}
	return Stream{}, false
}

// NeedsFirstFrame reports whether a decoder may need the first frame of the video to decode any other. Versions of x264
// before build 151 encoded 4:4:4 in a way of their own, and name themselves in the first frame only; see
// decode_cabac_residual in FFmpeg's libavcodec/h264_cabac.c and its uses of x264_build.
func (p Probe) NeedsFirstFrame() bool {
	v, _ := p.firstStream("video")
	return v.Codec == "h264" && strings.Contains(v.PixelFormat, "444")
}

// NeedsPacketData reports whether a demuxer of a mov file may look into the packets of the video to say where and when
// they are. It does not for these codecs: it takes that from the tables, and FindStart of package sampletable compares
// both. For VP8 and VP9 it does; see need_parsing in FFmpeg's libavformat/mov.c.
func (p Probe) NeedsPacketData() bool {
	v, _ := p.firstStream("video")
	return !slices.Contains([]string{"h264", "hevc", "mjpeg", "prores"}, v.Codec)
}

// TrackIDs returns the ids in a mov file of the video and the audio track that are used; 0 for none.
func (p Probe) TrackIDs() (videoID, audioID uint32) {
	v, _ := p.firstStream("video")
	a, _ := p.firstStream("audio")
	return parseID(v.ID), parseID(a.ID)
}

// WithRate returns the properties of a remuxed copy of a file that states the rate of its video, which the copy does
// not; with a zero rate, p.
func (p Probe) WithRate(r video.Rate) Probe {
	if r == (video.Rate{}) {
		return p
	}
	p.Streams, p.remuxed = slices.Clone(p.Streams), true
	for i := range p.Streams {
		if s := &p.Streams[i]; s.Type == "video" {
			s.RealRate = fmt.Sprintf("%d/%d", r.Num, r.Den)
			s.AverageRate = s.RealRate
		}
	}
	return p
}

// parseID parses a track id; 0 if it is not valid.
func parseID(s string) uint32 {
	n, _ := strconv.ParseUint(s, 0, 32)
	return uint32(n)
}

// parseSeconds parses a time. ok is false for anything but a finite number.
func parseSeconds(s string) (sec float64, ok bool) {
	sec, err := strconv.ParseFloat(s, 64)
	return sec, err == nil && !math.IsNaN(sec) && !math.IsInf(sec, 0)
}
