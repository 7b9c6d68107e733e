package store

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
)

// overdueItem is what the index of deadlines has of a video.
type overdueItem struct {
	PK  string `dynamodbav:"pk"`
	Due string `dynamodbav:"due"`
}

// ListOverdueVideos returns the videos whose deadline has passed at now, the longest overdue first, at most limit of them. The index
// that it reads is a moment behind the rows.
func (d Dynamo) ListOverdueVideos(ctx context.Context, now time.Time, limit int) ([]video.Ref, error) {
	var all []overdueItem
	for shard := range deadlineShards {
		some, err := d.queryOverdueShard(ctx, fmt.Sprintf("%s#%d", services.DueIndex, shard), now, limit)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return selectLongestOverdue(all, limit), nil
}

func selectLongestOverdue(all []overdueItem, limit int) []video.Ref {
	slices.SortFunc(all, func(a, b overdueItem) int { return cmp.Or(cmp.Compare(a.Due, b.Due), cmp.Compare(a.PK, b.PK)) })
	var refs []video.Ref
	for _, i := range all[:min(len(all), limit)] {
		if tenant, id, ok := splitPartitionKey(i.PK, services.VideoRows); ok {
			refs = append(refs, video.Ref{Tenant: tenant, ID: id})
		}
	}
	return refs
}

// queryOverdueShard returns what is due in one partition of the index. An index knows no consistent reads.
func (d Dynamo) queryOverdueShard(ctx context.Context, shard string, now time.Time, limit int) ([]overdueItem, error) {
	items, _, err := queryPage[overdueItem](ctx, d, "store.Due", &dynamodb.QueryInput{
		TableName: &d.Table, IndexName: aws.String(services.ByDeadline), Limit: aws.Int32(int32(limit)),
		KeyConditionExpression:    aws.String("due_shard = :shard AND due <= :now"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":shard": stringValue(shard), ":now": stringValue(formatTimestamp(now))},
	})
	return items, err
}

// DeleteTaskResults deletes the results of a video's tasks, and which of them are done. Repeating it changes nothing.
func (d Dynamo) DeleteTaskResults(ctx context.Context, tenant, id string) error {
	const op = "store.Forget"
	k := videoKey(tenant, id)
	if err := checkTaskKey(op, k, 0); err != nil {
		return err
	}
	for _, prefix := range []string{donePrefix, resultPrefix} {
		keys, err := queryPrefix[key](ctx, d, op, k, prefix)
		if err != nil {
			return err
		}
		for some := range slices.Chunk(keys, 25) { // as many as a call takes
			if err := d.deleteRows(ctx, op, some); err != nil {
				return err
			}
		}
	}
	return nil
}

// deadlineShards is how many partitions the videos with a deadline are spread over: each takes 1,000 writes a second.
const deadlineShards = 4

// deadlineShard returns the partition of by-deadline that a video is in.
func deadlineShard(id string) string {
	h := fnv.New32a()
	h.Write([]byte(id))
	return fmt.Sprintf("%s#%d", services.DueIndex, h.Sum32()%deadlineShards)
}
