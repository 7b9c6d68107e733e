// Package video is the domain: what a video is, what can happen to it, and what follows from that. It decides and
// does nothing: no I/O, no clock, only the standard library. Every other package may import it; it imports none of
// ours.
package video

import (
	"sluice/shared/domain/errs"
	"time"
)

// State is where a video is on its way.
type State string

// waiting → uploaded → processing → playable → ready; what is short goes from processing to ready. Failed can follow any
// of them but ready, cancelled only waiting. Any of these can be deleted: deleting → deleted.
const (
	Waiting    State = "waiting"    // created; bytes are still to come
	Uploaded   State = "uploaded"   // the object is whole; not looked at yet
	Processing State = "processing" // inspected and planned; being encoded
	Playable   State = "playable"   // being encoded still; who begins to watch it sees it to its end
	Ready      State = "ready"      // every rendition is complete and can be played
	Failed     State = "failed"     // will not be played; Problem says why
	Cancelled  State = "cancelled"  // given up by the client before the bytes were there
	Deleting   State = "deleting"   // can't be played any more; its objects are being removed
	Deleted    State = "deleted"    // nothing is left but the row, for a while
)

// IsFinal reports whether nothing will change the state by itself any more: there is no deadline.
func (s State) IsFinal() bool {
	return s == Ready || s == Failed || s == Cancelled || s == Deleted
}

// Video is one video's row. After it is created only the publish service changes it, but for About, which is the
// client's.
type Video struct {
	Details
	Tenant       string
	ID           string
	Playback     string // public id: the right to watch, apart from the right to manage
	State        State
	Version      int64 // grows by one with each change; a writer that has read an older one is refused
	Source       Source
	Fetch        *FetchRequested // how Sluice gets the original; nil: the client sends it
	Media        *Media          // what inspection found; nil before
	Plan         *Plan           // how it is cut into tasks; nil before processing
	Done         map[int]bool    // numbers of the tasks that are finished
	ListedFrames int             // frames that its playlists list; 0 unless State is Playable
	Problem      *errs.Problem   // why it failed; nil unless State is Failed
	Deadline     Deadline        // until when something must have happened
	Times        Times
	Correlation  string // the producer's own id for its request, echoed in what is said of the video
	Trace        string // X-Ray header under which the row was created
}

// Ref names a video.
type Ref struct{ Tenant, ID string }

// Source is the object a client uploaded.
type Source struct {
	Key         string `json:"key"`
	Name        string `json:"name"`         // the client's own file name; never part of a key or of a command line
	ContentType string `json:"content_type"` // as the client says; not believed
	Size        int64  `json:"size"`         // bytes
	ETag        string `json:"etag,omitempty"`
}

// Times are the moments at which the stages of a video began or ended; zero when not reached. Begun is when the first of
// its tasks to be finished was taken up: before that it has waited for its turn.
type Times struct {
	Created, Uploaded, Inspected, EncodeStarted, Playable, Encoded, Ready, Failed, Cancelled, Deleted time.Time
}

// Rate is a frame rate in frames per second, as a fraction.
type Rate struct {
	Num int `json:"num"`
	Den int `json:"den"`
}

// Float returns the rate as a number of frames per second.
func (r Rate) Float() float64 { return float64(r.Num) / float64(r.Den) }

// Seconds returns how long the given number of frames lasts.
func (r Rate) Seconds(frames int) float64 { return float64(frames) * float64(r.Den) / float64(r.Num) }

// Media is what inspection found out about a source. Its time line is a grid: frame n is shown at n/Rate seconds,
// and frame 0 is the first presented video frame.
type Media struct {
	Container  string  `json:"container"` // ffmpeg's demuxer, from our own list: "mov"
	VideoCodec string  `json:"video_codec"`
	AudioCodec string  `json:"audio_codec,omitempty"` // empty: no sound
	Width      int     `json:"width"`                 // pixels as displayed: rotation and pixel aspect applied
	Height     int     `json:"height"`
	Rate       Rate    `json:"rate"`      // of the grid; from a fixed list
	Frames     int     `json:"frames"`    // on the grid
	Start      int64   `json:"start"`     // of the first presented frame, in ticks of TimeBase
	TimeBase   Rate    `json:"time_base"` // seconds a tick, as a fraction
	Duration   float64 `json:"duration"`  // seconds
	Interlaced bool    `json:"interlaced,omitempty"`
}

// Rendition is one rung of the ladder.
type Rendition struct {
	Name    string `json:"name"` // "720p"
	Width   int    `json:"width"`
	Height  int    `json:"height"`
	Bitrate int    `json:"bitrate"` // cap in bits/s
}

// Plan is how a video is cut into tasks. Everything in it is in frames of the grid.
type Plan struct {
	Rate          Rate        `json:"rate"`
	SegmentFrames int         `json:"segment_frames"` // frames a segment
	Borders       []int       `json:"borders"`        // chunk k is the frames Borders[k] … Borders[k+1]-1
	Renditions    []Rendition `json:"renditions"`
	Audio         bool        `json:"audio"`
}

// RenditionNames returns the names of the plan's renditions, in their order.
func (p Plan) RenditionNames() (names []string) {
	for _, r := range p.Renditions {
		names = append(names, r.Name)
	}
	return names
}

// TaskKind tells what an encode task makes.
type TaskKind string

// The kinds of task.
const (
	VideoTask TaskKind = "video" // one chunk, every rendition
	AudioTask TaskKind = "audio" // the sound of the whole video
)

// Task is one piece of work on the encode queue.
type Task struct {
	Number  int      `json:"number"`
	Kind    TaskKind `json:"kind"`
	From    int      `json:"from"`           // first frame
	To      int      `json:"to"`             // one past the last frame
	Segment int      `json:"segment"`        // number of its first segment, from 1
	Last    bool     `json:"last,omitempty"` // nothing follows: encode to the source's end
}

// FrameCount returns the number of frames of the whole plan.
func (p Plan) FrameCount() int { return p.Borders[len(p.Borders)-1] }

// Tasks returns the plan's tasks in the order of their numbers: the sound first, because it is one task and takes
// longest, then the chunks.
func (p Plan) Tasks() []Task {
	var tasks []Task
	if p.Audio {
		tasks = append(tasks, Task{Kind: AudioTask, From: 0, To: p.FrameCount(), Segment: 1, Last: true})
	}
	for k := range len(p.Borders) - 1 {
		tasks = append(tasks, Task{
			Number: len(tasks), Kind: VideoTask, From: p.Borders[k], To: p.Borders[k+1],
			Segment: p.Borders[k]/p.SegmentFrames + 1, Last: k == len(p.Borders)-2,
		})
	}
	return tasks
}

// TaskCount returns the number of tasks.
func (p Plan) TaskCount() int {
	if p.Audio {
		return len(p.Borders)
	}
	return len(p.Borders) - 1
}

// Outline returns the plan without its inner borders: what a single task needs, however long the video is.
func (p Plan) Outline() Plan {
	p.Borders = []int{p.Borders[0], p.FrameCount()}
	return p
}

// IsEncoding reports whether tasks of the video may be under way.
func (s State) IsEncoding() bool { return s == Processing || s == Playable }

// IsComplete reports whether every task is done.
func (v Video) IsComplete() bool { return v.Plan != nil && len(v.Done) >= v.Plan.TaskCount() }
