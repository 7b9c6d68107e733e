// Package events holds the contracts of the messages between services: one envelope (CloudEvents 1.0, structured JSON)
// and, for each event type, a Go type, a JSON Schema and examples. The table of types is in contracts.go. The AsyncAPI
// document asyncapi.yaml is generated from it: go generate ./events.
//
// For producers: a message has at most [MaxBytes] and satisfies schema/envelope.json and schema/<type>.json. Unknown
// members are ignored, names are case-sensitive, and numbers are those that a float64 represents exactly. Beyond the
// schemas, the borders of a plan ascend from 0 and lie between segments, a task lies within its plan, and the key of a
// source belongs to the event's own tenant and video. An event's id is the same each time the same fact is sent, so
// that sending it twice does no harm. A message that breaks its contract is rejected by the sender's Encode; a receiver
// sends it to the dead-letter queue, with the JSON Pointer to what is wrong.
//
// Compatibility: a released type is decoded forever. A schema may get optional members. A change that old readers or
// old messages would not survive becomes a new type beside the old one, <type>.v2, with its own Go type, schema and
// examples. Examples are only ever added (go test ./events -add).
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

// Type is an event type with its version: "video.ready.v1".
type Type string

// The event types. To add an event type, add its constant here, its line to contracts (contracts.go), and its schema
// and examples: docs/add-an-event.md. See Kind for where the events go.
const (
	ObjectCreated    Type = "s3.object-created.v1" // made from a notification of S3, never sent by Sluice
	UploadRequested  Type = "upload.requested.v1"  // from producers
	UploadCompleted  Type = "upload.completed.v1"
	UploadCancelled  Type = "upload.cancelled.v1"
	FetchRequested   Type = "fetch.requested.v1"
	FetchFailed      Type = "fetch.failed.v1"
	InspectRequested Type = "inspect.requested.v1"
	MediaInspected   Type = "media.inspected.v1"
	MediaRefused     Type = "media.refused.v1"
	MediaUnindexed   Type = "media.unindexed.v1"
	RemuxRequested   Type = "remux.requested.v1"
	RemuxDone        Type = "remux.done.v1"
	EncodeRequested  Type = "encode.requested.v1"
	EncodeDone       Type = "encode.done.v1"
	EncodeFailed     Type = "encode.failed.v1"
	DeadlinePassed   Type = "deadline.passed.v1"
	DeleteRequested  Type = "delete.requested.v1"
	PurgeRequested   Type = "sweep.requested.v1" // types keep their first names: messages may be in flight
	PurgeDone        Type = "sweep.done.v1"
	VideoProcessing  Type = "video.processing.v1"
	VideoPlayable    Type = "video.playable.v1"
	VideoReady       Type = "video.ready.v1"
	VideoFailed      Type = "video.failed.v1"
	VideoCancelled   Type = "video.cancelled.v1"
	VideoDeleted     Type = "video.deleted.v1"

	CommandDescribe  Type = "command.describe.v1" // these four, from producers
	CommandUnpublish Type = "command.unpublish.v1"
	CommandPublish   Type = "command.publish.v1"
	CommandDelete    Type = "command.delete.v1"

	UnpublishRequested Type = "unpublish.requested.v1"
	PublishRequested   Type = "publish.requested.v1"
	VideoUnpublished   Type = "video.unpublished.v1"
	VideoPublished     Type = "video.published.v1"
	CommandRejected    Type = "video.command-rejected.v1"
)

// Event is one message. The id follows from the content, so that the same fact has the same id each time it is sent.
type Event struct {
	ID          string
	Type        Type
	Source      string // the sender: a producer's own URI; "": Sluice
	Time        time.Time
	Tenant      string // empty in a producer's request: it follows from the producer's registration
	Video       string // id of the video; empty in a producer's request
	Sender      string // the SenderId that SQS adds to a received message: "AROA…:session"
	Correlation string // a producer's id of its request, repeated in every event about the video
	Trace       string // X-Ray trace header of the sender
	Data        any    // a value, not a pointer, of the type's Go type
}

// MaxBytes is the maximum size of a message in bytes. SQS accepts so much in one batch with any settings. Larger data
// belongs in S3, with a reference in the message (claim check).
const MaxBytes = 256 << 10

// Encode returns the event's JSON. It fails with Invalid if the event breaks its contract; the error has the JSON
// Pointer to what is wrong.
func Encode(e Event) ([]byte, error) {
	b, err := contracts.encodeEvent(e)
	if err != nil {
		return nil, errs.E("events.Encode", errs.Invalid, err)
	}
	return b, nil
}

// Decode reads an event. It fails with Invalid: type_unknown for an unknown type or version, message_invalid for a
// message that breaks its contract or is no event. The returned event then has what could be read of the envelope.
func Decode(b []byte) (Event, error) {
	e, err := contracts.decodeEvent(b)
	if err != nil {
		return e, newInvalidError("events.Decode", err)
	}
	return e, nil
}

var errUnknownType = errors.New("is not known")

// newInvalidError returns the error about a message, with a code and no public sentence: the cause says what is wrong
// and where.
func newInvalidError(op string, cause error) error {
	p := errs.Problem{Code: "message_invalid"}
	if errors.Is(cause, errUnknownType) {
		p = errs.Problem{Code: "type_unknown"}
	}
	return p.ToError(op, errs.Invalid, cause)
}

// DataAs returns the data of an event as a T. Invalid: the event carries another type; op names the caller in the
// error.
func DataAs[T any](op string, e Event) (T, error) {
	d, ok := e.Data.(T)
	if !ok {
		return d, errs.E(op, errs.Invalid, fmt.Errorf("%s carries %T", e.Type, e.Data))
	}
	return d, nil
}
