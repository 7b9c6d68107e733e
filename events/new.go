package events

import (
	"fmt"
	"time"

	"sluice/shared/domain/video"
)

// New wraps what the domain says about a video into an event. The id is derived from the video, the type and, where a
// video has many of them, the task: the same fact told twice has the same id, and FIFO queues and consumers can
// tell. It panics on a domain event without a contract: that is a bug, and TestEveryDomainEventHasAContract finds it.
func New(tenant, id string, at time.Time, data video.Event) Event {
	typ, part := describeEvent(data)
	eid := id + ":" + string(typ)
	if part != "" {
		eid += ":" + part
	}
	return Event{ID: eid, Type: typ, Time: at, Tenant: tenant, Video: id, Data: data}
}

// Lane returns the lane of the inbox that the event names; "" if none.
func (e Event) Lane() string {
	d, _ := e.Data.(video.EncodeRequested)
	return string(d.Lane)
}

func describeEvent(data video.Event) (Type, string) {
	switch d := data.(type) {
	case video.UploadCompleted:
		return UploadCompleted, ""
	case video.UploadCancelled:
		return UploadCancelled, ""
	case video.FetchRequested:
		return FetchRequested, ""
	case video.FetchFailed:
		return FetchFailed, ""
	case video.InspectRequested:
		return InspectRequested, d.Stored.ETag
	case video.DeadlinePassed:
		return DeadlinePassed, fmt.Sprint(d.Deadline.Unix())
	case video.DeleteRequested:
		return DeleteRequested, ""
	case video.PurgeRequested:
		return PurgeRequested, fmt.Sprint(d.Round)
	case video.PurgeDone:
		return PurgeDone, fmt.Sprint(d.Round)
	case video.MediaInspected:
		return MediaInspected, d.ETag
	case video.MediaRefused:
		return MediaRefused, ""
	case video.EncodeRequested:
		return EncodeRequested, fmt.Sprint(d.Task.Number)
	case video.TaskDone:
		return EncodeDone, fmt.Sprint(d.Result.Task.Number)
	case video.TaskFailed:
		return EncodeFailed, fmt.Sprint(d.Task.Number)
	case video.VideoProcessing:
		return VideoProcessing, ""
	case video.VideoPlayable:
		return VideoPlayable, ""
	case video.VideoReady:
		return VideoReady, ""
	case video.VideoFailed:
		return VideoFailed, ""
	case video.VideoCancelled:
		return VideoCancelled, ""
	case video.VideoDeleted:
		return VideoDeleted, ""
	}
	panic(fmt.Sprintf("events: %T has no contract", data))
}
