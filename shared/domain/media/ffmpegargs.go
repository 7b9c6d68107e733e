package media

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"sluice/shared/domain/video"
)

// Args is what the work is, in ffmpeg's words: options of the one input, and all that follows it. Package ffmpeg puts
// the flags of the cage and the input itself around them. Output paths are the caller's own, and come out as file:
// URLs, so that nothing in them is taken for a protocol or an option; nothing that a client has sent is ever an
// argument.
type Args struct {
	Input, Output []string
}

// CommandLine returns the arguments for an input outside any cage: for files of our own.
func (a Args) CommandLine(in string) []string {
	return slices.Concat(a.Input, []string{"-i", "file:" + in}, a.Output)
}

const (
	// tailFrames is how many frames past its end a chunk is encoded to: x264 then looks ahead as it would in one run.
	// They make one more fragment, which Cut throws away.
	tailFrames = 12
	// vbvSeconds is the decoder's buffer in seconds at the capped bitrate.
	vbvSeconds   = 2
	audioBitrate = "128k"
)

// FromStart is the preroll that seeks nowhere: everything is decoded from the beginning of the file.
var FromStart = math.Inf(1)

// Prerolls returns how many seconds before a chunk to begin decoding: the first to try, and what to try next when Cut
// finds frames missing. The last is always FromStart, which is exact for every source and slow. MPEG-TS can't be sought
// in exactly; and at under ten frames a second a seek misses the frame on screen, and there is little to decode.
func Prerolls(m video.Media) []float64 {
	if m.Container == MPEGTS || m.Rate.Float() < slowRate {
		return []float64{FromStart}
	}
	return []float64{0.5, 5, FromStart}
}

// VideoArgs returns the arguments that encode one chunk to every rendition of the plan, decoding it once, beginning
// preroll seconds early. Out returns the path that a rendition is written to. The same arguments give the same bytes on
// the same build: every encoder has one thread.
func VideoArgs(p video.Plan, m video.Media, t video.Task, preroll float64, out func(rendition string) string) Args {
	args := Args{
		Input:  slices.Concat([]string{"-threads", "1"}, buildFilterInputArgs(m), buildSeekArgs(p, m, t, preroll), []string{"-copyts"}),
		Output: []string{"-filter_complex", buildFilterGraph(p, m, t)},
	}
	for i, r := range p.Renditions {
		args.Output = slices.Concat(args.Output, buildEncoderArgs(p, i, 1), []string{
			"-movflags", "+frag_discont+delay_moov+frag_keyframe+empty_moov+default_base_moof+skip_trailer",
			"-fragment_index", strconv.Itoa(t.Segment), "file:" + out(r.Name),
		})
	}
	return args
}

// AudioArgs returns the arguments that encode the sound of the whole video to one file: as long as the video to the
// sample, silent where the source is. The packet that primes the AAC decoder is dropped, so that there is no offset
// and no edit list.
func AudioArgs(p video.Plan, m video.Media, out func(rendition string) string) Args {
	return Args{Input: []string{"-threads", "1", "-copyts"}, Output: slices.Concat(buildSoundArgs(p, m), []string{
		"-bsf:a", "noise=drop='lt(pts,0)'",
		"-movflags", "+cmaf+frag_discont+empty_moov+default_base_moof+skip_trailer",
		"-frag_duration", strconv.FormatInt(countTicks(p.Rate, p.SegmentFrames, 1e6), 10),
		"file:" + out(AudioRendition),
	})}
}

// SinglePassArgs returns the arguments that encode the whole of in at once, with the filters and encoder options of the
// chunks, to one MP4 a rendition and one for the sound: what chunked encoding is compared with. Threads are those of
// the decoder and of each encoder; 0 leaves them to ffmpeg.
func SinglePassArgs(p video.Plan, m video.Media, threads int, out func(rendition string) string) Args {
	whole := video.Task{Kind: video.VideoTask, To: p.FrameCount(), Segment: 1, Last: true}
	args := Args{
		Input:  slices.Concat([]string{"-threads", strconv.Itoa(threads)}, buildFilterInputArgs(m), []string{"-copyts"}),
		Output: []string{"-filter_complex", buildFilterGraph(p, m, whole)},
	}
	for i, r := range p.Renditions {
		args.Output = slices.Concat(args.Output, buildEncoderArgs(p, i, threads), []string{"-movflags", "+faststart", "file:" + out(r.Name)})
	}
	if p.Audio {
		args.Output = slices.Concat(args.Output, buildSoundArgs(p, m), []string{"-movflags", "+faststart", "file:" + out(AudioRendition)})
	}
	return args
}

