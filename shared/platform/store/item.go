package store

import (
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
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
		Until   string `dynamodbav:"until,omitempty"`
		Expires int64  `dynamodbav:"expires,omitempty"` // Unix seconds: DynamoDB removes the row some time after
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
	// videoItem is in an index while it has the partition key of that one.
	videoItem struct {
		key
		aboutItem
		Tenant      string `dynamodbav:"tenant"`
		ID          string `dynamodbav:"id"`
		Playback    string `dynamodbav:"playback"`
		State       string `dynamodbav:"state"`
		Version     int64  `dynamodbav:"version"`
		Source      string `dynamodbav:"source"`            // JSON
		Fetch       string `dynamodbav:"fetch,omitempty"`   // JSON
		Media       string `dynamodbav:"media,omitempty"`   // JSON
		Plan        string `dynamodbav:"plan,omitempty"`    // JSON
		Problem     string `dynamodbav:"problem,omitempty"` // JSON
		Watch       string `dynamodbav:"watch,omitempty"`   // JSON
		Shown       int    `dynamodbav:"shown,omitempty"`
		Created     string `dynamodbav:"created,omitempty"`
		Uploaded    string `dynamodbav:"uploaded,omitempty"`
		Inspected   string `dynamodbav:"inspected,omitempty"`
		Begun       string `dynamodbav:"begun,omitempty"`
		Playable    string `dynamodbav:"playable,omitempty"`
		Encoded     string `dynamodbav:"encoded,omitempty"`
		Ready       string `dynamodbav:"ready,omitempty"`
		Failed      string `dynamodbav:"failed,omitempty"`
		Cancelled   string `dynamodbav:"cancelled,omitempty"`
		Deleted     string `dynamodbav:"deleted,omitempty"`
		Correlation string `dynamodbav:"correlation,omitempty"`
		Trace       string `dynamodbav:"trace,omitempty"`
		Owner       string `dynamodbav:"owner,omitempty"`     // partition key of by-tenant; the sort key is Created
		DueShard    string `dynamodbav:"due_shard,omitempty"` // partition key of by-deadline
		Due         string `dynamodbav:"due,omitempty"`       // its sort key
		Expires     int64  `dynamodbav:"expires,omitempty"`   // Unix seconds: DynamoDB's time to live
	}
	// aboutItem is the part of a video's row that api writes, and no one else.
	aboutItem struct {
		Title      string `dynamodbav:"title"`
		ExternalID string `dynamodbav:"external_id,omitempty"`
		Metadata   string `dynamodbav:"metadata,omitempty"` // JSON
		External   string `dynamodbav:"external,omitempty"` // partition key of by-external; the sort key is Created
	}
	entryItem struct {
		key
		Entry string `dynamodbav:"entry"` // JSON
	}
	pageItem struct {
		key
		Done []int `dynamodbav:"done,numberset"`
	}
	resultItem struct {
		key
		Result string `dynamodbav:"result"` // JSON
		Began  string `dynamodbav:"began,omitempty"`
		At     string `dynamodbav:"at,omitempty"`
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
		Until: stamp(t.Expires),
	}
	if !t.Expires.IsZero() {
		i.Expires = t.Expires.Unix()
	}
	return i, c.err
}

func (i tokenItem) token() (video.Token, error) {
	var c codec
	t := video.Token{ID: i.ID, Tenant: i.Tenant, Hash: i.Hash, Created: c.time(i.Created), Expires: c.time(i.Until)}
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
		key: videoKey(v.Tenant, v.ID), aboutItem: c.about(v.Tenant, v.About), Tenant: v.Tenant, ID: v.ID, Playback: v.Playback,
		State: string(v.State), Version: v.Version, Shown: v.Shown, Correlation: v.Correlation, Trace: v.Trace,
		Source: c.text(v.Source), Fetch: c.text(v.Fetch), Media: c.text(v.Media), Plan: c.text(v.Plan), Problem: c.text(v.Problem),
		Created: stamp(v.Times.Created), Uploaded: stamp(v.Times.Uploaded), Inspected: stamp(v.Times.Inspected),
		Begun: stamp(v.Times.Begun), Playable: stamp(v.Times.Playable), Encoded: stamp(v.Times.Encoded), Ready: stamp(v.Times.Ready), Failed: stamp(v.Times.Failed),
		Cancelled: stamp(v.Times.Cancelled), Deleted: stamp(v.Times.Deleted),
		Due: stamp(v.Watch.Deadline),
	}
	if v.Watch != (video.Watch{}) {
		i.Watch = c.text(v.Watch)
	}
	if i.Due != "" {
		i.DueShard = dueShard(v.ID)
	}
	if v.State != video.Deleting && v.State != video.Deleted {
		i.Owner = services.TenantIndex + "#" + v.Tenant
	}
	if at := v.Expires(); !at.IsZero() {
		i.Expires = at.Unix()
	}
	return i, c.err
}

func (i videoItem) video() (video.Video, error) {
	var c codec
	v := video.Video{
		About: video.About{Title: i.Title, ExternalID: i.ExternalID}, Tenant: i.Tenant, ID: i.ID, Playback: i.Playback,
		State: video.State(i.State), Version: i.Version, Shown: i.Shown, Correlation: i.Correlation, Trace: i.Trace,
		Times: video.Times{
			Created: c.time(i.Created), Uploaded: c.time(i.Uploaded), Inspected: c.time(i.Inspected),
			Begun: c.time(i.Begun), Playable: c.time(i.Playable), Encoded: c.time(i.Encoded), Ready: c.time(i.Ready), Failed: c.time(i.Failed),
			Cancelled: c.time(i.Cancelled), Deleted: c.time(i.Deleted),
		},
	}
	c.parse(i.Metadata, &v.Metadata)
	c.parse(i.Watch, &v.Watch)
	c.parse(i.Fetch, &v.Fetch)
	c.parse(i.Source, &v.Source)
	c.parse(i.Media, &v.Media)
	c.parse(i.Plan, &v.Plan)
	c.parse(i.Problem, &v.Problem)
	return v, c.err
}

func (c *codec) about(tenant string, a video.About) aboutItem {
	i := aboutItem{Title: a.Title, ExternalID: a.ExternalID, Metadata: c.text(a.Metadata)}
	if a.ExternalID != "" {
		i.External = services.ExternalIndex + "#" + tenant + "#" + a.ExternalID
	}
	return i
}

func itemOfEntry(k key, e video.Entry) (entryItem, error) {
	var c codec
	return entryItem{key: k.entry(e.Version), Entry: c.text(e)}, c.err
}

func itemOfResult(k key, t video.TaskDone) (resultItem, error) {
	var c codec
	i := resultItem{key: k.result(t.Result.Task.Number), Result: c.text(t.Result), Began: stamp(t.Began), At: stamp(t.At)}
	return i, c.err
}

func (i resultItem) done() (video.TaskDone, error) {
	var c codec
	t := video.TaskDone{Began: c.time(i.Began), At: c.time(i.At)}
	c.parse(i.Result, &t.Result)
	return t, c.err
}
