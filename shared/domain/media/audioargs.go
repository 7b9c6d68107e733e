package media

import (
	"fmt"
	"slices"
	"strconv"

	"sluice/shared/domain/sampletable"
	"sluice/shared/domain/sampletable/audioindex"
	"sluice/shared/domain/video"
)

const (
	audioBitrate = "128k"
	aacFrame     = 1024 // samples
	// How many AAC frames are encoded before and behind those of a chunk, and dropped. The encoder chooses the windows
	// of a frame by its neighbours, so that with two before it both encoders of a border choose the same; the others
	// are for its rate control.
	leadFrames, tailAACFrames = 8, 2
)

// AudioArgs returns the arguments that encode the audio of the whole video to one file. It is as long as the video, to
// the sample, and silent where the source has no audio. The AAC encoder's priming packet is dropped, so that there is
// no offset and no edit list.
func AudioArgs(p video.Plan, m video.Media, out func(rendition string) string) Args {
	return Args{Input: []string{"-threads", "1", "-copyts"}, Output: slices.Concat(buildWholeAudioArgs(p, m),
		buildAACFileArgs("lt(pts,0)"), []string{
			"-frag_duration", strconv.FormatInt(countTicks(p.Rate, p.SegmentFrames, 1e6), 10),
			"file:" + out(AudioRendition),
		})}
}

// AudioInput says where the audio is in the input of AudioChunkArgs: in a whole original, or in a part of it.
type AudioInput struct {
	Whole bool
	Part  sampletable.AudioPart
}

// AudioChunkArgs returns the arguments that encode the audio of a video task to one file of whole AAC frames, of which
// CutAudioSegments makes its segments. It encodes some frames of its neighbours too and drops them, so that at a border
// both choose the same windows, without which the overlapping frames would not fit together.
func AudioChunkArgs(p video.Plan, m video.Media, t video.Task, in AudioInput, out func(rendition string) string) Args {
	from, to := findAACFrames(p, t.From), findAACFrames(p, t.To)
	begin, end := max(0, from-leadFrames)*aacFrame, min((to+tailAACFrames)*aacFrame, countSamples(p))
	filter := []string{"-map", "0:a:0", "-af"}
	switch {
	case in.Whole:
		filter = append(filter, fmt.Sprintf("%s,atrim=start_sample=%d:end_sample=%d", buildAlignFilter(m), begin, end))
	case in.Part.Rate > 0:
		filter = append(filter, buildPartFilter(in.Part, begin, end))
	default: // there is none
		filter = []string{"-filter_complex", fmt.Sprintf(
			"anullsrc=r=%d:cl=stereo,atrim=end_sample=%d,asetpts=PTS%+d[a]", SampleRate, end-begin, begin,
		), "-map", "[a]"}
	}
	drop := fmt.Sprintf("lt(pts,%d)+gte(pts,%d)", from*aacFrame, to*aacFrame)
	return Args{Input: []string{"-threads", "1", "-copyts"}, Output: slices.Concat(filter, buildAACArgs(),
		buildAACFileArgs(drop), []string{"file:" + out(AudioRendition)})}
}

// FindAudioWindow returns what a decoder needs of the audio of a video task, of rate samples a second.
func FindAudioWindow(p video.Plan, m video.Media, t video.Task, rate int) audioindex.Window {
	begin := max(0, findAACFrames(p, t.From)-leadFrames) * aacFrame
	end := min((findAACFrames(p, t.To)+tailAACFrames)*aacFrame, countSamples(p))
	const history = 250 // parts of a second: more than the filter that changes the rate looks back
	w := audioindex.Window{
		From: begin*int64(rate)/SampleRate - findPhase(rate) - int64(rate/history),
		To:   end*int64(rate)/SampleRate + int64(rate/history), Packets: 2,
	}
	if m.AudioCodec == "mp2" || m.AudioCodec == "mp3" { // a frame has its data in up to nine frames before
		w.Packets = 10
	}
	return w
}