// buildFilterInputArgs keeps the graph as it is where pictures change their size, as those of a browser's recording do:
// a new graph would lose the frame on screen. Scaling follows the change by itself; deinterlacing can't.
func buildFilterInputArgs(m video.Media) []string {
	if m.Interlaced {
		return nil
	}
	return []string{"-reinit_filter:v", "0"}
}

// buildSeekArgs goes to a key frame at or before the time, without accuracy: the accurate seek of ffmpeg would throw
// away the frame that is still on screen there. The time is the source's own, which -copyts keeps.
func buildSeekArgs(p video.Plan, m video.Media, t video.Task, preroll float64) []string {
	into := p.Rate.Seconds(t.From) - preroll
	if into <= 0 {
		return nil
	}
	at := strconv.FormatFloat(startSeconds(m)+into, 'f', 6, 64)
	return []string{"-noaccurate_seek", "-seek_timestamp", "1", "-ss", at}
}

// startSeconds returns the time in seconds at which the source shows its first frame.
func startSeconds(m video.Media) float64 { return float64(m.Start) * m.TimeBase.Float() }

// buildFilterGraph puts the frames on the grid, cuts by number and scales. After fps the time base is one frame, so
// that trim counts frames; fps itself must not be told a start, which would shift its rounding. Behind the source's
// last frame that one stays on screen, for as long as slack allows: pictures and sound then end together, and a source
// that is much shorter than planned leaves the last chunk short, which Cut refuses.
func buildFilterGraph(p video.Plan, m video.Media, t video.Task) string {
	chain := []string{fmt.Sprintf("setpts=PTS%+d", -m.Start)}
	if m.Interlaced {
		chain = append(chain, "bwdif=mode=send_frame:deint=interlaced")
	}
	chain = append(chain, fmt.Sprintf("fps=%d/%d", p.Rate.Num, p.Rate.Den))
	end := t.To + tailFrames
	if t.Last {
		chain, end = append(chain, fmt.Sprintf("tpad=stop=%d:stop_mode=clone", slackFrames(p))), t.To
	}
	chain = append(chain, fmt.Sprintf("trim=start_pts=%d:end_pts=%d", t.From, end), fmt.Sprintf("split=%d", len(p.Renditions)))
	parts := []string{"[0:V:0]" + strings.Join(chain, ",")}
	for i, r := range p.Renditions {
		parts[0] += fmt.Sprintf("[s%d]", i)
		parts = append(parts, fmt.Sprintf("[s%d]scale=%d:%d:flags=bicubic:out_range=tv,setsar=1,format=yuv420p[v%d]", i, r.Width, r.Height, i))
	}
	return strings.Join(parts, ";")
}

// slackFrames is how many frames the source may lack at its end.
func slackFrames(p video.Plan) int { return p.SegmentFrames }

// buildEncoderArgs returns the options of rendition i: constant quality under a cap, which needs no knowledge of other
// chunks as an average bitrate would; one closed group of pictures a segment; one frame a whole number of ticks.
func buildEncoderArgs(p video.Plan, i, threads int) []string {
	scale, group, r := strconv.Itoa(VideoTimescale(p.Rate)), strconv.Itoa(p.SegmentFrames), p.Renditions[i]
	return slices.Concat([]string{
		"-map", fmt.Sprintf("[v%d]", i), "-fps_mode", "passthrough", "-enc_time_base", "1/" + scale,
		"-c:v", "libx264", "-threads", strconv.Itoa(threads), "-preset", "veryfast", "-profile:v", "high",
		"-crf", "23", "-maxrate", strconv.Itoa(r.Bitrate), "-bufsize", strconv.Itoa(vbvSeconds * r.Bitrate),
		"-bf", "3", "-g", group, "-keyint_min", group, "-sc_threshold", "0", "-flags", "+cgop",
	}, buildStripArgs(), []string{"-video_track_timescale", scale, "-f", "mp4"})
}

// buildSoundArgs returns the filters and encoder options of the sound: moved to the video's zero, filled or cut to its
// length.
func buildSoundArgs(p video.Plan, m video.Media) []string {
	filter := fmt.Sprintf("asetpts=PTS-(%.6f)/TB,aresample=%d:async=1:first_pts=0:min_hard_comp=0.1,apad,atrim=end_sample=%d",
		startSeconds(m), SampleRate, countSamples(p))
	return slices.Concat([]string{
		"-map", "0:a:0", "-af", filter, "-c:a", "aac", "-threads", "1", "-b:a", audioBitrate, "-ac", "2",
	}, buildStripArgs(), []string{"-f", "mp4"})
}

// buildStripArgs keeps everything out of an output that is not its one stream: tags may hold names and places.
func buildStripArgs() []string {
	return []string{"-map_metadata", "-1", "-map_chapters", "-1", "-sn", "-dn", "-fflags", "+bitexact"}
}
