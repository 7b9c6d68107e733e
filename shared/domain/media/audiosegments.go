package media

import (
	"fmt"

	"sluice/shared/domain/media/fragment"
	"sluice/shared/domain/video"
)

// CutAudioSegments makes the audio segments of a video task from the file that ffmpeg has written with AudioChunkArgs:
// one for each segment of the video. A segment has the AAC frames that begin in the time of its video, or less than one
// before it. It fails with Invalid, frames_missing or segments_wrong, unless the file has exactly the frames of the
// task.
func CutAudioSegments(p video.Plan, t video.Task, file []byte) (RenditionOutput, error) {
	init, frags, err := fragment.Split(file)
	if err != nil {
		return RenditionOutput{}, err
	}
	out, err := newRenditionOutput(AudioRendition, init, SampleRate)
	if err != nil {
		return RenditionOutput{}, err
	}
	packets, err := fragment.ListPackets(init, frags)
	if err != nil {
		return RenditionOutput{}, fragment.NewError(err)
	}
	first, end := findAACFrames(p, t.From), findAACFrames(p, t.To)
	if n := end - first; int64(len(packets)) != n {
		return RenditionOutput{}, newFramesMissingError(fmt.Errorf("task %d: %d AAC frames, want %d", t.Number,
			len(packets), n))
	}
	for i, packet := range packets {
		want, last := (first+int64(i))*aacFrame, t.Last && i == len(packets)-1
		if packet.DecodeTime != uint64(want) || packet.Dur != aacFrame && !last {
			return RenditionOutput{}, fragment.NewError(fmt.Errorf("task %d: AAC frame at %d, want %d", t.Number,
				packet.DecodeTime, want))
		}
	}
	for from := t.From; from < t.To; from += p.SegmentFrames {
		n := findAACFrames(p, min(from+p.SegmentFrames, t.To)) - findAACFrames(p, from)
		segment, ticks, err := fragment.Build(t.Segment+len(out.Segments), packets[:n])
		if err != nil {
			return RenditionOutput{}, fragment.NewError(err)
		}
		out.Segments = append(out.Segments, segment)
		out.Track.Segments = append(out.Track.Segments, video.Segment{Bytes: int64(len(segment)), Ticks: ticks})
		packets = packets[n:]
	}
	return out, nil
}
