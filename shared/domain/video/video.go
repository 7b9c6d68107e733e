// Package video is the core of the domain: the state of a video, the events that change it, and the events that follow.
// [Apply] is the state machine. The package also has uploads and dead letters. It is pure: no I/O,
// no clock, no AWS rights. It imports only packages errs, plaintext and quota.
package video

import (
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/quota"
)

// State is the state of a video.
type State string

// The states, in their order: waiting → uploaded → processing → playable → ready. A short video goes from processing to
// ready. Failed can follow any of these but ready, and cancelled only waiting. A video in any state can be deleted:
// deleting → deleted.
const (
	Waiting    State = "waiting"    // created; the original has not arrived
	Uploaded   State = "uploaded"   // S3 has the whole original; it is not inspected yet
	Processing State = "processing" // inspected and planned; it is being encoded
	Playable   State = "playable"   // still being encoded; a player that starts now reaches the end without a stall
	Ready      State = "ready"      // every rendition is complete
	Failed     State = "failed"     // can't be processed; Problem says why
	Cancelled  State = "cancelled"  // cancelled by the client before the original arrived
	Deleting   State = "deleting"   // can't be played any more; its objects are being purged
	Deleted    State = "deleted"    // only the row is left, until it expires
)

// IsFinal reports whether the video stays in the state unless it is deleted. A final state has no deadline.
func (s State) IsFinal() bool {
	return s == Ready || s == Failed || s == Cancelled || s == Deleted
}

// Video is the row of one video. After it is created, only the publish service changes it, except for Details, which
// clients edit.
type Video struct {
	Details
	Tenant       string
	ID           string
	Playback     string // playback id: public; allows to watch and not to manage
	State        State
	Version      int64 // one more with each change, for optimistic locking
	Source       Source
	Fetch        *FetchRequested // the request to fetch the original; nil: the client uploads it
	Media        *Media          // result of the inspection; nil before it
	Plan         *Plan           // how the video is cut into tasks; nil before processing
	Done         map[int]bool    // numbers of the finished tasks
	ListedFrames int             // frames that the playlists list; 0 unless State is Playable
	Problem      *errs.Problem   // why it failed; nil unless State is Failed
	Publication  Publication     // whether it may be played
	Deadline     Deadline        // time by which the state must change
	Times        Times
	Reserved     quota.Amounts // what the stored row has reserved of its tenant's limits
	Correlation  string        // the producer's id of its request, repeated in every event about the video
	Trace        string        // X-Ray header under which the row was created
}

// Ref identifies a video.
type Ref struct{ Tenant, ID string }

// Source is a video's original: the object in the source bucket.
type Source struct {
	Key         string `json:"key"`
	Name        string `json:"name"`         // the client's file name; never part of a key or a command line
	ContentType string `json:"content_type"` // as the client stated it; nothing relies on it
	Size        int64  `json:"size"`         // bytes
	ETag        string `json:"etag,omitempty"`
	Copy        *Copy  `json:"copy,omitempty"` // what tasks read instead; nil: they read the original
}

// Copy is the MP4 copy of the streams of an original whose container has no index. The key of the object follows from
// the original: see services.CopyKey.
type Copy struct {
	ETag string `json:"etag"`
	Size int64  `json:"size"`          // bytes
	Rate Rate   `json:"rate,omitzero"` // of the grid, if only the original states it
}

// Streams is what an original in a container without an index says of the streams that are copied.
type Streams struct {
	Container  string `json:"container"`
	AudioCodec string `json:"audio_codec,omitempty"` // empty: no audio
	Rate       Rate   `json:"rate,omitzero"`         // of the grid; zero: that which the copy states
}

// Times are when a video reached its stages; zero for stages not reached. EncodeStarted is when work on the first task
// to finish started: before that, the video waited in the queue.
type Times struct {
	Created, Uploaded, Inspected, EncodeStarted, Playable, Encoded, Ready, Failed, Cancelled, Deleted time.Time
}

// Rate is a frame rate in frames a second, or another ratio, as a fraction.
type Rate struct {
	Num int `json:"num"`
	Den int `json:"den"`
}

// Float returns the rate as a number: frames a second.
func (r Rate) Float() float64 { return float64(r.Num) / float64(r.Den) }

