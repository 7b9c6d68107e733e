package video

import (
	"sluice/shared/domain/errs"
	"time"
)

// Event is something that happened to a video, or a request to work on it. The JSON of these types is the data of the
// messages in package events.
type Event interface{ event() }

// UploadRequested is a producer's request to make a video of the file at an origin. There is no video yet, so it is not
// an Event.
type UploadRequested struct {
	Origin      Origin            `json:"origin"`
	Title       string            `json:"title,omitempty"`
	FileName    string            `json:"file_name,omitempty"`
	ContentType string            `json:"content_type,omitempty"`
	ExternalID  string            `json:"external_id,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
}

// Events that Apply takes.
type (
	// UploadCompleted: the client has completed its upload, and S3 has the object.
	UploadCompleted struct {
		At time.Time `json:"at"`
	}
	// MediaInspected: the original is a video that can be processed.
	MediaInspected struct {
		UploadedAt time.Time `json:"uploaded_at"`
		At         time.Time `json:"at"`
		ETag       string    `json:"etag"`
		Size       int64     `json:"size,omitempty"` // bytes; 0: as the client stated
		Media      Media     `json:"media"`          // of the copy, if there is one
		Plan       Plan      `json:"plan"`
		Copy       *Copy     `json:"copy,omitempty"`
	}
	// MediaUnindexed: the original has streams that can be processed, in a container without an index of its samples.
	MediaUnindexed struct {
		UploadedAt time.Time `json:"uploaded_at"`
		At         time.Time `json:"at"`
		ETag       string    `json:"etag"`
		Size       int64     `json:"size"` // bytes
		Streams    Streams   `json:"streams"`
	}
	// RemuxDone: the copy of the original is stored, or the streams can't be copied.
	RemuxDone struct {
		At   time.Time `json:"at"`
		ETag string    `json:"etag"`           // of the original
		Copy *Copy     `json:"copy,omitempty"` // nil: the streams can't be copied; tasks read the original
	}
	// MediaRefused: the original can't be processed, as was found when it was inspected or when all tasks had finished.
	MediaRefused struct {
		UploadedAt time.Time    `json:"uploaded_at"`
		At         time.Time    `json:"at"`
		Size       int64        `json:"size,omitempty"` // bytes of the original; 0: as the client stated
		ETag       string       `json:"etag,omitempty"` // of the original, if its remux failed
		Problem    errs.Problem `json:"problem"`
	}
	// EncodeDone: one encode task has finished, and its segments are stored.
	EncodeDone struct {
		Started time.Time `json:"began,omitzero"` // zero: not known
		At      time.Time `json:"at"`
		Result  Result    `json:"result"`
	}
	// EncodeFailed: one encode task failed for good.
	EncodeFailed struct {
		At      time.Time    `json:"at"`
		Task    Task         `json:"task"`
		Problem errs.Problem `json:"problem"`
	}
	// UploadCancelled: the client has cancelled its upload.
	UploadCancelled struct {
		At time.Time `json:"at"`
	}
	// FetchFailed: the original can't be fetched from its origin.
	FetchFailed struct {
		At      time.Time    `json:"at"`
		Problem errs.Problem `json:"problem"`
	}
	// DeleteRequested: the video and everything that belongs to it is to be deleted.
	DeleteRequested struct {
		At time.Time `json:"at"`
	}
	// UnpublishRequested: the video is to stay, and can't be played from now on.
	UnpublishRequested struct {
		At time.Time `json:"at"`
	}
	// PublishRequested: the video can be played again.
	PublishRequested struct {
		At time.Time `json:"at"`
	}
	// PurgeDone: one round of removing the objects of a deleted video has finished.
	PurgeDone struct {
		At    time.Time `json:"at"`
		Round int       `json:"round"`
	}
)

// Events that Apply returns.
type (
	// EncodeRequested asks for one task to be encoded.
	EncodeRequested struct {
		Task     Task   `json:"task"`
		Plan     Plan   `json:"plan"` // only its Outline
		Media    Media  `json:"media"`
		Source   Source `json:"source"`
		Playback string `json:"playback"`
		Lane     Lane   `json:"lane,omitempty"`
	}
	// FetchRequested asks for the original to be copied into the source bucket, by a multipart upload that was created.
	FetchRequested struct {
		Origin      Origin `json:"origin"`
		Key         string `json:"key"`
		MultipartID string `json:"multipart"` // S3's id of the multipart upload
	}
	// InspectRequested asks for an original to be inspected whose S3 notification may be lost, or that was remuxed.
	InspectRequested struct {
		Key    string       `json:"key"`
		Stored StoredObject `json:"stored"`
		Copy   *Copy        `json:"copy,omitempty"`  // inspect this copy of it
		Whole  bool         `json:"whole,omitempty"` // read it as a whole: its streams can't be copied
	}
	// RemuxRequested asks for the streams of an original to be copied into a container with an index.
	RemuxRequested struct {
		UploadedAt time.Time `json:"uploaded_at"`
		Source     Source    `json:"source"`
		Streams    Streams   `json:"streams"`
	}
	// PurgeRequested asks for all objects and task results of a video to be removed. The first round starts at once; a
	// later one removes what tasks that were still running have written since.
	PurgeRequested struct {
		Playback string `json:"playback"`
		Round    int    `json:"round"`
	}
	// VideoProcessing: the video was inspected and is being encoded.
	VideoProcessing struct {
		Media Media `json:"media"`
		Tasks int   `json:"tasks"`
	}
	// VideoPlayable: the video can be watched from its beginning while the rest is being encoded. A video that becomes
	// ready without having been playable gets both events at once.
	VideoPlayable struct {
		Playback string  `json:"playback_id"`
		Duration float64 `json:"duration"` // seconds, of the whole video
	}
	// VideoReady: every rendition is complete.
	VideoReady struct {
		Playback string  `json:"playback_id"`
		Duration float64 `json:"duration"` // seconds
	}
	// VideoFailed: the video can't be processed.
	VideoFailed struct {
		Problem errs.Problem `json:"problem"`
	}
	// VideoCancelled: the client has cancelled the upload.
	VideoCancelled struct{}
	// VideoUnpublished: the video stays, and can't be played any more.
	VideoUnpublished struct {
		Playback string    `json:"playback_id"`
		At       time.Time `json:"at"` // when that was asked for
	}
	// VideoPublished: the video, which was unpublished, can be played again.
	VideoPublished struct {
		Playback string    `json:"playback_id"`
		At       time.Time `json:"at"` // when that was asked for
	}
	// CommandRejected: a producer's command about the video, or to create it, was not carried out.
	CommandRejected struct {
		Command string       `json:"command"` // its event type
		Source  string       `json:"source"`  // of its event
		ID      string       `json:"id"`      // of its event
		Problem errs.Problem `json:"problem"`
	}
	// VideoDeleted: all objects of the video are removed.
	VideoDeleted struct{}
)

// Origin is where an original is fetched from: an object in a producer's bucket, or a URL.
type Origin struct {
	Bucket string `json:"bucket,omitempty"`
	Key    string `json:"key,omitempty"`
	ETag   string `json:"etag,omitempty"` // without quotes; empty: whichever version is there
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
func (MediaUnindexed) event()   {}
func (RemuxRequested) event()   {}
func (RemuxDone) event()        {}
func (EncodeDone) event()       {}
func (EncodeFailed) event()     {}
func (EncodeRequested) event()  {}
func (VideoProcessing) event()  {}
func (VideoPlayable) event()    {}
func (VideoReady) event()       {}
func (VideoFailed) event()      {}

func (UnpublishRequested) event() {}
func (PublishRequested) event()   {}
func (VideoUnpublished) event()   {}
func (VideoPublished) event()     {}
func (CommandRejected) event()    {}
