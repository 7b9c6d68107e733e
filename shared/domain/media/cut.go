package media

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/media/fragment"
	"sluice/shared/domain/video"
)

const codeFramesMissing = "frames_missing"

// RenditionOutput is what one task made of one rendition, ready to be stored.
type RenditionOutput struct {
	Track    video.Track
	Init     []byte   // init segment
	Segments [][]byte // media segments; the first has the number Task.Segment
	Frames   int      // video frames; 0 for audio
}

// CutSegments splits ffmpeg's output of one rendition into segments and checks them with CheckTask. name is the name
// of the rendition. It fails with Invalid, frames_missing or segments_wrong; then the task may succeed with the next
// of Prerolls.
func CutSegments(p video.Plan, t video.Task, name string, file []byte) (RenditionOutput, error) {
	init, frags, err := fragment.Split(file)
	if err != nil {
		return RenditionOutput{}, err
	}
	want := VideoTimescale(p.Rate)
	if t.Kind == video.AudioTask {
		want = SampleRate
	}
	out, err := newRenditionOutput(name, init, want)
	if err != nil {
		return RenditionOutput{}, err
	}
	kept, frames, err := CheckTask(p, t, frags)
	if err != nil {
		return RenditionOutput{}, err
	}
	out.Frames = frames
	for _, f := range kept {
		out.Segments = append(out.Segments, f.Data)
		out.Track.Segments = append(out.Track.Segments, video.Segment{Bytes: int64(len(f.Data)), Ticks: f.Ticks})
	}
	return out, nil
}

// newRenditionOutput returns the output of a rendition without its segments. It fails with Invalid, segments_wrong,
// unless init is an init segment with a number of ticks a second.
func newRenditionOutput(name string, init []byte, ticks int) (RenditionOutput, error) {
	codec, timescale, err := fragment.ReadCodec(init)
	if err != nil {
		return RenditionOutput{}, err
	}
	if timescale != ticks {
		return RenditionOutput{}, fragment.NewError(fmt.Errorf("timescale %d, want %d", timescale, ticks))
	}
	sum := sha256.Sum256(init)
	return RenditionOutput{Init: init, Track: video.Track{
		Name: name, Codec: codec, InitHash: hex.EncodeToString(sum[:]), Timescale: timescale,
	}}, nil
}

// CheckTask returns the fragments that are the segments of the task, without the tail of a chunk, and the number of
// video frames in them. It checks that a chunk has exactly its frames, that sequence numbers and times continue from
// the first frame of the task, that each segment begins with a key frame, and that the audio is as long as the video,
// to two AAC frames. It fails with Invalid, frames_missing (too few or too many) or segments_wrong.
func CheckTask(
	p video.Plan, t video.Task, frags []fragment.Fragment,
) (kept []fragment.Fragment, frames int, err error) {
	if t.Kind == video.AudioTask {
		return frags, 0, checkAudio(p, t, frags)
	}
	if !t.Last {
		frags = frags[:min(len(frags), (t.To-t.From)/p.SegmentFrames)]
	}
	for _, f := range frags {
		frames += f.Samples
	}
	if want := t.To - t.From; frames != want {
		return nil, 0, newFramesMissingError(fmt.Errorf("task %d: %d frames, want %d", t.Number, frames, want))
	}
	if err := checkFrames(p, t, frags); err != nil {
		return nil, 0, err
	}
	return frags, frames, nil
}

// checkFrames checks that each segment has the frames that the plan has for it.
func checkFrames(p video.Plan, t video.Task, frags []fragment.Fragment) error {
	for i, f := range frags {
		from := t.From + i*p.SegmentFrames
		full := f.Samples == p.SegmentFrames || t.Last && i == len(frags)-1
		if !full || f.Time != int64(from)*ticksPerFrame(p.Rate) || f.Ticks != int64(f.Samples)*ticksPerFrame(p.Rate) {
			return fragment.NewError(fmt.Errorf("task %d: segment %d has %d frames from tick %d for %d", t.Number,
				i, f.Samples, f.Time, f.Ticks))
		}
		if err := checkSegmentStart(t, i, f); err != nil {
			return err
		}
	}
	return nil
}

func checkAudio(p video.Plan, t video.Task, frags []fragment.Fragment) error {
	at := int64(0)
	for i, f := range frags {
		if f.Time != at {
			return fragment.NewError(fmt.Errorf("audio: segment %d begins at %d, want %d", i, f.Time, at))
		}
		if err := checkSegmentStart(t, i, f); err != nil {
			return err
		}
		if i < len(frags)-1 && f.Ticks != int64(f.Samples)*aacFrame {
			return fragment.NewError(fmt.Errorf("audio: segment %d has %d packets in %d samples", i, f.Samples,
				f.Ticks))
		}
		at += f.Ticks
	}
	if want := countSamples(p); len(frags) == 0 || at < want-2*aacFrame || at > want+2*aacFrame {
		return newFramesMissingError(fmt.Errorf("audio: %d samples, want %d", at, want))
	}
	return nil
}

func checkSegmentStart(t video.Task, i int, f fragment.Fragment) error {
	if f.Sequence != t.Segment+i || !f.StartsWithSync {
		return fragment.NewError(fmt.Errorf("task %d: segment %d is numbered %d, key frame first: %t", t.Number,
			t.Segment+i, f.Sequence, f.StartsWithSync))
	}
	return nil
}

// HasWrongFrames reports whether err is about the frames of a task's output, so that the next of Prerolls may succeed.
func HasWrongFrames(err error) bool {
	code := errs.ProblemOf(err).Code
	return code == codeFramesMissing || code == fragment.SegmentsWrong
}

func newFramesMissingError(err error) error {
	return &errs.Error{Op: "media.CheckTask", Kind: errs.Invalid, Code: codeFramesMissing, Err: err,
		Message: "Some frames of the video could not be decoded; export it again and upload the new one."}
}
