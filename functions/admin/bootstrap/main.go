// Command admin serves the administrators' API: tenants, tokens, producers and dead letters.
package main

import (
	"crypto/rand"

	"sluice/functions/admin"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/runtime"
)

func main() {
	k := runtime.New("admin")
	rows := k.Store()
	o := &admin.Admin{
		Tenants: rows, Producers: rows, DeadLetters: rows, Redriver: queue.NewRedriver(k.SQSClient()),
		Idempotency: rows,
		Origins:     k.Origins(), Entropy: rand.Reader, Now: k.Now, Sleep: runtime.Sleep, Log: k.Log,
	}
	k.ServeRoutes(o.Handler())
}
