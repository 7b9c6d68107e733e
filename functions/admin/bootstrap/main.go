// Command admin serves the administrators' API: tenants, tokens, producers and dead letters.
package main

import (
	"crypto/rand"

	"sluice/functions/admin"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/runtime"
	"sluice/shared/platform/runtime/database"
	"sluice/shared/platform/runtime/messages"
)

func main() {
	r := runtime.New("admin")
	rows := database.Open(r)
	a := &admin.Admin{
		Tenants: rows, Limits: rows, Producers: rows, DeadLetters: rows,
		Redriver: queue.NewRedriver(messages.NewSQSClient(r)), Idempotency: rows, Origins: r.Origins(),
		Entropy: rand.Reader, Now: r.Now, Sleep: runtime.Sleep, Log: r.Log,
	}
	r.ServeRoutes(a.Handler())
}
