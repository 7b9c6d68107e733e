package media

import (
	"fmt"
	"math"
	"strings"

	"sluice/shared/domain/video"
)

// Names of the objects of a video: MasterName in the folder of the video, the others in the folder of each rendition.
const (
	MasterName   = "master.m3u8"
	PlaylistName = "index.m3u8"
	InitName     = "init.mp4"
)

// SegmentName returns the name of a segment counted from 1: "00001.m4s".
func SegmentName(n int) string { return fmt.Sprintf("%05d.m4s", n) }

// EndTag ends a media playlist to which nothing will be added.
const EndTag = "#EXT-X-ENDLIST\n"

// EmptyMasterPlaylist is the master playlist of a video that failed after it was playable: it has no rendition, so
// that no player starts.
const EmptyMasterPlaylist = "#EXTM3U\n#EXT-X-VERSION:7\n"

// BuildMediaPlaylist returns the HLS media playlist (RFC 8216, version 7) of a track as AssembleTracks returns it, as
// far as a number of frames; with all frames of the plan, it has EndTag. If the plan allows early playback, each
// version of the playlist is an EVENT playlist and begins with the whole text of the previous one (§6.2.1: only
// additions are allowed). URIs are relative.
func BuildMediaPlaylist(p video.Plan, t video.Track, frames int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:%d\n#EXT-X-MEDIA-SEQUENCE:1\n", targetDuration(t))
	if p.AllowsEarlyPlayback() { // it grows; without the start tag, players would start near its end
		b.WriteString("#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-START:TIME-OFFSET=0\n")
	} else {
		b.WriteString("#EXT-X-PLAYLIST-TYPE:VOD\n")
	}
	fmt.Fprintf(&b, "#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=%q\n", InitName)
	end, at := countTicks(p.Rate, frames, t.Timescale), int64(0)
	for i, s := range t.Segments {
		if at >= end && frames < p.FrameCount() {
			return b.String()
		}
		fmt.Fprintf(&b, "#EXTINF:%.6f,\n%s\n", ticksToSeconds(s.Ticks, t), SegmentName(i+1))
		at += s.Ticks
	}
	if frames == p.FrameCount() {
		b.WriteString(EndTag)
	}
	return b.String()
}

// BuildMasterPlaylist returns the HLS master playlist of tracks as AssembleTracks returns them: the largest rendition
// first, the audio in a group. BANDWIDTH is measured, as the encoder keeps its cap only within a chunk. whole is
// whether the video is complete; until then, both bandwidths are the upper bounds that the encoder's buffer allows.
func BuildMasterPlaylist(p video.Plan, tracks map[string]video.Track, whole bool) string {
	var b strings.Builder
	b.WriteString("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n")
	audio, audible := tracks[AudioRendition]
	codecs, group := "", ""
	if audible {
		fmt.Fprintf(&b,
			"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=%q,NAME=\"Sound\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=%q\n",
			AudioRendition, AudioRendition+"/"+PlaylistName)
		codecs, group = ","+audio.Codec, fmt.Sprintf(",AUDIO=%q", AudioRendition)
	}
	audioTop, audioMean := peakBitrate(audio), averageBitrate(audio)
	if audible && !whole && p.AudioInChunks {
		audioTop, audioMean = max(audioTop, maxAudioBitrate), max(audioMean, maxAudioBitrate)
	}
	for _, r := range p.Renditions {
		t := tracks[r.Name]
		top, mean := peakBitrate(t), averageBitrate(t)
		if !whole {
			top, mean = computeBandwidthBounds(p, r)
		}
		fmt.Fprintf(&b,
			"#EXT-X-STREAM-INF:BANDWIDTH=%d,AVERAGE-BANDWIDTH=%d,CODECS=\"%s\",RESOLUTION=%dx%d,FRAME-RATE=%.3f%s\n%s/%s\n",
			top+audioTop, mean+audioMean, t.Codec+codecs, r.Width, r.Height, p.Rate.Float(),
			group, r.Name, PlaylistName)
	}
	return b.String()
}

// maxAudioBitrate is an upper bound of the bits a second of the audio, with the tables of its segments.
const maxAudioBitrate = 160_000

// computeBandwidthBounds returns the maximum bits a second of a segment, and of the whole video, of a rendition. A
// segment may empty the buffer, which holds vbvSeconds at the cap, and so may each chunk once, as it starts with a
// full buffer. Each frame has an entry of 16 bytes in the index of its segment.
func computeBandwidthBounds(p video.Plan, r video.Rendition) (top, mean int) {
	most := func(frames int) int {
		return int(math.Ceil(16*8*p.Rate.Float() + float64(r.Bitrate)*(1+vbvSeconds/p.Rate.Seconds(frames))))
	}
	return most(min(p.SegmentFrames, p.FrameCount())), most(p.Borders[1])
}

// targetDuration returns the duration of the longest segment in seconds, rounded (RFC 8216 §4.3.3.1).
func targetDuration(t video.Track) int {
	longest := int64(0)
	for _, s := range t.Segments {
		longest = max(longest, s.Ticks)
	}
	return max(1, int(math.Round(ticksToSeconds(longest, t))))
}

func ticksToSeconds(ticks int64, t video.Track) float64 { return float64(ticks) / float64(t.Timescale) }

// averageBitrate returns the bits a second of a track.
func averageBitrate(t video.Track) int {
	var sum video.Segment
	for _, s := range t.Segments {
		sum.Bytes, sum.Ticks = sum.Bytes+s.Bytes, sum.Ticks+s.Ticks
	}
	return bitsPerSecond(sum, t)
}

// peakBitrate returns the maximum bits a second of consecutive segments that together last half to one and a half
// target durations (RFC 8216 §4.1). A very short last segment is therefore not measured alone.
func peakBitrate(t video.Track) int {
	least, most := 0.5*float64(targetDuration(t)), 1.5*float64(targetDuration(t))
	top := averageBitrate(t)
	for i := range t.Segments {
		var run video.Segment
		for _, s := range t.Segments[i:] {
			run.Bytes, run.Ticks = run.Bytes+s.Bytes, run.Ticks+s.Ticks
			if ticksToSeconds(run.Ticks, t) > most {
				break
			}
			if ticksToSeconds(run.Ticks, t) >= least {
				top = max(top, bitsPerSecond(run, t))
			}
		}
	}
	return top
}

// bitsPerSecond rounds up, as the stated bandwidth is an upper bound.
func bitsPerSecond(s video.Segment, t video.Track) int {
	if s.Ticks == 0 {
		return 0
	}
	return int(math.Ceil(float64(s.Bytes) * 8 * float64(t.Timescale) / float64(s.Ticks)))
}
