package video

import (
	"sluice/shared/domain/errs"
	"time"
)

// Event is something that happened to a video, or that it asks for. The JSON of these types is the data of the
// messages in package events.
type Event interface{ event() }

// UploadRequested: a producer wants a video made of what is at an origin. It is a request and not yet an Event of a
// video.
type UploadRequested struct {
	Origin      Origin            `json:"origin"`
	Title       string            `json:"title,omitempty"`
	FileName    string            `json:"file_name,omitempty"`
	ContentType string            `json:"content_type,omitempty"`
	ExternalID  string            `json:"external_id,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
}

// What can happen to a video.
type (
	// UploadCompleted: the client has completed its upload and S3 holds the object.
	UploadCompleted struct {
		At time.Time `json:"at"`
	}
	// MediaInspected: the object is a video that we take.
	MediaInspected struct {
		UploadedAt time.Time `json:"uploaded_at"`
		At         time.Time `json:"at"`
		ETag       string    `json:"etag"`
		Size       int64     `json:"size,omitempty"` // bytes; 0: as announced
		Media      Media     `json:"media"`
		Plan       Plan      `json:"plan"`
	}
	// MediaRefused: the object is not a video that we take, as is seen when it is inspected or when all is encoded.
	MediaRefused struct {
		UploadedAt time.Time    `json:"uploaded_at"`
		At         time.Time    `json:"at"`
		Problem    errs.Problem `json:"problem"`
	}
	// TaskDone: one encode task is finished and its segments are stored.
	TaskDone struct {
		Started time.Time `json:"began,omitzero"` // zero: nobody says
		At      time.Time `json:"at"`
		Result  Result    `json:"result"`
	}
	// TaskFailed: one encode task can't be done.
	TaskFailed struct {
		At      time.Time    `json:"at"`
		Task    Task         `json:"task"`
		Problem errs.Problem `json:"problem"`
	}
	// UploadCancelled: the client does not want to go on with its upload.
	UploadCancelled struct {
		At time.Time `json:"at"`
	}
	// FetchFailed: the original can't be had from where it should come from.
	FetchFailed struct {
		At      time.Time    `json:"at"`
		Problem errs.Problem `json:"problem"`
	}
	// DeleteRequested: the video, and all that belongs to it, is to go.
	DeleteRequested struct {
		At time.Time `json:"at"`
	}
	// PurgeDone: the objects of a deleted video are removed.
	PurgeDone struct {
		At    time.Time `json:"at"`
		Round int       `json:"round"`
	}
)

// What follows from it.
type (
	// EncodeRequested asks for one task.
	EncodeRequested struct {
		Task     Task   `json:"task"`
		Plan     Plan   `json:"plan"` // its Outline
		Media    Media  `json:"media"`
		Source   Source `json:"source"`
		Playback string `json:"playback"`
		Lane     Lane   `json:"lane,omitempty"`
	}
	// FetchRequested asks for the original to be copied into the source bucket, by the multipart upload that is begun.
	FetchRequested struct {
		Origin      Origin `json:"origin"`
		Key         string `json:"key"`
		MultipartID string `json:"multipart"` // S3's id of the multipart upload
	}
	// InspectRequested asks for a look at an original that S3 has, where its own word of it is missing.
	InspectRequested struct {
		Key    string       `json:"key"`
		Stored StoredObject `json:"stored"`
	}
	// PurgeRequested asks for all objects of a video, and what its tasks left behind, to be removed. The first round is
	// at once; a later one finds what tasks that were under way have written since.
	PurgeRequested struct {
		Playback string `json:"playback"`
		Round    int    `json:"round"`
	}
	// VideoProcessing: a video is inspected and being encoded.
	VideoProcessing struct {
		Media Media `json:"media"`
		Tasks int   `json:"tasks"`
	}
	// VideoPlayable: it can be watched from its beginning, while the rest is being encoded. Of what is short, or is encoded
	// at once, it is told together with VideoReady.
	VideoPlayable struct {
		Playback string  `json:"playback_id"`
		Duration float64 `json:"duration"` // seconds, of the whole
	}
	// VideoReady: every rendition can be played.
	VideoReady struct {
		Playback string  `json:"playback_id"`
		Duration float64 `json:"duration"` // seconds
	}
	// VideoFailed: the video will not be played.
	VideoFailed struct {
		Problem errs.Problem `json:"problem"`
	}
	// VideoCancelled: the client has given up its upload.
	VideoCancelled struct{}
	// VideoDeleted: nothing of the video is left.
	VideoDeleted struct{}
)

// Origin is where an original is fetched from: an object in a producer's bucket, or a URL.
type Origin struct {
	Bucket string `json:"bucket,omitempty"`
	Key    string `json:"key,omitempty"`
	ETag   string `json:"etag,omitempty"` // without quotes; empty: whichever is there
	URL    string `json:"url,omitempty"`
}

func (UploadCompleted) event()  {}
func (UploadCancelled) event()  {}
func (FetchRequested) event()   {}
func (FetchFailed) event()      {}
func (InspectRequested) event() {}
func (DeadlinePassed) event()   {}
func (DeleteRequested) event()  {}
func (PurgeRequested) event()   {}
func (PurgeDone) event()        {}
func (VideoCancelled) event()   {}
func (VideoDeleted) event()     {}
func (MediaInspected) event()   {}
func (MediaRefused) event()     {}
func (TaskDone) event()         {}
func (TaskFailed) event()       {}
func (EncodeRequested) event()  {}
func (VideoProcessing) event()  {}
func (VideoPlayable) event()    {}
func (VideoReady) event()       {}
func (VideoFailed) event()      {}
