package video

import (
	"errors"
	"slices"
)

// Validate returns what keeps the plan from being one: nothing if the other methods can be called and cut the video into
// tasks that meet, each of whole segments but the last.
func (p Plan) Validate() error {
	switch {
	case p.Rate.Num < 1 || p.Rate.Den < 1:
		return errors.New("the rate is no number of frames a second")
	case p.SegmentFrames < 1:
		return errors.New("a segment has no frames")
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

// Validate returns what keeps the task from being one of any plan.
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

// ValidateTask returns what keeps the task from being one of a plan of which only the outline is known.
func (p Plan) ValidateTask(t Task) error {
	switch {
	case t.To > p.FrameCount() || t.Last != (t.To == p.FrameCount()):
		return errors.New("it ends elsewhere than the plan")
	case t.From%p.SegmentFrames != 0 || t.Segment != t.From/p.SegmentFrames+1:
		return errors.New("its first segment is not where its first frame is")
	case t.Kind == AudioTask && (!p.Audio || t.From != 0 || !t.Last):
		return errors.New("the sound is one task of the whole video, if there is sound")
	}
	return nil
}

// HasTask reports whether the task is one of the plan's.
func (p Plan) HasTask(t Task) bool {
	return t.Number >= 0 && t.Number < p.TaskCount() && p.Tasks()[t.Number] == t
}

// Validate returns what keeps an origin from being one: it is an object or a URL.
func (o Origin) Validate() error {
	switch {
	case o.URL != "" && (o.Bucket != "" || o.Key != "" || o.ETag != ""):
		return errors.New("it is either an object or a URL")
	case o.URL == "" && (o.Bucket == "" || o.Key == ""):
		return errors.New("it is neither an object, with bucket and key, nor a URL")
	}
	return nil
}
