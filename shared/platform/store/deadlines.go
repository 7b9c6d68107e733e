package store

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/store/item"
	"sluice/shared/platform/store/table"
)

// deadlineShards is the number of index partitions that hold the videos with a deadline. A partition takes 1,000 writes
// per second.
const deadlineShards = 4

// deadlineShard returns the partition of by-deadline that holds a video.
func deadlineShard(id string) string {
	h := fnv.New32a()
	h.Write([]byte(id))
	return fmt.Sprintf("%s#%d", services.DueIndex, h.Sum32()%deadlineShards)
}

// overdueItem has the attributes of a video in the index by-deadline.
type overdueItem struct {
	PK  string `dynamodbav:"pk"`
	Due string `dynamodbav:"due"`
}

// ListOverdueVideos returns the videos whose deadline has passed at now, the longest overdue first, at most limit of
// them. It reads an index, which may lag behind the rows.
func (s Store) ListOverdueVideos(ctx context.Context, now time.Time, limit int) ([]video.Ref, error) {
	var all []overdueItem
	for shard := range deadlineShards {
		q := table.Query{
			Index: services.ByDeadline, Partition: fmt.Sprintf("%s#%d", services.DueIndex, shard),
			To: item.FormatTimestamp(now), Limit: limit,
		}
		some, _, err := item.Query(ctx, s.Table, "store.ListOverdueVideos", item.Keep[overdueItem], q)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortFunc(all, func(a, b overdueItem) int {
		return cmp.Or(cmp.Compare(a.Due, b.Due), cmp.Compare(a.PK, b.PK))
	})
	var refs []video.Ref
	for _, i := range all[:min(len(all), limit)] {
		rest, isVideo := strings.CutPrefix(i.PK, services.VideoRows+"#")
		if tenant, id, ok := strings.Cut(rest, "#"); isVideo && ok {
			refs = append(refs, video.Ref{Tenant: tenant, ID: id})
		}
	}
	return refs, nil
}
