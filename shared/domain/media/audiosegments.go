package media

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/Eyevinn/mp4ff/mp4"

	"sluice/shared/domain/video"
)

// CutAudioSegments makes the audio segments of a video task from the file that ffmpeg has written with AudioChunkArgs:
// one for each segment of the video. A segment has the AAC frames that begin in the time of its video, or less than one
// before it. It fails with Invalid, frames_missing or segments_wrong, unless the file has exactly the frames of the
// task.
func CutAudioSegments(p video.Plan, t video.Task, file []byte) (RenditionOutput, error) {
	init, frags, err := SplitFragments(file)
	if err != nil {
		return RenditionOutput{}, err
	}
	out, err := newRenditionOutput(AudioRendition, init, SampleRate)
	if err != nil {
		return RenditionOutput{}, err
	}
	packets, err := listPackets(init, frags)
	if err != nil {
		return RenditionOutput{}, newSegmentsWrongError(err)
	}
	first, end := findAACFrames(p, t.From), findAACFrames(p, t.To)
	if n := end - first; int64(len(packets)) != n {
		return RenditionOutput{}, newFramesMissingError(fmt.Errorf("task %d: %d AAC frames, want %d", t.Number,
			len(packets), n))
	}
	for i, packet := range packets {
		want, last := (first+int64(i))*aacFrame, t.Last && i == len(packets)-1
		if packet.DecodeTime != uint64(want) || packet.Dur != aacFrame && !last {
			return RenditionOutput{}, newSegmentsWrongError(fmt.Errorf("task %d: AAC frame at %d, want %d", t.Number,
				packet.DecodeTime, want))
		}
	}
	for from := t.From; from < t.To; from += p.SegmentFrames {
		n := findAACFrames(p, min(from+p.SegmentFrames, t.To)) - findAACFrames(p, from)
		segment, ticks, err := buildAudioSegment(t.Segment+len(out.Segments), packets[:n])
		if err != nil {
			return RenditionOutput{}, newSegmentsWrongError(err)
		}
		out.Segments = append(out.Segments, segment)
		out.Track.Segments = append(out.Track.Segments, video.Segment{Bytes: int64(len(segment)), Ticks: ticks})
		packets = packets[n:]
	}
	return out, nil
}

// listPackets returns the samples of fragments of one track.
func listPackets(init []byte, frags []Fragment) (all []mp4.FullSample, err error) {
	for _, f := range frags {
		file, err := mp4.DecodeFile(bytes.NewReader(append(bytes.Clone(init), f.Data...)))
		if err != nil {
			return nil, err
		}
		if len(file.Segments) != 1 || len(file.Segments[0].Fragments) != 1 || file.Moov == nil {
			return nil, errors.New("no single fragment")
		}
		samples, err := file.Segments[0].Fragments[0].GetFullSamples(file.Moov.Mvex.Trex)
		if err != nil {
			return nil, err
		}
		all = append(all, samples...)
	}
	return all, nil
}

// buildAudioSegment returns a segment of packets, and how many ticks it lasts.
func buildAudioSegment(number int, packets []mp4.FullSample) (segment []byte, ticks int64, err error) {
	f, err := mp4.CreateFragment(uint32(number), mp4.DefaultTrakID)
	if err != nil {
		return nil, 0, err
	}
	f.EncOptimize = mp4.OptimizeTrun
	for _, p := range packets {
		p.Flags = mp4.SyncSampleFlags
		f.AddFullSample(p)
		ticks += int64(p.Dur)
	}
	var b bytes.Buffer
	if err := f.Encode(&b); err != nil {
		return nil, 0, err
	}
	return b.Bytes(), ticks, nil
}
