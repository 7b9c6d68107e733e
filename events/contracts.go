package events

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"time"

	"sluice/shared/domain/command"
	"sluice/shared/domain/video"
)

// Kind says who sends the events of a type and where they go.
type Kind string

// The kinds of event.
const (
	Request Kind = "request" // from a producer to the queue of the API: its envelope names neither tenant nor video
	Message Kind = "message" // from one service to the queue of another
	Fact    Kind = "fact"    // to the topic, for every subscriber
)

// contract is what is fixed about one event type. Its schema is schema/<type>.json.
type contract struct {
	typ      Type
	kind     Kind
	data     reflect.Type                     // the Go type of its data
	decode   func(data []byte) (any, error)   // JSON that fits the schema to a value of that Go type
	idSuffix func(data any) (idSuffix string) // ends the event's id where one video has several events of the type
}

// contracts is the table of all event types in force. To add an event type, add its constant in events.go, a line here,
// its schema and its examples: docs/add-an-event.md.
var contracts = newRegistry(schemaFiles,
	newContract(UploadRequested, Request, oncePerVideo[video.UploadRequested]),
	newContract(CommandDescribe, Request, oncePerVideo[command.Describe]),
	newContract(CommandUnpublish, Request, oncePerVideo[command.Unpublish]),
	newContract(CommandPublish, Request, oncePerVideo[command.Publish]),
	newContract(CommandDelete, Request, oncePerVideo[command.Delete]),
	newContract(UploadCompleted, Message, oncePerVideo[video.UploadCompleted]),
	newContract(UploadCancelled, Message, oncePerVideo[video.UploadCancelled]),
	newContract(FetchRequested, Message, oncePerVideo[video.FetchRequested]),
	newContract(FetchFailed, Message, oncePerVideo[video.FetchFailed]),
	newContract(InspectRequested, Message, identifyInspection),
	newContract(MediaInspected, Message, func(d video.MediaInspected) string { return d.ETag }),
	newContract(MediaRefused, Message, oncePerVideo[video.MediaRefused]),
	newContract(MediaUnindexed, Message, func(d video.MediaUnindexed) string { return d.ETag }),
	newContract(RemuxRequested, Message, func(d video.RemuxRequested) string { return d.Source.ETag }),
	newContract(RemuxDone, Message, func(d video.RemuxDone) string { return d.ETag }),
	newContract(EncodeRequested, Message, func(d video.EncodeRequested) string { return strconv.Itoa(d.Task.Number) }),
	newContract(EncodeDone, Message, func(d video.EncodeDone) string { return strconv.Itoa(d.Result.Task.Number) }),
	newContract(EncodeFailed, Message, func(d video.EncodeFailed) string { return strconv.Itoa(d.Task.Number) }),
	newContract(DeadlinePassed, Message, func(d video.DeadlinePassed) string {
		return strconv.FormatInt(d.Deadline.Unix(), 10)
	}),
	newContract(DeleteRequested, Message, oncePerVideo[video.DeleteRequested]),
	newContract(UnpublishRequested, Message, func(d video.UnpublishRequested) string { return formatMillis(d.At) }),
	newContract(PublishRequested, Message, func(d video.PublishRequested) string { return formatMillis(d.At) }),
	newContract(PurgeRequested, Message, func(d video.PurgeRequested) string { return strconv.Itoa(d.Round) }),
	newContract(PurgeDone, Message, func(d video.PurgeDone) string { return strconv.Itoa(d.Round) }),
	newContract(VideoProcessing, Fact, oncePerVideo[video.VideoProcessing]),
	newContract(VideoPlayable, Fact, oncePerVideo[video.VideoPlayable]),
	newContract(VideoReady, Fact, oncePerVideo[video.VideoReady]),
	newContract(VideoFailed, Fact, oncePerVideo[video.VideoFailed]),
	newContract(VideoCancelled, Fact, oncePerVideo[video.VideoCancelled]),
	newContract(VideoUnpublished, Fact, func(d video.VideoUnpublished) string { return formatMillis(d.At) }),
	newContract(VideoPublished, Fact, func(d video.VideoPublished) string { return formatMillis(d.At) }),
	newContract(CommandRejected, Fact, func(d video.CommandRejected) string { return hashID(d.Source, d.ID) }),
	newContract(VideoDeleted, Fact, oncePerVideo[video.VideoDeleted]),
)

// newContract returns the contract of a type whose data is a T.
func newContract[T any](typ Type, kind Kind, idSuffix func(T) string) contract {
	return contract{
		typ: typ, kind: kind, data: reflect.TypeFor[T](),
		decode: func(data []byte) (any, error) {
			var v T
			err := json.Unmarshal(data, &v)
			return v, err
		},
		idSuffix: func(data any) string { return idSuffix(data.(T)) },
	}
}

// identifyInspection tells the inspections of an original, of its copy, and of the whole original apart.
func identifyInspection(d video.InspectRequested) string {
	switch {
	case d.Copy != nil:
		return d.Stored.ETag + ":" + d.Copy.ETag
	case d.Whole:
		return d.Stored.ETag + ":whole"
	}
	return d.Stored.ETag
}

// oncePerVideo is the id rule of types of which a video has one event.
func oncePerVideo[T any](T) string { return "" }

// formatMillis returns a time in Unix milliseconds, for the ids of events of which a video has one for each request.
func formatMillis(at time.Time) string { return strconv.FormatInt(at.UnixMilli(), 10) }

// hashID returns a short text for the source and the id of an event, which together identify it.
func hashID(source, id string) string {
	sum := sha256.Sum256([]byte(source + "\x00" + id))
	return hex.EncodeToString(sum[:8])
}

// ListTypes returns the event types of some kinds, or of all, in alphabetical order. ObjectCreated is not among them:
// Encode and Decode don't know it.
func ListTypes(kinds ...Kind) (types []Type) {
	for _, t := range slices.Sorted(maps.Keys(contracts.byType)) {
		if len(kinds) == 0 || slices.Contains(kinds, contracts.byType[t].kind) {
			types = append(types, t)
		}
	}
	return types
}
