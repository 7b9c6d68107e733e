package events

import (
	"fmt"
	"reflect"
	"time"

	"sluice/shared/domain/video"
)

// New returns the event for something that the domain says about a video. The id consists of the video's id, the type
// and, where one video has several events of the type, a suffix such as the number of the task. FIFO queues and
// consumers recognize duplicates by it. New panics if the domain event has no contract, which
// TestEveryDomainEventHasAContract prevents.
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

// Lane returns the lane that the event names, for a receiver that has a queue for each lane; "" if it names none.
func (e Event) Lane() video.Lane {
	d, _ := e.Data.(video.EncodeRequested)
	return d.Lane
}
