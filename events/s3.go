package events

import (
	"bytes"
	"net/url"
	"strings"
	"time"
)

// Object is the data of ObjectCreated.
type Object struct {
	Bucket string    `json:"bucket"`
	Key    string    `json:"key"`
	Size   int64     `json:"size"`
	ETag   string    `json:"etag"` // without quotes
	At     time.Time `json:"at"`
}

const s3 = "s3.json"

// DecodeS3 returns the objects that a notification of S3 says were created: several, or none if it says something
// else, as s3:TestEvent does. ok is false for what is no such notification. One that breaks schema/s3.json is
// Invalid, message_invalid.
func DecodeS3(b []byte) (created []Object, ok bool, err error) {
	if !bytes.Contains(b, []byte(`"Records"`)) && !bytes.Contains(b, []byte(`"Event"`)) {
		return nil, false, nil // without parsing what Decode will parse
	}
	doc, err := parse(b)
	if err != nil || doc["Records"] == nil && doc["Event"] == nil {
		return nil, false, nil
	}
	if created, err = objects(doc); err != nil {
		return nil, true, refuse("events.DecodeS3", err)
	}
	return created, true, nil
}

func objects(doc map[string]any) ([]Object, error) {
	if err := contracts.schemas.check(s3, "", doc); err != nil {
		return nil, err
	}
	records, _ := doc["Records"].([]any)
	var out []Object
	for _, r := range records {
		name, _ := member(r, "eventName").(string)
		if !strings.HasPrefix(name, "ObjectCreated:") {
			continue
		}
		o, err := object(r)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

// object reads a record, which has been validated. Keys are encoded as in a form, ETags with or without quotes.
func object(record any) (Object, error) {
	text := func(path ...string) string { s, _ := member(record, path...).(string); return s }
	key, err := url.QueryUnescape(text("s3", "object", "key"))
	if err != nil {
		return Object{}, err
	}
	at, err := time.Parse(time.RFC3339, text("eventTime"))
	size, _ := member(record, "s3", "object", "size").(float64)
	return Object{Bucket: text("s3", "bucket", "name"), Key: key, Size: int64(size), ETag: strings.Trim(text("s3", "object", "eTag"), `"`), At: at}, err
}

// member returns what is at a path into JSON objects, nil if nothing is.
func member(v any, path ...string) any {
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}
