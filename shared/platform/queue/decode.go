package queue

import (
	"fmt"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
)

// What has no sentence beside its code: the cause says what is wrong.
var (
	typeNotAccepted = errs.Problem{Code: "type_not_taken"}
	messageInvalid  = errs.Problem{Code: "message_invalid"}
)

// decodeEvents returns the events in a message: one of ours, or those of an S3 notification, which may be several or none.
func decodeEvents(m lambdaevents.SQSMessage) ([]events.Event, error) {
	created, ok, err := events.DecodeS3Notification([]byte(m.Body))
	if !ok {
		e, err := events.Decode([]byte(m.Body))
		e.Sender = m.Attributes["SenderId"]
		return []events.Event{e}, err
	}
	var out []events.Event
	for _, o := range created {
		tenant, id, own := services.ParseOriginalKey(o.Key)
		if !own {
			return nil, messageInvalid.ToError("inbox.decode", errs.Invalid, fmt.Errorf("key %q is not an original's", o.Key))
		}
		out = append(out, events.Event{
			ID: id + ":" + string(events.ObjectCreated) + ":" + o.ETag, Type: events.ObjectCreated, Time: o.At, Tenant: tenant, Video: id, Data: o,
		})
	}
	return out, err
}
