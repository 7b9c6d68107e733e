package inbox

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"sluice/events"
	"sluice/shared/services"
	"sluice/shared/video"
)

// decode returns the events in a message: one of ours, or those of an S3 notification, which may be several or none
// (S3 sends s3:TestEvent when a notification is set up; it says nothing and is ignored).
func decode(m lambdaevents.SQSMessage) ([]events.Event, error) {
	var n struct {
		lambdaevents.S3Event
		Event string
	}
	if err := json.Unmarshal([]byte(m.Body), &n); err == nil && (n.Records != nil || n.Event == "s3:TestEvent") {
		return objects(n.Records)
	}
	e, err := events.Decode([]byte(m.Body))
	return []events.Event{e}, err
}

func objects(records []lambdaevents.S3EventRecord) ([]events.Event, error) {
	var out []events.Event
	for _, r := range records {
		if !strings.HasPrefix(r.EventName, "ObjectCreated:") {
			continue
		}
		key, err := url.QueryUnescape(r.S3.Object.Key) // S3 encodes keys as a form does
		if err != nil {
			return nil, video.E("inbox.objects", video.Invalid, err)
		}
		tenant, id, ok := SourceKey(key)
		if !ok {
			return nil, video.E("inbox.objects", video.Invalid, fmt.Errorf("key %q is not an original's", key))
		}
		etag := strings.Trim(r.S3.Object.ETag, `"`)
		out = append(out, events.Event{
			ID: id + ":" + string(events.ObjectCreated) + ":" + etag, Type: events.ObjectCreated, Time: r.EventTime, Tenant: tenant, Video: id,
			Data: events.Object{Bucket: r.S3.Bucket.Name, Key: key, Size: r.S3.Object.Size, ETag: etag, At: r.EventTime},
		})
	}
	return out, nil
}

// SourceKey returns the tenant and the video of an original's key, t/<tenant>/<video>/source.
func SourceKey(key string) (tenant, id string, ok bool) {
	rest, found := strings.CutPrefix(key, services.SourcePrefix)
	if !found {
		return "", "", false
	}
	rest, found = strings.CutSuffix(rest, services.SourceSuffix)
	if !found {
		return "", "", false
	}
	tenant, id, found = strings.Cut(rest, "/")
	return tenant, id, found && video.ValidTenant(tenant) && id != "" && !strings.Contains(id, "/")
}
