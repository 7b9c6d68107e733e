package store

import (
	"sluice/shared/domain/access"
	"sluice/shared/domain/holding"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/store/deadlines"
	"sluice/shared/platform/store/item"
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
		Source        string `dynamodbav:"source"`                // JSON
		Fetch         string `dynamodbav:"fetch,omitempty"`       // JSON
		Media         string `dynamodbav:"media,omitempty"`       // JSON
		Plan          string `dynamodbav:"plan,omitempty"`        // JSON
		Problem       string `dynamodbav:"problem,omitempty"`     // JSON
		Publication   string `dynamodbav:"publication,omitempty"` // JSON
		Deadline      string `dynamodbav:"watch,omitempty"`       // JSON
		Reserved      string `dynamodbav:"held,omitempty"`        // JSON: of the tenant's limits
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
	taskResultItem struct {
		table.Key
		Result  string `dynamodbav:"result"` // JSON
		Started string `dynamodbav:"began,omitempty"`
		At      string `dynamodbav:"at,omitempty"`
	}
)

func (i tenantItem) toTenant(c *item.Codec) access.Tenant {
	return access.Tenant{ID: i.Tenant, Created: c.ParseTime(i.Created)}
}

func (i tokenItem) toToken(c *item.Codec) access.Token {
	t := access.Token{
		ID: i.ID, Tenant: i.Tenant, SecretHash: i.Hash, Created: c.ParseTime(i.Created), Expires: c.ParseTime(i.Until),
	}
	c.DecodeJSON(i.Scopes, &t.Scopes)
	return t
}

func newUploadItem(u video.Upload) uploadItem {
	return uploadItem{
		Key: uploadKey(u.Tenant, u.ID), Tenant: u.Tenant, ID: u.ID, Video: u.Video, MultipartID: u.MultipartID,
		ObjectKey: u.Key, Size: u.Size, PartSize: u.PartSize, Created: item.FormatTimestamp(u.Created),
	}
}

func (i uploadItem) toUpload(c *item.Codec) video.Upload {
	return video.Upload{
		Tenant: i.Tenant, ID: i.ID, Video: i.Video, MultipartID: i.MultipartID,
		Key: i.ObjectKey, Size: i.Size, PartSize: i.PartSize, Created: c.ParseTime(i.Created),
	}
}

func newVideoItem(c *item.Codec, v video.Video) videoItem {
	i := videoItem{
		Key: videoKey(v.Tenant, v.ID), detailsItem: newDetailsItem(c, v.Tenant, v.Details), Tenant: v.Tenant, ID: v.ID,
		Playback: v.Playback, State: string(v.State), Version: v.Version, ListedFrames: v.ListedFrames,
		Correlation: v.Correlation, Trace: v.Trace, Source: c.EncodeJSON(v.Source), Fetch: c.EncodeJSON(v.Fetch),
		Media: c.EncodeJSON(v.Media), Plan: c.EncodeJSON(v.Plan), Problem: c.EncodeJSON(v.Problem),
		Created: item.FormatTimestamp(v.Times.Created), Uploaded: item.FormatTimestamp(v.Times.Uploaded),
		Inspected:     item.FormatTimestamp(v.Times.Inspected),
		EncodeStarted: item.FormatTimestamp(v.Times.EncodeStarted), Playable: item.FormatTimestamp(v.Times.Playable),
		Encoded: item.FormatTimestamp(v.Times.Encoded), Ready: item.FormatTimestamp(v.Times.Ready),
		Failed: item.FormatTimestamp(v.Times.Failed), Cancelled: item.FormatTimestamp(v.Times.Cancelled),
		Deleted: item.FormatTimestamp(v.Times.Deleted), Due: item.FormatTimestamp(v.Deadline.At),
	}
	if v.Deadline != (video.Deadline{}) {
		i.Deadline = c.EncodeJSON(v.Deadline)
	}
	if v.Publication != (video.Publication{}) {
		i.Publication = c.EncodeJSON(v.Publication)
	}
	if held := holding.Of(v); len(held) > 0 {
		i.Reserved = c.EncodeJSON(held)
	}
	if i.Due != "" {
		i.DueShard = deadlines.Shard(v.ID)
	}
	if v.State != video.Deleting && v.State != video.Deleted {
		i.Owner = services.TenantIndex + "#" + v.Tenant
	}
	if at := v.ExpiresAt(); !at.IsZero() {
		i.Expires = at.Unix()
	}
	return i
}

func (i videoItem) toVideo(c *item.Codec) video.Video {
	v := video.Video{
		Details: video.Details{Title: i.Title, ExternalID: i.ExternalID}, Tenant: i.Tenant, ID: i.ID,
		Playback: i.Playback,
		State:    video.State(i.State), Version: i.Version, ListedFrames: i.ListedFrames, Correlation: i.Correlation,
		Trace: i.Trace,
		Times: video.Times{
			Created: c.ParseTime(i.Created), Uploaded: c.ParseTime(i.Uploaded), Inspected: c.ParseTime(i.Inspected),
			EncodeStarted: c.ParseTime(i.EncodeStarted), Playable: c.ParseTime(i.Playable),
			Encoded: c.ParseTime(i.Encoded), Ready: c.ParseTime(i.Ready), Failed: c.ParseTime(i.Failed),
			Cancelled: c.ParseTime(i.Cancelled), Deleted: c.ParseTime(i.Deleted),
		},
	}
	c.DecodeJSON(i.Metadata, &v.Metadata)
	c.DecodeJSON(i.Publication, &v.Publication)
	c.DecodeJSON(i.Deadline, &v.Deadline)
	c.DecodeJSON(i.Fetch, &v.Fetch)
	c.DecodeJSON(i.Source, &v.Source)
	c.DecodeJSON(i.Reserved, &v.Reserved)
	c.DecodeJSON(i.Media, &v.Media)
	c.DecodeJSON(i.Plan, &v.Plan)
	c.DecodeJSON(i.Problem, &v.Problem)
	return v
}

func newDetailsItem(c *item.Codec, tenant string, d video.Details) detailsItem {
	i := detailsItem{Title: d.Title, ExternalID: d.ExternalID, Metadata: c.EncodeJSON(d.Metadata)}
	if d.ExternalID != "" {
		i.External = services.ExternalIndex + "#" + tenant + "#" + d.ExternalID
	}
	return i
}

func newTimelineItem(c *item.Codec, k table.Key, e video.TimelineEntry) timelineItem {
	return timelineItem{Key: timelineEntryKey(k, e.Version), Entry: c.EncodeJSON(e)}
}

func (i timelineItem) toEntry(c *item.Codec) (e video.TimelineEntry) {
	c.DecodeJSON(i.Entry, &e)
	return e
}

func (i taskResultItem) toEncodeDone(c *item.Codec) video.EncodeDone {
	t := video.EncodeDone{Started: c.ParseTime(i.Started), At: c.ParseTime(i.At)}
	c.DecodeJSON(i.Result, &t.Result)
	return t
}
