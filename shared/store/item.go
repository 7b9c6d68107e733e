package store

import (
	"encoding/json"
	"time"

	"sluice/shared/video"
)

// The items are the rows as they are stored. Structures inside them are JSON text: it is smaller than DynamoDB's maps,
// which repeat every name with an overhead, it is the form the same structures have in messages, and nothing filters
// on it. What an index may want one day (tenant, state, created) is a plain attribute.
type (
	tenantItem struct {
		key
		Tenant  string `dynamodbav:"tenant"`
		Created string `dynamodbav:"created,omitempty"`
	}
	tokenItem struct {
		key
		Tenant  string `dynamodbav:"tenant"`
		ID      string `dynamodbav:"id"`
		Scopes  string `dynamodbav:"scopes"` // JSON
		Hash    string `dynamodbav:"hash"`
		Created string `dynamodbav:"created,omitempty"`
	}
	uploadItem struct {
		key
		Tenant    string `dynamodbav:"tenant"`
		ID        string `dynamodbav:"id"`
		Video     string `dynamodbav:"video"`
		Multipart string `dynamodbav:"multipart"`
		ObjectKey string `dynamodbav:"object_key"`
		Size      int64  `dynamodbav:"size"`
		PartSize  int64  `dynamodbav:"part_size"`
		Created   string `dynamodbav:"created,omitempty"`
	}
	videoItem struct {
		key
		Tenant    string `dynamodbav:"tenant"`
		ID        string `dynamodbav:"id"`
		Playback  string `dynamodbav:"playback"`
		Title     string `dynamodbav:"title"`
		State     string `dynamodbav:"state"`
		Version   int64  `dynamodbav:"version"`
		Source    string `dynamodbav:"source"`            // JSON
		Media     string `dynamodbav:"media,omitempty"`   // JSON
		Plan      string `dynamodbav:"plan,omitempty"`    // JSON
		Problem   string `dynamodbav:"problem,omitempty"` // JSON
		Created   string `dynamodbav:"created,omitempty"`
		Uploaded  string `dynamodbav:"uploaded,omitempty"`
		Inspected string `dynamodbav:"inspected,omitempty"`
		Encoded   string `dynamodbav:"encoded,omitempty"`
		Ready     string `dynamodbav:"ready,omitempty"`
		Failed    string `dynamodbav:"failed,omitempty"`
		Trace     string `dynamodbav:"trace,omitempty"`
	}
	pageItem struct {
		key
		Done []int `dynamodbav:"done,numberset"`
	}
	resultItem struct {
		key
		Result string `dynamodbav:"result"` // JSON
	}
)

func itemOfTenant(t video.Tenant) tenantItem {
	return tenantItem{key: tenantKey(t.ID), Tenant: t.ID, Created: stamp(t.Created)}
}

func (i tenantItem) tenant() (video.Tenant, error) {
	var c codec
	t := video.Tenant{ID: i.Tenant, Created: c.time(i.Created)}
	return t, c.err
}

func itemOfToken(t video.Token) (tokenItem, error) {
	var c codec
	i := tokenItem{
		key: tokenKey(t.ID), Tenant: t.Tenant, ID: t.ID, Scopes: c.text(t.Scopes), Hash: t.Hash, Created: stamp(t.Created),
	}
	return i, c.err
}

func (i tokenItem) token() (video.Token, error) {
	var c codec
	t := video.Token{ID: i.ID, Tenant: i.Tenant, Hash: i.Hash, Created: c.time(i.Created)}
	c.parse(i.Scopes, &t.Scopes)
	return t, c.err
}

func itemOfUpload(u video.Upload) uploadItem {
	return uploadItem{
		key: uploadKey(u.Tenant, u.ID), Tenant: u.Tenant, ID: u.ID, Video: u.Video, Multipart: u.Multipart,
		ObjectKey: u.Key, Size: u.Size, PartSize: u.PartSize, Created: stamp(u.Created),
	}
}

func (i uploadItem) upload() (video.Upload, error) {
	var c codec
	u := video.Upload{
		Tenant: i.Tenant, ID: i.ID, Video: i.Video, Multipart: i.Multipart,
		Key: i.ObjectKey, Size: i.Size, PartSize: i.PartSize, Created: c.time(i.Created),
	}
	return u, c.err
}

func itemOfVideo(v video.Video) (videoItem, error) {
	var c codec
	i := videoItem{
		key: videoKey(v.Tenant, v.ID), Tenant: v.Tenant, ID: v.ID, Playback: v.Playback, Title: v.Title,
		State: string(v.State), Version: v.Version, Trace: v.Trace,
		Source: c.text(v.Source), Media: c.text(v.Media), Plan: c.text(v.Plan), Problem: c.text(v.Problem),
		Created: stamp(v.Times.Created), Uploaded: stamp(v.Times.Uploaded), Inspected: stamp(v.Times.Inspected),
		Encoded: stamp(v.Times.Encoded), Ready: stamp(v.Times.Ready), Failed: stamp(v.Times.Failed),
	}
	return i, c.err
}

func (i videoItem) video() (video.Video, error) {
	var c codec
	v := video.Video{
		Tenant: i.Tenant, ID: i.ID, Playback: i.Playback, Title: i.Title,
		State: video.State(i.State), Version: i.Version, Trace: i.Trace,
		Times: video.Times{
			Created: c.time(i.Created), Uploaded: c.time(i.Uploaded), Inspected: c.time(i.Inspected),
			Encoded: c.time(i.Encoded), Ready: c.time(i.Ready), Failed: c.time(i.Failed),
		},
	}
	c.parse(i.Source, &v.Source)
	c.parse(i.Media, &v.Media)
	c.parse(i.Plan, &v.Plan)
	c.parse(i.Problem, &v.Problem)
	return v, c.err
}

func itemOfResult(k key, r video.Result) (resultItem, error) {
	var c codec
	i := resultItem{key: k.result(r.Task.Number), Result: c.text(r)}
	return i, c.err
}

func (i resultItem) result() (video.Result, error) {
	var c codec
	var r video.Result
	c.parse(i.Result, &r)
	return r, c.err
}

// codec turns values into attribute texts and back, and keeps the first error.
type codec struct{ err error }

// text returns the JSON of v, or "" for a nil pointer.
func (c *codec) text(v any) string {
	b, err := json.Marshal(v)
	c.note(err)
	if string(b) == "null" {
		return ""
	}
	return string(b)
}

// parse reads what text made into *to, which is left alone if s is empty.
func (c *codec) parse(s string, to any) {
	if s != "" {
		c.note(json.Unmarshal([]byte(s), to))
	}
}

// stampLayout is RFC 3339 in nanoseconds of a fixed width, so that stamps in UTC sort as text.
const stampLayout = "2006-01-02T15:04:05.000000000Z07:00"

// stamp returns t as text, or "" for the zero time.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(stampLayout)
}

func (c *codec) time(s string) time.Time {
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	c.note(err)
	return t
}

func (c *codec) note(err error) {
	if c.err == nil {
		c.err = err
	}
}
