package events

import (
	"fmt"
	"reflect"
	"time"

	"sluice/shared/domain/video"
)

// New wraps what the domain says about a video into an event. The id is derived from the video, the type and, where a
// video has many of them, the task: the same fact told twice has the same id, and FIFO queues and consumers can
// tell. It panics on a domain event without a contract: that is a bug, and TestEveryDomainEventHasAContract finds it.
func New(tenant, id string, at time.Time, data video.Event) Event {
	c, known := contracts.byData[reflect.TypeOf(data)]
	if !known {
		panic(fmt.Sprintf("events: %T has no contract", data))
	}
	eventID := id + ":" + string(c.typ)
	if suffix := c.idSuffix(data); suffix != "" {
		eventID += ":" + suffix
	}
	return Event{ID: eventID, Type: c.typ, Time: at, Tenant: tenant, Video: id, Data: data}
}

// Lane returns the lane of the inbox that the event names; "" if none.
func (e Event) Lane() video.Lane {
	d, _ := e.Data.(video.EncodeRequested)
	return d.Lane
}
