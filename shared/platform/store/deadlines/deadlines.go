// Package deadlines reads the index by-deadline of a [table.Table]: the videos that must have changed their state by a
// time.
package deadlines

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

// shards is the number of index partitions that hold the videos with a deadline. A partition takes 1,000 writes
// per second.
const shards = 4

// Shard returns the partition of by-deadline that holds a video.
func Shard(id string) string {
	h := fnv.New32a()
	h.Write([]byte(id))
	return fmt.Sprintf("%s#%d", services.DueIndex, h.Sum32()%shards)
}

// overdueItem has the attributes of a video in the index by-deadline.
type overdueItem struct {
	PK  string `dynamodbav:"pk"`
	Due string `dynamodbav:"due"`
}

// ListOverdue returns the videos whose deadline has passed at now, the longest overdue first, at most limit of them.
func ListOverdue(ctx context.Context, t table.Table, op string, now time.Time, limit int) ([]video.Ref, error) {
	var all []overdueItem
	for shard := range shards {
		q := table.Query{
			Index: services.ByDeadline, Partition: fmt.Sprintf("%s#%d", services.DueIndex, shard),
			To: item.FormatTimestamp(now), Limit: limit,
		}
		for more := true; more; more = q.Start != nil && q.Limit > 0 { // a page has at most a megabyte
			some, next, err := item.Query(ctx, t, op, item.Keep[overdueItem], q)
			if err != nil {
				return nil, err
			}
			all, q.Start, q.Limit = append(all, some...), next, q.Limit-len(some)
		}
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
