package store

import (
	"cmp"
	"context"
	"slices"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/idempotency"
	"sluice/shared/domain/video"
	"sluice/shared/platform/store/item"
	"sluice/shared/platform/store/table"
	"sluice/shared/platform/store/usage"
)

// CreateVideo adds a video, its upload and the first entry of its timeline: all rows or none. Conflict, code
// upload_exists: one of them exists already, as after the same call. Exhausted, code quota_exceeded: the tenant's
// limits don't allow it.
func (s Store) CreateVideo(ctx context.Context, v video.Video, u video.Upload) error {
	return s.createVideo(ctx, "store.CreateVideo", v, u, uploadExists)
}

// CreateVideoIdempotently does what CreateVideo and CompleteIdempotency do, in one transaction: if the record says that
// the request is completed, the rows exist. Conflict, code claim_lost: another request holds the idempotency key, or a
// row exists already.
func (s Store) CreateVideoIdempotently(
	ctx context.Context, v video.Video, u video.Upload, r idempotency.Record,
) error {
	const op = "store.CreateVideoIdempotently"
	complete, err := item.BuildPut(op, newIdempotencyItem(r), item.IfEqual("holder", table.StringValue(r.Holder)))
	if err != nil {
		return err
	}
	return s.createVideo(ctx, op, v, u, idempotencyKeyLost, complete)
}

func (s Store) createVideo(
	ctx context.Context, op string, v video.Video, u video.Upload, taken errs.Problem, others ...table.Write,
) error {
	var c item.Codec
	i := newVideoItem(&c, v)
	entry := newTimelineItem(&c, i.Key,
		video.TimelineEntry{Version: v.Version, At: v.Times.Created, State: v.State, Cause: "created"})
	if c.Err != nil {
		return errs.E(op, errs.Invalid, c.Err)
	}
	writes, err := item.BuildInserts(op, i, newUploadItem(u), entry)
	if err != nil {
		return err
	}
	return usage.Transact(ctx, s.Table, op, usage.NewChange(v), taken, append(writes, others...)...)
}

// LoadUpload returns an upload of a tenant, or NotFound.
func (s Store) LoadUpload(ctx context.Context, tenant, id string) (video.Upload, error) {
	return item.Get(ctx, s.Table, "store.LoadUpload", uploadKey(tenant, id), uploadMissing, uploadItem.toUpload)
}

// LoadVideo returns a video of a tenant with the set of its finished tasks, or NotFound. The set is read after the
// row, so it is at least as new.
func (s Store) LoadVideo(ctx context.Context, tenant, id string) (video.Video, error) {
	v, err := item.Get(ctx, s.Table, "store.LoadVideo", videoKey(tenant, id), videoMissing, videoItem.toVideo)
	if err == nil {
		v.Done, err = s.LoadFinishedTasks(ctx, tenant, id)
	}
	if err != nil {
		return video.Video{}, err
	}
	return v, nil
}

// LoadVideos returns those of up to 100 videos that exist, without the sets of their finished tasks, which
// LoadFinishedTasks and FinishTasks return.
func (s Store) LoadVideos(ctx context.Context, refs ...video.Ref) (map[video.Ref]video.Video, error) {
	var keys []table.Key
	for _, ref := range refs {
		keys = append(keys, videoKey(ref.Tenant, ref.ID))
	}
	found, err := item.GetBatch(ctx, s.Table, "store.LoadVideos", keys, videoItem.toVideo)
	all := map[video.Ref]video.Video{}
	for _, v := range found {
		all[video.Ref{Tenant: v.Tenant, ID: v.ID}] = v
	}
	return all, err
}

// detailsAttributes are the attributes of a video's row that UpdateDetails writes, savedAttributes those that SaveVideo
// writes: all others except the key.
var (
	detailsAttributes = item.AttributeNames[detailsItem]()
	savedAttributes   = slices.DeleteFunc(item.AttributeNames[videoItem](), func(name string) bool {
		return slices.Contains(detailsAttributes, name) || slices.Contains(item.AttributeNames[table.Key](), name)
	})
)

// SaveVideo writes a video's row, except Done and Details, and an entry of its timeline for each version since the row
// was read, if the row still has the version before these. In the same transaction it reserves what the video holds now
// of its tenant's limits and gives back what it held before, which is v.Reserved. Conflict, code version_stale: the row
// has another version, as after the same call, or there is no row. Exhausted, code quota_exceeded: the limits don't
// allow to encode it.
func (s Store) SaveVideo(ctx context.Context, v video.Video, entries ...video.TimelineEntry) error {
	const op = "store.SaveVideo"
	var c item.Codec
	i := newVideoItem(&c, v)
	if err := checkTaskKey(op, i.Key, 0); err != nil {
		return err
	}
	update, err := item.BuildUpdate(op, i.Key, i, savedAttributes,
		item.IfEqual("version", table.NumberValue(v.Version-int64(len(entries)))))
	if err != nil {
		return err
	}
	writes := []table.Write{update}
	for _, e := range entries {
		put, err := item.BuildPut(op, newTimelineItem(&c, i.Key, e), table.Condition{})
		if err != nil {
			return err
		}
		writes = append(writes, put)
	}
	if c.Err != nil {
		return errs.E(op, errs.Invalid, c.Err)
	}
	return usage.Transact(ctx, s.Table, op, usage.ChangeOf(v), versionStale, writes...)
}

// UpdateDetails replaces the details that a tenant gives a video. NotFound: there is no such video, or it is being
// deleted. A repetition changes nothing.
func (s Store) UpdateDetails(ctx context.Context, tenant, id string, details video.Details) error {
	const op = "store.UpdateDetails"
	k := videoKey(tenant, id)
	if k == (table.Key{}) {
		return videoMissing.ToError(op, errs.NotFound, nil)
	}
	var c item.Codec
	w, err := item.BuildUpdate(op, k, newDetailsItem(&c, tenant, details), detailsAttributes, table.Condition{
		Where: []table.Comparison{
			table.Compare("state", "<>", table.StringValue(string(video.Deleting))),
			table.Compare("state", "<>", table.StringValue(string(video.Deleted))),
		},
	})
	if err := cmp.Or(err, c.Err); err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	_, err = s.Table.Write(ctx, w)
	if err = item.WrapError(op, err, videoMissing); errs.KindOf(err) == errs.Conflict {
		return videoMissing.ToError(op, errs.NotFound, err)
	}
	return err
}
