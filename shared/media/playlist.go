package media

import (
	"fmt"
	"math"
	"strings"

	"sluice/shared/video"
)

// Names of the objects of a video, relative to its folder or, for all but the first, to that of a rendition.
const (
	MasterName   = "master.m3u8"
	PlaylistName = "index.m3u8"
	InitName     = "init.mp4"
)

// SegmentName returns the name of a segment counted from 1: "00001.m4s".
func SegmentName(n int) string { return fmt.Sprintf("%05d.m4s", n) }

// MediaPlaylist returns the HLS playlist of one whole track (RFC 8216, version 7). Its links are relative.
func MediaPlaylist(t video.Track) string {
	var b strings.Builder
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:%d\n#EXT-X-MEDIA-SEQUENCE:1\n", target(t))
	fmt.Fprintf(&b, "#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=%q\n", InitName)
	for i, s := range t.Segments {
		fmt.Fprintf(&b, "#EXTINF:%.6f,\n%s\n", length64(s.Ticks, t), SegmentName(i+1))
	}
	b.WriteString("#EXT-X-ENDLIST\n")
	return b.String()
}

// Master returns the HLS master playlist of a plan's tracks, as Assemble returns them: the largest rendition first,
// the sound in a group of its own. BANDWIDTH is measured, not the cap: a cap holds within a chunk only.
func Master(p video.Plan, tracks map[string]video.Track) string {
	var b strings.Builder
	b.WriteString("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n")
	sound, audible := tracks[Audio]
	codecs, group := "", ""
	if audible {
		fmt.Fprintf(&b, "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=%q,NAME=\"Sound\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=%q\n", Audio, Audio+"/"+PlaylistName)
		codecs, group = ","+sound.Codec, fmt.Sprintf(",AUDIO=%q", Audio)
	}
	for _, r := range p.Renditions {
		t := tracks[r.Name]
		fmt.Fprintf(&b, "#EXT-X-STREAM-INF:BANDWIDTH=%d,AVERAGE-BANDWIDTH=%d,CODECS=\"%s\",RESOLUTION=%dx%d,FRAME-RATE=%.3f%s\n%s/%s\n",
			peak(t)+peak(sound), average(t)+average(sound), t.Codec+codecs, r.Width, r.Height, p.Rate.Float(), group, r.Name, PlaylistName)
	}
	return b.String()
}

// target returns the longest segment in seconds, rounded to a whole number as RFC 8216 §4.3.3.1 has it.
func target(t video.Track) int {
	longest := int64(0)
	for _, s := range t.Segments {
		longest = max(longest, s.Ticks)
	}
	return max(1, int(math.Round(length64(longest, t))))
}

func length64(ticks int64, t video.Track) float64 { return float64(ticks) / float64(t.Timescale) }

// average returns a track's bits a second.
func average(t video.Track) int {
	var sum video.Segment
	for _, s := range t.Segments {
		sum.Bytes, sum.Ticks = sum.Bytes+s.Bytes, sum.Ticks+s.Ticks
	}
	return bitsPerSecond(sum, t)
}

// peak returns the most bits a second of neighbouring segments that together last half to one and a half target
// durations (RFC 8216 §4.1): a last segment of one frame is not measured alone.
func peak(t video.Track) int {
	least, most := 0.5*float64(target(t)), 1.5*float64(target(t))
	top := average(t)
	for i := range t.Segments {
		var run video.Segment
		for _, s := range t.Segments[i:] {
			run.Bytes, run.Ticks = run.Bytes+s.Bytes, run.Ticks+s.Ticks
			if length64(run.Ticks, t) > most {
				break
			}
			if length64(run.Ticks, t) >= least {
				top = max(top, bitsPerSecond(run, t))
			}
		}
	}
	return top
}

// bitsPerSecond rounds up, for the announced bandwidth is an upper bound.
func bitsPerSecond(s video.Segment, t video.Track) int {
	if s.Ticks == 0 {
		return 0
	}
	return int(math.Ceil(float64(s.Bytes) * 8 * float64(t.Timescale) / float64(s.Ticks)))
}
