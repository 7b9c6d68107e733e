package store

import (
	"sluice/shared/domain/access"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/store/table"
)

// Items are rows as Go structs. Nested values are stored as JSON text: it is smaller than DynamoDB's maps, messages
// have the same form, and no query filters by it. What an index may need (tenant, state, created) is a plain
// attribute.
type (
	tenantItem struct {
		table.Key
		Tenant  string `dynamodbav:"tenant"`
		Created string `dynamodbav:"created,omitempty"`
	}
	tokenItem struct {
		table.Key
		Tenant  string `dynamodbav:"tenant"`
		ID      string `dynamodbav:"id"`
		Scopes  string `dynamodbav:"scopes"` // JSON
		Hash    string `dynamodbav:"hash"`
		Created string `dynamodbav:"created,omitempty"`
		Until   string `dynamodbav:"until,omitempty"`
		Expires int64  `dynamodbav:"expires,omitempty"` // Unix seconds; DynamoDB deletes the row some time later
	}
	uploadItem struct {
		table.Key
		Tenant      string `dynamodbav:"tenant"`
		ID          string `dynamodbav:"id"`
		Video       string `dynamodbav:"video"`
		MultipartID string `dynamodbav:"multipart"`
		ObjectKey   string `dynamodbav:"object_key"`
		Size        int64  `dynamodbav:"size"`
		PartSize    int64  `dynamodbav:"part_size"`
		Created     string `dynamodbav:"created,omitempty"`
	}
	// videoItem is in an index while it has the partition key of that index.
	videoItem struct {
		table.Key
		detailsItem
		Tenant        string `dynamodbav:"tenant"`
		ID            string `dynamodbav:"id"`
		Playback      string `dynamodbav:"playback"`
		State         string `dynamodbav:"state"`
		Version       int64  `dynamodbav:"version"`
		Source        string `dynamodbav:"source"`            // JSON
		Fetch         string `dynamodbav:"fetch,omitempty"`   // JSON
		Media         string `dynamodbav:"media,omitempty"`   // JSON
		Plan          string `dynamodbav:"plan,omitempty"`    // JSON
		Problem       string `dynamodbav:"problem,omitempty"` // JSON
		Deadline      string `dynamodbav:"watch,omitempty"`   // JSON
		ListedFrames  int    `dynamodbav:"shown,omitempty"`
		Created       string `dynamodbav:"created,omitempty"`
		Uploaded      string `dynamodbav:"uploaded,omitempty"`
		Inspected     string `dynamodbav:"inspected,omitempty"`
		EncodeStarted string `dynamodbav:"begun,omitempty"`
		Playable      string `dynamodbav:"playable,omitempty"`
		Encoded       string `dynamodbav:"encoded,omitempty"`
		Ready         string `dynamodbav:"ready,omitempty"`
		Failed        string `dynamodbav:"failed,omitempty"`
		Cancelled     string `dynamodbav:"cancelled,omitempty"`
		Deleted       string `dynamodbav:"deleted,omitempty"`
		Correlation   string `dynamodbav:"correlation,omitempty"`
		Trace         string `dynamodbav:"trace,omitempty"`
		Owner         string `dynamodbav:"owner,omitempty"`     // partition key of by-tenant; the sort key is Created
		DueShard      string `dynamodbav:"due_shard,omitempty"` // partition key of by-deadline
		Due           string `dynamodbav:"due,omitempty"`       // its sort key
		// Unix seconds; DynamoDB deletes the row some time later
		Expires int64 `dynamodbav:"expires,omitempty"`
	}
	// detailsItem is the part of a video's row that only the service api writes.
	detailsItem struct {
		Title      string `dynamodbav:"title"`
		ExternalID string `dynamodbav:"external_id,omitempty"`
		Metadata   string `dynamodbav:"metadata,omitempty"` // JSON
		External   string `dynamodbav:"external,omitempty"` // partition key of by-external; the sort key is Created
	}
	timelineItem struct {
		table.Key
		Entry string `dynamodbav:"entry"` // JSON
	}
	donePageItem struct {
		table.Key
		Done []int `dynamodbav:"done,numberset"`
	}
	taskResultItem struct {
		table.Key
		Result  string `dynamodbav:"result"` // JSON
		Started string `dynamodbav:"began,omitempty"`
		At      string `dynamodbav:"at,omitempty"`
	}
)

func (i tenantItem) toTenant(c *codec) access.Tenant {
	return access.Tenant{ID: i.Tenant, Created: c.parseTime(i.Created)}
}

func (i tokenItem) toToken(c *codec) access.Token {
	t := access.Token{
		ID: i.ID, Tenant: i.Tenant, SecretHash: i.Hash, Created: c.parseTime(i.Created), Expires: c.parseTime(i.Until),
	}
	c.decodeJSON(i.Scopes, &t.Scopes)
	return t
}