// Seconds returns how many seconds a number of frames lasts.
func (r Rate) Seconds(frames int) float64 { return float64(frames) * float64(r.Den) / float64(r.Num) }

// Media describes an inspected original. Its timeline is a grid: frame n is shown at n/Rate seconds, and frame 0 is the
// first video frame that is presented.
type Media struct {
	Container  string  `json:"container"` // ffmpeg's name of the demuxer, one of those in package media: "mov"
	VideoCodec string  `json:"video_codec"`
	AudioCodec string  `json:"audio_codec,omitempty"` // empty: no audio
	Width      int     `json:"width"`                 // pixels as displayed: rotated, with square pixels
	Height     int     `json:"height"`
	Rate       Rate    `json:"rate"`      // of the grid: one of a fixed list
	Frames     int     `json:"frames"`    // number of frames on the grid
	Start      int64   `json:"start"`     // of the first presented frame, in ticks of TimeBase
	TimeBase   Rate    `json:"time_base"` // seconds a tick
	Duration   float64 `json:"duration"`  // seconds
	Interlaced bool    `json:"interlaced,omitempty"`
	// version of the index of its samples beside the original; 0: it has none
	Index int `json:"index,omitempty"`
}

// Rendition is one rung of the encoding ladder.
type Rendition struct {
	Name    string `json:"name"` // "720p"
	Width   int    `json:"width"`
	Height  int    `json:"height"`
	Bitrate int    `json:"bitrate"` // cap, in bits a second
}

// Plan is how a video is cut into encode tasks. All positions are frames of the grid.
type Plan struct {
	Rate          Rate        `json:"rate"`
	SegmentFrames int         `json:"segment_frames"` // frames in an HLS segment
	Borders       []int       `json:"borders"`        // chunk k has the frames Borders[k] to Borders[k+1]-1
	Renditions    []Rendition `json:"renditions"`
	Audio         bool        `json:"audio"`
	// each video task also makes the audio of its time, and there is no audio task
	AudioInChunks bool `json:"audio_in_chunks,omitempty"`
}

// RenditionNames returns the names of the plan's renditions, in their order.
func (p Plan) RenditionNames() (names []string) {
	for _, r := range p.Renditions {
		names = append(names, r.Name)
	}
	return names
}

// TaskKind says what an encode task makes.
type TaskKind string

// The kinds of task.
const (
	VideoTask TaskKind = "video" // one chunk in every rendition, and its audio if the plan has AudioInChunks
	AudioTask TaskKind = "audio" // the audio of the whole video
)

// Task is one encode task of a plan.
type Task struct {
	Number  int      `json:"number"`
	Kind    TaskKind `json:"kind"`
	From    int      `json:"from"`           // first frame
	To      int      `json:"to"`             // one past the last frame
	Segment int      `json:"segment"`        // number of its first segment, from 1
	Last    bool     `json:"last,omitempty"` // the last of its kind: it ends where the source ends
}

// FrameCount returns the number of frames of the whole video.
func (p Plan) FrameCount() int { return p.Borders[len(p.Borders)-1] }

// HasAudioTask reports whether the audio is made by a task of its own.
func (p Plan) HasAudioTask() bool { return p.Audio && !p.AudioInChunks }

// Tasks returns the plan's tasks in the order of their numbers: the audio task first, if there is one, because it takes
// longest, then one task for each chunk.
func (p Plan) Tasks() []Task {
	var tasks []Task
	if p.HasAudioTask() {
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

// TaskCount returns the number of tasks: the length of Tasks.
func (p Plan) TaskCount() int {
	if p.HasAudioTask() {
		return len(p.Borders)
	}
	return len(p.Borders) - 1
}

// Outline returns the plan without its inner borders. That is all a single task needs, and its size does not depend on
// the length of the video.
func (p Plan) Outline() Plan {
	p.Borders = []int{p.Borders[0], p.FrameCount()}
	return p
}

// IsEncoding reports whether encode tasks of the video may be running.
func (s State) IsEncoding() bool { return s == Processing || s == Playable }

// IsComplete reports whether every task of the plan is finished.
func (v Video) IsComplete() bool { return v.Plan != nil && len(v.Done) >= v.Plan.TaskCount() }
