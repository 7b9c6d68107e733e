package media

import (
	"cmp"
	"fmt"
	"slices"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// AssembleTracks joins the results of a plan's tasks into one track for each rendition, as far as a number of frames,
// and the AudioRendition if there is audio: as far as the others, or the whole if it is one task. Results may be in any
// order and repeated. It fails with Internal, task_missing, if a task or one of its renditions has no result; and with
// Invalid, renditions_differ, if a rendition has two init segments or a chunk has the wrong number of segments: such
// tracks can't be played.
func AssembleTracks(p video.Plan, results []video.Result, frames int) (map[string]video.Track, error) {
	byTask := map[int]video.Result{}
	for _, r := range results {
		byTask[r.Task.Number] = r
	}
	out := map[string]video.Track{}
	for _, t := range p.Tasks() {
		if t.From >= frames {
			continue
		}
		r, found := byTask[t.Number]
		if !found {
			return nil, newTaskMissingError(t, "any rendition")
		}
		names := []string{AudioRendition}
		if t.Kind == video.VideoTask {
			names = p.RenditionNames()
		}
		if t.Kind == video.VideoTask && p.AudioInChunks {
			names = append(names, AudioRendition)
		}
		for _, name := range names {
			if err := appendSegments(out, p, t, r, name); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// HasAudio reports whether the result of a task has the audio that the plan wants of it. A worker that does not know
// AudioInChunks yet, while a new version is being deployed, makes none.
func HasAudio(p video.Plan, r video.Result) bool {
	return !p.AudioInChunks || r.Task.Kind != video.VideoTask ||
		slices.ContainsFunc(r.Tracks, func(t video.Track) bool { return t.Name == AudioRendition })
}

// appendSegments adds the segments of one rendition of a task to its track.
func appendSegments(tracks map[string]video.Track, p video.Plan, t video.Task, r video.Result, name string) error {
	i := slices.IndexFunc(r.Tracks, func(t video.Track) bool { return t.Name == name })
	if i < 0 || len(r.Tracks[i].Segments) == 0 {
		return newTaskMissingError(t, name)
	}
	next := r.Tracks[i]
	if n := len(next.Segments); !t.Last && n != (t.To-t.From)/p.SegmentFrames {
		return newRenditionsDifferError("%s: task %d has %d segments", name, t.Number, n)
	}
	whole, begun := tracks[name]
	if !begun {
		whole = video.Track{Name: name, Codec: next.Codec, InitHash: next.InitHash, Timescale: next.Timescale}
	}
	if cmp.Or(
		cmp.Compare(whole.InitHash, next.InitHash), cmp.Compare(whole.Codec, next.Codec),
		cmp.Compare(whole.Timescale, next.Timescale),
	) != 0 {
		return newRenditionsDifferError("%s: task %d has another init segment", name, t.Number)
	}
	whole.Segments = append(whole.Segments, next.Segments...)
	tracks[name] = whole
	return nil
}

func newTaskMissingError(t video.Task, name string) error {
	return &errs.Error{Op: "media.AssembleTracks", Kind: errs.Internal, Code: "task_missing",
		Message: "A part of the video is missing on our side; we will look into it.",
		Err:     fmt.Errorf("task %d: no result of %s", t.Number, name)}
}

func newRenditionsDifferError(format string, args ...any) error {
	return &errs.Error{Op: "media.AssembleTracks", Kind: errs.Invalid, Code: "renditions_differ",
		Message: "The parts of the video don't fit together; upload it again.", Err: fmt.Errorf(format, args...)}
}
