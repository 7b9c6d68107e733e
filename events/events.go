// Package events holds the contracts of the messages between services: one envelope (CloudEvents 1.0, structured
// JSON) and one data type for each event type. A type, once released, is decoded for ever; a change that old readers
// would not understand is a new version beside the old one.
//
// Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
package events

import (
	"encoding/json"
	"fmt"
	"time"

	"sluice/shared/video"
)

// Type names an event and its version.
type Type string

// The event types. Tasks and results go straight to the queue that takes them; facts, video.*, go to the topic.
const (
	ObjectCreated   Type = "s3.object-created.v1" // decoded from S3's own notification, never sent by us
	UploadCompleted Type = "upload.completed.v1"
	MediaInspected  Type = "media.inspected.v1"
	MediaRefused    Type = "media.refused.v1"
	EncodeRequested Type = "encode.requested.v1"
	EncodeDone      Type = "encode.done.v1"
	EncodeFailed    Type = "encode.failed.v1"
	VideoProcessing Type = "video.processing.v1"
	VideoReady      Type = "video.ready.v1"
	VideoFailed     Type = "video.failed.v1"
)

// Event is one message. Its id is derived from what it says, so that the same fact told twice has the same id.
type Event struct {
	ID     string
	Type   Type
	Time   time.Time
	Tenant string
	Video  string // the video's id
	Trace  string // X-Ray header of the sender
	Data   any    // the type's data: a value, not a pointer
}

// Object is the data of ObjectCreated.
type Object struct {
	Bucket string    `json:"bucket"`
	Key    string    `json:"key"`
	Size   int64     `json:"size"`
	ETag   string    `json:"etag"`
	At     time.Time `json:"at"`
}

// MaxBytes bounds a message: what SQS takes in one batch however it is set up. What is larger belongs in S3 with a claim check in the message.
const MaxBytes = 256 << 10

// wire is the CloudEvents form. Extension attributes are lower case without separators, as the specification asks.
type wire struct {
	SpecVersion string          `json:"specversion"`
	ID          string          `json:"id"`
	Source      string          `json:"source"`
	Type        Type            `json:"type"`
	Time        time.Time       `json:"time"`
	Subject     string          `json:"subject"`
	Tenant      string          `json:"tenant"`
	Trace       string          `json:"trace,omitempty"`
	ContentType string          `json:"datacontenttype"`
	Data        json.RawMessage `json:"data"`
}

// decoders is the register of contracts: what each type's data is.
var decoders = map[Type]func(json.RawMessage) (any, error){
	UploadCompleted: as[video.UploadCompleted],
	MediaInspected:  as[video.MediaInspected],
	MediaRefused:    as[video.MediaRefused],
	EncodeRequested: as[video.EncodeRequested],
	EncodeDone:      as[video.TaskDone],
	EncodeFailed:    as[video.TaskFailed],
	VideoProcessing: as[video.VideoProcessing],
	VideoReady:      as[video.VideoReady],
	VideoFailed:     as[video.VideoFailed],
}

func as[T any](raw json.RawMessage) (any, error) {
	var v T
	err := json.Unmarshal(raw, &v)
	return v, err
}

// Encode returns the event's JSON. It fails with Invalid if the event is too large or lacks an attribute.
func Encode(e Event) ([]byte, error) {
	const op = "events.Encode"
	if err := complete(e); err != nil {
		return nil, video.E(op, video.Invalid, err)
	}
	data, err := json.Marshal(e.Data)
	if err != nil {
		return nil, video.E(op, video.Invalid, err)
	}
	b, err := json.Marshal(wire{
		SpecVersion: "1.0", ID: e.ID, Source: "sluice", Type: e.Type, Time: e.Time.UTC(), Subject: e.Video,
		Tenant: e.Tenant, Trace: e.Trace, ContentType: "application/json", Data: data,
	})
	if err != nil {
		return nil, video.E(op, video.Invalid, err)
	}
	if len(b) > MaxBytes {
		return nil, video.E(op, video.Invalid, fmt.Errorf("%s %s: %d bytes, more than %d", e.Type, e.ID, len(b), MaxBytes))
	}
	return b, nil
}

// Decode reads an event. What is not one, or of a type we don't know, is Invalid: it will never be understood.
func Decode(b []byte) (Event, error) {
	const op = "events.Decode"
	if len(b) > MaxBytes {
		return Event{}, video.E(op, video.Invalid, fmt.Errorf("%d bytes, more than %d", len(b), MaxBytes))
	}
	var w wire
	if err := json.Unmarshal(b, &w); err != nil {
		return Event{}, video.E(op, video.Invalid, err)
	}
	e := Event{ID: w.ID, Type: w.Type, Time: w.Time, Tenant: w.Tenant, Video: w.Subject, Trace: w.Trace}
	if w.SpecVersion != "1.0" {
		return e, video.E(op, video.Invalid, fmt.Errorf("specversion %q is not 1.0", w.SpecVersion))
	}
	decode, known := decoders[w.Type]
	if !known {
		return e, video.E(op, video.Invalid, fmt.Errorf("type %q is not known", w.Type))
	}
	data, err := decode(w.Data)
	if err != nil {
		return e, video.E(op, video.Invalid, err)
	}
	e.Data = data
	if err := complete(e); err != nil {
		return e, video.E(op, video.Invalid, err)
	}
	return e, nil
}

func complete(e Event) error {
	for name, v := range map[string]string{"id": e.ID, "type": string(e.Type), "subject": e.Video, "tenant": e.Tenant} {
		if v == "" {
			return fmt.Errorf("%s %s: attribute %s is missing", e.Type, e.ID, name)
		}
	}
	if e.Data == nil {
		return fmt.Errorf("%s %s: no data", e.Type, e.ID)
	}
	return nil
}
