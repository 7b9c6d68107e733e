package media

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"sluice/shared/domain/fileformat"
	"sluice/shared/domain/video"
)

// Args are ffmpeg's arguments for one job: the options of its one input, and everything after the input. Package
// ffmpeg adds the options of the sandbox and the input itself. Output paths are chosen by the caller and written as
// file: URLs, so that none is taken for a protocol or an option. No text from a client is ever an argument.
type Args struct {
	Input, Output []string
}

// CommandLine returns the arguments with an input file, for runs outside the sandbox on files of our own.
func (a Args) CommandLine(in string) []string {
	return slices.Concat(a.Input, []string{"-i", "file:" + in}, a.Output)
}

const (
	// tailFrames is how many frames beyond its end a chunk is encoded, so that the look-ahead of x264 works as in one
	// run. They become one more fragment, which CutSegments drops.
	tailFrames = 12
	// vbvSeconds is the size of the decoder's buffer, in seconds at the capped bitrate.
	vbvSeconds = 2
)

// FromStart is the preroll that does not seek: ffmpeg decodes from the beginning of the file.
var FromStart = math.Inf(1)

// Prerolls returns how many seconds before a chunk to start decoding: the first one to try, then those to try when
// CutSegments finds frames missing. The last is always FromStart, which is slow and exact for every source. It is the
// only one for MPEG-TS, where seeking is not exact, and below ten frames a second, where a seek misses the frame on
// screen.
func Prerolls(m video.Media) []float64 {
	if m.Container == fileformat.MPEGTS || m.Rate.Float() < slowRate {
		return []float64{FromStart}
	}
	return []float64{0.5, 5, FromStart}
}

// VideoArgs returns the arguments that encode one chunk in every rendition of the plan. The source is decoded once,
// from preroll seconds before the chunk. out returns the output path of a rendition. The output is reproducible with
// the same build of ffmpeg, as every encoder has one thread.
func VideoArgs(p video.Plan, m video.Media, t video.Task, preroll float64, out func(rendition string) string) Args {
	args := Args{
		Input: slices.Concat([]string{"-threads", "1"}, buildFilterInputArgs(m), buildSeekArgs(p, m, t, preroll),
			[]string{"-copyts"}),
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

// SinglePassArgs returns the arguments that encode the whole video at once, with the filters and encoder options of
// chunks, to one MP4 for each rendition. Tests compare chunked encoding with it. threads is for the decoder and each
// encoder; 0 leaves it to ffmpeg.
func SinglePassArgs(p video.Plan, m video.Media, threads int, out func(rendition string) string) Args {
	whole := video.Task{Kind: video.VideoTask, To: p.FrameCount(), Segment: 1, Last: true}
	args := Args{
		Input: slices.Concat(
			[]string{"-threads", strconv.Itoa(threads)}, buildFilterInputArgs(m), []string{"-copyts"},
		),
		Output: []string{"-filter_complex", buildFilterGraph(p, m, whole)},
	}
	for i, r := range p.Renditions {
		args.Output = slices.Concat(args.Output, buildEncoderArgs(p, i, threads),
			[]string{"-movflags", "+faststart", "file:" + out(r.Name)})
	}
	if p.Audio {
		args.Output = slices.Concat(args.Output, buildWholeAudioArgs(p, m),
			[]string{"-movflags", "+faststart", "file:" + out(AudioRendition)})
	}
	return args
}

// buildFilterInputArgs keeps ffmpeg from rebuilding the filter graph when the pictures change their size, as in
// recordings of browsers: a new graph would lose the frame on screen. The scale filter handles the change itself; the
// deinterlacer can't.
func buildFilterInputArgs(m video.Media) []string {
	if m.Interlaced {
		return nil
	}
	return []string{"-reinit_filter:v", "0"}
}

// buildSeekArgs returns the options to seek to a key frame at or before the start of the preroll. ffmpeg's accurate
// seek would drop the frame that is still on screen at that time. The time is in the source's own timestamps, which
// -copyts keeps.
func buildSeekArgs(p video.Plan, m video.Media, t video.Task, preroll float64) []string {
	into := p.Rate.Seconds(t.From) - preroll
	if into <= 0 {
		return nil
	}
	at := strconv.FormatFloat(StartSeconds(m)+into, 'f', 6, 64)
	return []string{"-noaccurate_seek", "-seek_timestamp", "1", "-ss", at}
}

// StartSeconds returns the time in seconds at which the source shows its first frame, rounded as the filters get it.
func StartSeconds(m video.Media) float64 {
	return math.Round(float64(m.Start)*m.TimeBase.Float()*1e6) / 1e6
}

// buildFilterGraph returns the filter graph: frames on the grid, cut by frame number, scaled. After fps the time base
// is one frame, so that trim counts frames; fps must not be given a start, which would shift its rounding. The last
// frame of the source is repeated for up to a segment, so that video and audio end together. If the source is much
// shorter than planned, the last chunk is too short, and CutSegments rejects it.
func buildFilterGraph(p video.Plan, m video.Media, t video.Task) string {
	chain := []string{fmt.Sprintf("setpts=PTS%+d", -m.Start)}
	if m.Interlaced {
		chain = append(chain, "bwdif=mode=send_frame:deint=interlaced")
	}
	chain = append(chain, fmt.Sprintf("fps=%d/%d", p.Rate.Num, p.Rate.Den))
	end := t.To + tailFrames
	if t.Last {
		chain, end = append(chain, fmt.Sprintf("tpad=stop=%d:stop_mode=clone", p.SegmentFrames)), t.To
	}
	chain = append(chain, fmt.Sprintf("trim=start_pts=%d:end_pts=%d", t.From, end),
		fmt.Sprintf("split=%d", len(p.Renditions)))
	parts := []string{"[0:V:0]" + strings.Join(chain, ",")}
	for i, r := range p.Renditions {
		parts[0] += fmt.Sprintf("[s%d]", i)
		parts = append(
			parts,
			fmt.Sprintf("[s%d]scale=%d:%d:flags=bicubic:out_range=tv,setsar=1,format=yuv420p[v%d]", i, r.Width,
				r.Height, i),
		)
	}
	return strings.Join(parts, ";")
}

// buildEncoderArgs returns the encoder options of rendition i: constant quality under a cap, which unlike an average
// bitrate needs no knowledge of other chunks; one closed group of pictures per segment; a whole number of ticks per
// frame.
func buildEncoderArgs(p video.Plan, i, threads int) []string {
	scale, group, r := strconv.Itoa(VideoTimescale(p.Rate)), strconv.Itoa(p.SegmentFrames), p.Renditions[i]
	return slices.Concat([]string{
		"-map", fmt.Sprintf("[v%d]", i), "-fps_mode", "passthrough", "-enc_time_base", "1/" + scale,
		"-c:v", "libx264", "-threads", strconv.Itoa(threads), "-preset", "veryfast", "-profile:v", "high",
		"-crf", "23", "-maxrate", strconv.Itoa(r.Bitrate), "-bufsize", strconv.Itoa(vbvSeconds * r.Bitrate),
		"-bf", "3", "-g", group, "-keyint_min", group, "-sc_threshold", "0", "-flags", "+cgop",
	}, buildStripArgs(), []string{"-video_track_timescale", scale, "-f", "mp4"})
}

// buildStripArgs returns the options that keep metadata, chapters and other streams out of an output: tags may have
// names and places.
func buildStripArgs() []string {
	return []string{"-map_metadata", "-1", "-map_chapters", "-1", "-sn", "-dn", "-fflags", "+bitexact"}
}
