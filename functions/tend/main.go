// Command tend looks after what no message will move on by itself.
package main

import (
	"context"
	"time"

	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/runtime"
	"sluice/shared/tend"
)

func main() {
	k := runtime.New("tend")
	rows, queues := k.Rows(), k.SQS()
	t := tend.Tender{
		Rows: rows, Windows: rows, Originals: originals{k.Source()}, Queues: queue.NewDepths(queues), Send: k.Sender(),
		Dead: queue.NewDeadLetters(queues), Letters: rows,
		Steer: k.Steerer(), Now: k.Now, Wait: wait, Log: k.Log,
	}
	k.Every(t.Run)
}

// originals is the source bucket as package tend wants it.
type originals struct{ *blob.Bucket }

// Stored returns what is known of an object; NotFound if there is none.
func (o originals) Stored(ctx context.Context, key string) (video.Stored, error) {
	info, err := o.Head(ctx, key)
	return video.Stored{Size: info.Size, ETag: info.ETag, At: info.At}, err
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
