package video

import (
	"errors"
	"slices"
)

// Validate returns nil if the plan is consistent: its tasks follow each other without a gap, and each but the last has
// whole segments. The other methods may only be called on a valid plan.
func (p Plan) Validate() error {
	switch {
	case p.Rate.Num < 1 || p.Rate.Den < 1:
		return errors.New("the rate is no number of frames a second")
	case p.SegmentFrames < 1:
		return errors.New("a segment has no frames")
	case p.AudioInChunks && !p.Audio:
		return errors.New("no audio is in the chunks")
	case len(p.Borders) < 2 || p.Borders[0] != 0:
		return errors.New("the borders are not those of a video from its first frame on")
	}
	for k, b := range p.Borders[1:] {
		inner := k < len(p.Borders)-2
		if b <= p.Borders[k] || inner && b%p.SegmentFrames != 0 {
			return errors.New("the borders don't ascend from segment to segment")
		}
	}
	return nil
}

// Validate returns nil if the task could be part of some plan.
func (t Task) Validate() error {
	switch {
	case !slices.Contains([]TaskKind{VideoTask, AudioTask}, t.Kind):
		return errors.New("the kind is not known")
	case t.From < 0 || t.To <= t.From:
		return errors.New("it has no frames")
	case t.Number < 0 || t.Segment < 1:
		return errors.New("a number is too small")
	}
	return nil
}

// ValidateTask returns nil if the task fits the plan. The plan may be an Outline.
func (p Plan) ValidateTask(t Task) error {
	switch {
	case t.To > p.FrameCount() || t.Last != (t.To == p.FrameCount()):
		return errors.New("it ends elsewhere than the plan")
	case t.From%p.SegmentFrames != 0 || t.Segment != t.From/p.SegmentFrames+1:
		return errors.New("its first segment is not where its first frame is")
	case t.Kind == AudioTask && (!p.HasAudioTask() || t.From != 0 || !t.Last):
		return errors.New("the audio is one task of the whole video, if there is an audio task")
	}
	return nil
}

// HasTask reports whether the task is exactly one of the plan's tasks.
func (p Plan) HasTask(t Task) bool {
	return t.Number >= 0 && t.Number < p.TaskCount() && p.Tasks()[t.Number] == t
}

// Validate returns nil if the origin is either an object, with bucket and key, or a URL.
func (o Origin) Validate() error {
	switch {
	case o.URL != "" && (o.Bucket != "" || o.Key != "" || o.ETag != ""):
		return errors.New("it is either an object or a URL")
	case o.URL == "" && (o.Bucket == "" || o.Key == ""):
		return errors.New("it is neither an object, with bucket and key, nor a URL")
	}
	return nil
}
