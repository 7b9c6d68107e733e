package events

import (
	"bytes"
	"cmp"
	"net/url"
	"strings"
	"time"

	"sluice/shared/domain/video"
)

const s3Schema = "s3.json"

// DecodeS3Notification returns the created objects that an S3 event notification lists: none if it is about something
// else, as s3:TestEvent is. ok is false if the message is no S3 notification. It fails with Invalid, message_invalid,
// if the notification breaks schema/s3.json.
func DecodeS3Notification(b []byte) (created []video.StoredObject, ok bool, err error) {
	if !bytes.Contains(b, []byte(`"Records"`)) && !bytes.Contains(b, []byte(`"Event"`)) {
		return nil, false, nil // saves parsing a message that Decode parses again
	}
	doc, err := parseMessage(b)
	if err != nil || doc["Records"] == nil && doc["Event"] == nil {
		return nil, false, nil
	}
	if created, err = readS3Objects(doc); err != nil {
		return nil, true, newInvalidError("events.DecodeS3Notification", err)
	}
	return created, true, nil
}

func readS3Objects(doc map[string]any) ([]video.StoredObject, error) {
	if err := contracts.validateDocument(s3Schema, "", doc); err != nil {
		return nil, err
	}
	records, _ := doc["Records"].([]any)
	var out []video.StoredObject
	for _, r := range records {
		text := func(path ...string) string { s, _ := lookupMember(r, path...).(string); return s }
		if !strings.HasPrefix(text("eventName"), "ObjectCreated:") {
			continue
		}
		key, kerr := url.QueryUnescape(text("s3", "object", "key")) // encoded as in a form
		at, terr := time.Parse(time.RFC3339, text("eventTime"))
		if err := cmp.Or(kerr, terr); err != nil {
			return nil, err
		}
		size, _ := lookupMember(r, "s3", "object", "size").(float64)
		etag := strings.Trim(text("s3", "object", "eTag"), `"`) // with or without quotes
		out = append(out,
			video.StoredObject{Bucket: text("s3", "bucket", "name"), Key: key, Size: int64(size), ETag: etag, At: at})
	}
	return out, nil
}

// lookupMember returns the value at a path of member names in nested JSON objects, nil if there is none.
func lookupMember(v any, path ...string) any {
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}
