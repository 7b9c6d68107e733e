package queue

import (
	"fmt"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
)

// Problems without a message: the cause says what is wrong.
var (
	typeNotAccepted = errs.Problem{Code: "type_not_taken"}
	messageInvalid  = errs.Problem{Code: "message_invalid"}
)

// decodeEvents returns the events of a message: one event of Sluice, or one for each object of an S3 notification,
// which may be none. Invalid, code message_invalid: the message breaks its schema, or an object is not an original.
func decodeEvents(m lambdaevents.SQSMessage) ([]events.Event, error) {
	objects, ok, err := events.DecodeS3Notification([]byte(m.Body))
	if !ok {
		e, err := events.Decode([]byte(m.Body))
		e.Sender = m.Attributes["SenderId"]
		return []events.Event{e}, err
	}
	var out []events.Event
	for _, o := range objects {
		tenant, id, isOriginal := services.ParseOriginalKey(o.Key)
		if !isOriginal {
			return nil, messageInvalid.ToError("queue.decodeEvents", errs.Invalid, fmt.Errorf("key %q is not the key of an original", o.Key))
		}
		out = append(out, events.Event{
			ID: id + ":" + string(events.ObjectCreated) + ":" + o.ETag, Type: events.ObjectCreated, Time: o.At, Tenant: tenant, Video: id, Data: o,
		})
	}
	return out, err
}
