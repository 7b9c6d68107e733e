// Command tend looks after what no message will move on by itself.
package main

import (
	"context"
	"time"

	"sluice/shared/blob"
	"sluice/shared/domain/video"
	"sluice/shared/inbox"
	"sluice/shared/tend"
	"sluice/shared/wire"
)

func main() {
	k := wire.New("tend")
	rows, queues := k.Rows(), k.SQS()
	t := tend.Tender{
		Rows: rows, Windows: rows, Originals: originals{k.Source()}, Queues: inbox.NewDepths(queues), Send: k.Sender(),
		Dead: inbox.NewDeadLetters(queues), Letters: rows,
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
