package media

import (
	"fmt"
	"math"
	"strings"

	"sluice/shared/domain/video"
)

// Names of the objects of a video, relative to its folder or, for all but the first, to that of a rendition.
const (
	MasterName   = "master.m3u8"
	PlaylistName = "index.m3u8"
	InitName     = "init.mp4"
)

// SegmentName returns the name of a segment counted from 1: "00001.m4s".
func SegmentName(n int) string { return fmt.Sprintf("%05d.m4s", n) }

// End ends a media playlist: nothing is ever added behind it.
const End = "#EXT-X-ENDLIST\n"

// Closed is the master playlist of a video that failed after it was playable: it has no rendition, so that no player
// begins.
const Closed = "#EXTM3U\n#EXT-X-VERSION:7\n"

// MediaPlaylist returns the HLS playlist (RFC 8216, version 7) of a track, as Assemble returns it, as far as so many
// frames: with all of the plan's it has its end. That of a plan that grows is an EVENT from its first version to its
// last, and each begins with the whole text of the one before (§6.2.1: an EVENT may only be added to). Its links are
// relative.
func MediaPlaylist(p video.Plan, t video.Track, frames int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:%d\n#EXT-X-MEDIA-SEQUENCE:1\n", target(t))
	b.WriteString(kind(p))
	fmt.Fprintf(&b, "#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=%q\n", InitName)
	end, at := ticks(p.Rate, frames, t.Timescale), int64(0)
	for i, s := range t.Segments {
		if at >= end && frames < p.Frames() {
			return b.String()
		}
		fmt.Fprintf(&b, "#EXTINF:%.6f,\n%s\n", length64(s.Ticks, t), SegmentName(i+1))
		at += s.Ticks
	}
	if frames == p.Frames() {
		b.WriteString(End)
	}
	return b.String()
}

// kind returns the tags that say whether a playlist grows. Players would begin near the end of one that does.
func kind(p video.Plan) string {
	if p.Grows() {
		return "#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-START:TIME-OFFSET=0\n"
	}
	return "#EXT-X-PLAYLIST-TYPE:VOD\n"
}

// Master returns the HLS master playlist of a plan's tracks, as Assemble returns them: the largest rendition first,
// the sound in a group of its own. BANDWIDTH is measured, and that is not the cap: a cap holds within a chunk only. Of a
// video that is not whole yet it is what the encoder's buffer allows at most, and so is the average.
func Master(p video.Plan, tracks map[string]video.Track, whole bool) string {
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
		top, mean := peak(t), average(t)
		if !whole {
			top, mean = bounds(p, r)
		}
		fmt.Fprintf(&b, "#EXT-X-STREAM-INF:BANDWIDTH=%d,AVERAGE-BANDWIDTH=%d,CODECS=\"%s\",RESOLUTION=%dx%d,FRAME-RATE=%.3f%s\n%s/%s\n",
			top+peak(sound), mean+average(sound), t.Codec+codecs, r.Width, r.Height, p.Rate.Float(), group, r.Name, PlaylistName)
	}
	return b.String()
}

// bounds returns the most bits a second that a segment of a rendition may have, and the video on average: a segment may
// empty the buffer, which holds vbvSeconds at the cap, and so may each chunk once, which begins with a full one. Each
// frame has an entry in its segment's index, of 16 bytes.
func bounds(p video.Plan, r video.Rendition) (top, mean int) {
	most := func(frames int) int {
		return int(math.Ceil(16*8*p.Rate.Float() + float64(r.Bitrate)*(1+vbvSeconds/p.Rate.Seconds(frames))))
	}
	return most(min(p.SegmentFrames, p.Frames())), most(p.Borders[1])
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