func newUploadItem(u video.Upload) uploadItem {
	return uploadItem{
		Key: uploadKey(u.Tenant, u.ID), Tenant: u.Tenant, ID: u.ID, Video: u.Video, MultipartID: u.MultipartID,
		ObjectKey: u.Key, Size: u.Size, PartSize: u.PartSize, Created: formatTimestamp(u.Created),
	}
}

func (i uploadItem) toUpload(c *codec) video.Upload {
	return video.Upload{
		Tenant: i.Tenant, ID: i.ID, Video: i.Video, MultipartID: i.MultipartID,
		Key: i.ObjectKey, Size: i.Size, PartSize: i.PartSize, Created: c.parseTime(i.Created),
	}
}

func (c *codec) newVideoItem(v video.Video) videoItem {
	i := videoItem{
		Key: videoKey(v.Tenant, v.ID), detailsItem: c.newDetailsItem(v.Tenant, v.Details), Tenant: v.Tenant, ID: v.ID,
		Playback: v.Playback,
		State:    string(v.State), Version: v.Version, ListedFrames: v.ListedFrames, Correlation: v.Correlation,
		Trace:  v.Trace,
		Source: c.encodeJSON(v.Source), Fetch: c.encodeJSON(v.Fetch), Media: c.encodeJSON(v.Media),
		Plan: c.encodeJSON(v.Plan), Problem: c.encodeJSON(v.Problem),
		Created: formatTimestamp(v.Times.Created), Uploaded: formatTimestamp(v.Times.Uploaded),
		Inspected:     formatTimestamp(v.Times.Inspected),
		EncodeStarted: formatTimestamp(v.Times.EncodeStarted), Playable: formatTimestamp(v.Times.Playable),
		Encoded: formatTimestamp(v.Times.Encoded), Ready: formatTimestamp(v.Times.Ready),
		Failed:    formatTimestamp(v.Times.Failed),
		Cancelled: formatTimestamp(v.Times.Cancelled), Deleted: formatTimestamp(v.Times.Deleted),
		Due: formatTimestamp(v.Deadline.At),
	}
	if v.Deadline != (video.Deadline{}) {
		i.Deadline = c.encodeJSON(v.Deadline)
	}
	if i.Due != "" {
		i.DueShard = deadlineShard(v.ID)
	}
	if v.State != video.Deleting && v.State != video.Deleted {
		i.Owner = services.TenantIndex + "#" + v.Tenant
	}
	if at := v.ExpiresAt(); !at.IsZero() {
		i.Expires = at.Unix()
	}
	return i
}

func (i videoItem) toVideo(c *codec) video.Video {
	v := video.Video{
		Details: video.Details{Title: i.Title, ExternalID: i.ExternalID}, Tenant: i.Tenant, ID: i.ID,
		Playback: i.Playback,
		State:    video.State(i.State), Version: i.Version, ListedFrames: i.ListedFrames, Correlation: i.Correlation,
		Trace: i.Trace,
		Times: video.Times{
			Created: c.parseTime(i.Created), Uploaded: c.parseTime(i.Uploaded), Inspected: c.parseTime(i.Inspected),
			EncodeStarted: c.parseTime(i.EncodeStarted), Playable: c.parseTime(i.Playable),
			Encoded: c.parseTime(i.Encoded), Ready: c.parseTime(i.Ready), Failed: c.parseTime(i.Failed),
			Cancelled: c.parseTime(i.Cancelled), Deleted: c.parseTime(i.Deleted),
		},
	}
	c.decodeJSON(i.Metadata, &v.Metadata)
	c.decodeJSON(i.Deadline, &v.Deadline)
	c.decodeJSON(i.Fetch, &v.Fetch)
	c.decodeJSON(i.Source, &v.Source)
	c.decodeJSON(i.Media, &v.Media)
	c.decodeJSON(i.Plan, &v.Plan)
	c.decodeJSON(i.Problem, &v.Problem)
	return v
}

func (c *codec) newDetailsItem(tenant string, d video.Details) detailsItem {
	i := detailsItem{Title: d.Title, ExternalID: d.ExternalID, Metadata: c.encodeJSON(d.Metadata)}
	if d.ExternalID != "" {
		i.External = services.ExternalIndex + "#" + tenant + "#" + d.ExternalID
	}
	return i
}

func (c *codec) newTimelineItem(k table.Key, e video.TimelineEntry) timelineItem {
	return timelineItem{Key: timelineEntryKey(k, e.Version), Entry: c.encodeJSON(e)}
}

func (i timelineItem) toEntry(c *codec) (e video.TimelineEntry) {
	c.decodeJSON(i.Entry, &e)
	return e
}

func (i taskResultItem) toEncodeDone(c *codec) video.EncodeDone {
	t := video.EncodeDone{Started: c.parseTime(i.Started), At: c.parseTime(i.At)}
	c.decodeJSON(i.Result, &t.Result)
	return t
}
