// Command operate is the operators' front door: tenants, tokens and sources, and dead letters.
package main

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"time"

	"sluice/shared/api"
	"sluice/shared/domain/services"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/runtime"
)

func main() {
	k := runtime.New("operate")
	rows := k.Rows()
	o := &api.Operators{
		Tenants: rows, Sources: rows, Letters: rows, Inboxes: queue.NewRedriver(k.SQS()), Claims: rows,
		Origins: strings.Split(os.Getenv(services.EnvOrigins), ","), Entropy: rand.Reader, Now: k.Now, Wait: wait, Log: k.Log,
	}
	k.Serve(o.Handler())
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
