// Package events holds the contracts of the messages between services: one envelope (CloudEvents 1.0, structured
// JSON) and, for each event type, a Go type, a JSON Schema and examples. AsyncAPI puts them together: asyncapi.yaml,
// made by go generate.
//
// What a producer needs to know. A message is at most [MaxBytes] and is what schema/envelope.json and
// schema/<type>.json say. Members not named there are ignored, names are case-sensitive, numbers are those a float64
// holds exactly. Beyond the schemas: a plan's borders ascend from 0 and lie between segments, a task lies within its
// plan, and the key of a source is of the event's own tenant and video. The id is the same for the same fact, so that
// sending twice does no harm. What breaks the contract is refused when it is sent and is a dead letter, with the JSON
// pointer to what is wrong, when it arrives.
//
// A type, once released, is decoded for ever. A schema may get optional members; what old readers or old messages
// would not survive is a new version beside the old one: <type>.v2, with a Go type, a schema and examples of its own.
// Examples are only ever added (go test ./events -add).
//
// It needs no AWS rights.
//
// Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
package events

import (
	"errors"
	"fmt"
	"time"

	"sluice/shared/domain/errs"
)

//go:generate go run ./internal/asyncapi

// Type names an event and its version.
type Type string

// The event types. Tasks and results go straight to the queue that takes them; facts, video.*, go to the topic.
const (
	ObjectCreated    Type = "s3.object-created.v1" // decoded from S3's own notification, never sent by us
	UploadRequested  Type = "upload.requested.v1"  // from producers
	UploadCompleted  Type = "upload.completed.v1"
	UploadCancelled  Type = "upload.cancelled.v1"
	FetchRequested   Type = "fetch.requested.v1"
	FetchFailed      Type = "fetch.failed.v1"
	InspectRequested Type = "inspect.requested.v1"
	MediaInspected   Type = "media.inspected.v1"
	MediaRefused     Type = "media.refused.v1"
	EncodeRequested  Type = "encode.requested.v1"
	EncodeDone       Type = "encode.done.v1"
	EncodeFailed     Type = "encode.failed.v1"
	DeadlinePassed   Type = "deadline.passed.v1"
	DeleteRequested  Type = "delete.requested.v1"
	PurgeRequested   Type = "sweep.requested.v1"
	PurgeDone        Type = "sweep.done.v1"
	VideoProcessing  Type = "video.processing.v1"
	VideoPlayable    Type = "video.playable.v1"
	VideoReady       Type = "video.ready.v1"
	VideoFailed      Type = "video.failed.v1"
	VideoCancelled   Type = "video.cancelled.v1"
	VideoDeleted     Type = "video.deleted.v1"
)

// Event is one message. Its id is derived from what it says, so that the same fact told twice has the same id.
type Event struct {
	ID          string
	Type        Type
	Source      string // who says it: a producer's own URI; "" is Sluice
	Time        time.Time
	Tenant      string // empty in what producers send: it follows from who they are
	Video       string // the video's id; empty in what producers send
	Sender      string // SQS's word for who sent the message, "AROA…:session": not part of it
	Correlation string // a producer's own id for its request, echoed in all that is told of the video
	Trace       string // X-Ray header of the sender
	Data        any    // the type's data: a value, not a pointer
}

// MaxBytes bounds a message: what SQS takes in one batch however it is set up. What is larger belongs in S3 with a
// claim check in the message.
const MaxBytes = 256 << 10

// Encode returns the event's JSON. It fails with Invalid, and the JSON pointer to what is wrong, if the event breaks
// its contract.
func Encode(e Event) ([]byte, error) {
	b, err := contracts.encodeEvent(e)
	if err != nil {
		return nil, errs.E("events.Encode", errs.Invalid, err)
	}
	return b, nil
}

// Decode reads an event. What will never be understood is Invalid: type_unknown, a type or a version that we don't know;
// message_invalid, what breaks its contract or is no event at all. The event then has what could be read of the envelope.
func Decode(b []byte) (Event, error) {
	e, err := contracts.decodeEvent(b)
	if err != nil {
		return e, newInvalidError("events.Decode", err)
	}
	return e, nil
}

var errUnknownType = errors.New("is not known")

// newInvalidError returns the refusal of a message. There is no sentence beside its code: the cause says what is wrong, and where.
func newInvalidError(op string, cause error) error {
	p := errs.Problem{Code: "message_invalid"}
	if errors.Is(cause, errUnknownType) {
		p = errs.Problem{Code: "type_unknown"}
	}
	return p.ToError(op, errs.Invalid, cause)
}

// DataAs returns the data of an event as a T. Invalid: the event carries another type; op names the caller in the error.
func DataAs[T any](op string, e Event) (T, error) {
	d, ok := e.Data.(T)
	if !ok {
		return d, errs.E(op, errs.Invalid, fmt.Errorf("%s carries %T", e.Type, e.Data))
	}
	return d, nil
}