// AudioFormat returns what a decoder makes of the audio of a file.
func (p Probe) AudioFormat() audioindex.Format {
	a, _ := p.firstStream("audio")
	rate, _ := strconv.Atoi(a.SampleRate)
	samples, ok := map[string][]int{
		"aac": {1024, 2048, 960, 1920}, "ac3": {1536}, "eac3": {1536, 256, 512, 768}, "mp2": {1152}, "mp3": {1152, 576},
		"alac": nil, "flac": nil,
	}[a.Codec]
	if !ok || rate < minAudioRate || rate > maxAudioRate {
		return audioindex.Format{}
	}
	return audioindex.Format{Rate: rate, PacketSamples: samples}
}

const minAudioRate, maxAudioRate = 4000, 384_000 // samples a second

// findAACFrames returns how many AAC frames of the audio begin before a frame of the video: the number of the one that
// a segment begins with. At the end it is the number of all.
func findAACFrames(p video.Plan, frame int) int64 {
	samples := countSamples(p)
	if frame < p.FrameCount() {
		return int64(frame) * SampleRate * int64(p.Rate.Den) / int64(p.Rate.Num) / aacFrame
	}
	return (samples + aacFrame - 1) / aacFrame
}

// findPhase returns the least number of samples of a rate that last a whole number of samples of SampleRate: where a
// decoder begins on one, the filter that changes the rate makes the same samples as from the beginning. It returns 1
// for rates that are not in use, whose samples are moved by less than one.
func findPhase(rate int) int64 {
	n, rest := rate, SampleRate
	for rest > 0 {
		n, rest = rest, n%rest
	}
	if phase := int64(rate / n); phase <= int64(rate/50) {
		return phase
	}
	return 1
}

// buildPartFilter returns the filter that gives the samples begin to end-1 of the audio, of SampleRate a second, from a
// part of the source. Where it begins with silence, or a gap lasts a tenth of a second or more, aresample fills it.
func buildPartFilter(a sampletable.AudioPart, begin, end int64) string {
	rate := int64(a.Rate)
	phase := findPhase(a.Rate)
	first := max(a.First, a.Audible)
	zero := -floorTo(-first, phase) // the position that gets the time 0
	trim := zero
	if wanted := begin * rate / SampleRate; zero > wanted { // the filter ignores a silence of a millisecond
		zero, trim = floorTo(min(wanted, first-rate/100), phase), first
	}
	moved := zero * SampleRate / rate
	return fmt.Sprintf(
		"atrim=start_pts=%d,asetpts=PTS%+d,aresample=%d:async=1:first_pts=0:min_hard_comp=0.1,apad,"+
			"atrim=start_sample=%d:end_sample=%d,asetpts=PTS%+d",
		trim-a.First, a.First-zero, SampleRate, begin-moved, end-moved, moved,
	)
}

// floorTo returns the greatest multiple of step that is at most n.
func floorTo(n, step int64) int64 {
	if n < 0 {
		return -((-n + step - 1) / step * step)
	}
	return n / step * step
}

// buildAlignFilter returns the filter that gives the audio from the first frame of the video on, without an end.
func buildAlignFilter(m video.Media) string {
	return fmt.Sprintf("asetpts=PTS-(%.6f)/TB,aresample=%d:async=1:first_pts=0:min_hard_comp=0.1,apad",
		StartSeconds(m), SampleRate)
}

// buildWholeAudioArgs returns the filters and encoder options of the whole audio: aligned with the start of the video,
// and padded or cut to its length.
func buildWholeAudioArgs(p video.Plan, m video.Media) []string {
	filter := fmt.Sprintf("%s,atrim=end_sample=%d", buildAlignFilter(m), countSamples(p))
	return append([]string{"-map", "0:a:0", "-af", filter}, buildAACArgs()...)
}

// buildAACArgs returns the options of the AAC encoder and its format.
func buildAACArgs() []string {
	return slices.Concat([]string{
		"-c:a", "aac", "-threads", "1", "-b:a", audioBitrate, "-ac", "2",
	}, buildStripArgs(), []string{"-f", "mp4"})
}

// buildAACFileArgs returns the options of a file of segments without the packets for which an expression of ffmpeg's
// bitstream filter noise is true.
func buildAACFileArgs(drop string) []string {
	return []string{
		"-bsf:a", "noise=drop='" + drop + "'", "-movflags", "+cmaf+frag_discont+empty_moov+default_base_moof+skip_trailer",
	}
}
