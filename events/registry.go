package events

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"strings"
	"time"

	"sluice/events/internal/jsonschema"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
)

// registry is a set of contracts, and the schemas that they refer to.
type registry struct {
	byType  map[Type]contract
	byData  map[reflect.Type]contract
	schemas *jsonschema.Set
}

// newRegistry returns the registry of contracts. Their schemas are in the folder schema of a file system.
func newRegistry(schemas fs.FS, all ...contract) registry {
	r := registry{
		byType: map[Type]contract{}, byData: map[reflect.Type]contract{}, schemas: jsonschema.NewSet(schemas),
	}
	for _, c := range all {
		r.byType[c.typ], r.byData[c.data] = c, c
	}
	return r
}

// envelopeJSON is the JSON of a CloudEvent. Names of extension attributes are lower case without separators, as the
// specification requires.
type envelopeJSON struct {
	SpecVersion string          `json:"specversion"`
	ID          string          `json:"id"`
	Source      string          `json:"source"`
	Type        Type            `json:"type"`
	Time        time.Time       `json:"time"`
	Subject     string          `json:"subject,omitempty"`
	Tenant      string          `json:"tenant,omitempty"`
	Correlation string          `json:"correlationid,omitempty"`
	Trace       string          `json:"trace,omitempty"`
	ContentType string          `json:"datacontenttype,omitempty"`
	Data        json.RawMessage `json:"data"`
}

const (
	envelopeSchema = "envelope.json"
	ownSource      = "sluice" // the CloudEvents source of events that Sluice sends
)

func (t Type) schemaFile() string { return string(t) + ".json" }

func (r registry) encodeEvent(e Event) ([]byte, error) {
	data, err := json.Marshal(e.Data)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", e.Type, e.ID, err)
	}
	b, err := json.Marshal(envelopeJSON{
		SpecVersion: "1.0", ID: e.ID, Source: cmp.Or(e.Source, ownSource), Type: e.Type, Time: e.Time.UTC(),
		Subject: e.Video,
		Tenant:  e.Tenant, Correlation: e.Correlation, Trace: e.Trace, ContentType: "application/json", Data: data,
	})
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", e.Type, e.ID, err)
	}
	sent, _, c, err := r.readMessage(b)
	if err == nil { // an event that receivers would reject is not sent
		if sent.Data = e.Data; reflect.TypeOf(e.Data) != c.data {
			err = fmt.Errorf("/data: is of %T", e.Data)
		} else {
			err = checkConsistency(sent, c.kind)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", e.Type, e.ID, err)
	}
	return b, nil
}

// readMessage returns the event in a message without its data, the document that has the data, and the contract. It
// fails if the message breaks the schema of the envelope or that of its type. The event then has what could be read.
func (r registry) readMessage(b []byte) (Event, map[string]any, contract, error) {
	doc, err := parseMessage(b)
	if err != nil {
		return Event{}, nil, contract{}, err
	}
	if err := r.validateDocument(envelopeSchema, "", doc); err != nil {
		return Event{}, nil, contract{}, err
	}
	e, err := readEnvelope(doc)
	if err != nil {
		return Event{}, nil, contract{}, err
	}
	c, known := r.byType[e.Type]
	if !known {
		return e, nil, contract{}, fmt.Errorf("/type: %s %w", e.Type, errUnknownType)
	}
	return e, doc, c, r.validateDocument(e.Type.schemaFile(), "/data", doc["data"])
}

func (r registry) decodeEvent(b []byte) (Event, error) {
	e, doc, c, err := r.readMessage(b)
	if err != nil {
		return e, err
	}
	// The validated document is decoded and not the bytes of the message: there a member may be repeated, and
	// encoding/json accepts "Borders" for "borders", neither of which the schema has seen.
	dropUnknownMembers(doc["data"])
	data, err := json.Marshal(doc["data"])
	if err == nil {
		e.Data, err = c.decode(data)
	}
	if err != nil {
		return e, withPointer("/data", err)
	}
	return e, checkConsistency(e, c.kind)
}

// metadataMember is the member whose members have names chosen by clients.
const metadataMember = "metadata"

// dropUnknownMembers removes members whose names no contract uses, as they are not lower case with underscores.
func dropUnknownMembers(v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
				delete(v, name)
			}
			if name != metadataMember {
				dropUnknownMembers(member)
			}
		}
	case []any:
		for _, item := range v {
			dropUnknownMembers(item)
		}
	}
}

// parseMessage parses a message as a JSON object.
func parseMessage(b []byte) (map[string]any, error) {
	if len(b) > MaxBytes {
		return nil, fmt.Errorf("%d bytes, more than %d", len(b), MaxBytes)
	}
	var doc map[string]any
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("the message can't be read: %w", err)
	}
	if doc == nil {
		return nil, errors.New("the message is not a JSON object")
	}
	return doc, nil
}

// readEnvelope returns the event of a validated envelope, without its data.
func readEnvelope(doc map[string]any) (Event, error) {
	text := func(name string) string {
		s, _ := doc[name].(string)
		return s
	}
	at, err := time.Parse(time.RFC3339, text("time"))
	if err != nil {
		return Event{}, errors.New("/time: no time of RFC 3339")
	}
	e := Event{
		ID: text("id"), Type: Type(text("type")), Source: text("source"), Time: at,
		Tenant: text("tenant"), Video: text("subject"), Correlation: text("correlationid"), Trace: text("trace"),
	}
	if e.Source == ownSource {
		e.Source = ""
	}
	return e, nil
}

// checkConsistency checks what a schema can't express: that the parts of an event fit each other.
func checkConsistency(e Event, kind Kind) error {
	var err error
	if isRequest := kind == Request; isRequest == (e.Tenant != "") || isRequest == (e.Video != "") ||
		isRequest != (e.Source != "") {
		err = errors.New("/tenant, /subject and /source: a producer names itself as the source and neither tenant nor subject; Sluice does the reverse")
	}
	key := services.OriginalKey(e.Tenant, e.Video)
	switch d := e.Data.(type) {
	case video.UploadRequested:
		err = errors.Join(err, withPointer("/data/origin", d.Origin.Validate()))
	case video.FetchRequested:
		err = errors.Join(err, withPointer("/data/origin", d.Origin.Validate()),
			withPointer("/data/key", checkOwnKey(d.Key, key)))
	case video.InspectRequested:
		err = errors.Join(err, withPointer("/data/key", checkOwnKey(d.Key, key)))
	case video.RemuxRequested:
		err = errors.Join(err, withPointer("/data/source/key", checkOwnKey(d.Source.Key, key)))
	case video.MediaInspected:
		err = errors.Join(err, withPointer("/data/plan", d.Plan.Validate()))
	case video.EncodeRequested:
		err = errors.Join(err, withPointer("/data/plan", d.Plan.Validate()),
			withPointer("/data/task", d.Task.Validate()),
			withPointer("/data/source/key", checkOwnKey(d.Source.Key, key)))
		if err == nil {
			err = withPointer("/data/task", d.Plan.ValidateTask(d.Task))
		}
	case video.EncodeDone:
		err = errors.Join(err, withPointer("/data/result/task", d.Result.Task.Validate()))
	case video.EncodeFailed:
		err = errors.Join(err, withPointer("/data/task", d.Task.Validate()))
	}
	return err
}

// checkOwnKey fails if the key is not that of the event's own video.
func checkOwnKey(key, own string) error {
	if key != own {
		return errors.New("not of this tenant and video")
	}
	return nil
}

func withPointer(pointer string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", pointer, err)
}
