// Command reconcile runs every minute: overdue videos, dead letters, and the number of workers for each queue.
package main

import (
	"sluice/functions/reconcile"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/runtime"
	"sluice/shared/platform/runtime/buckets"
	"sluice/shared/platform/runtime/database"
	"sluice/shared/platform/runtime/distribution"
	"sluice/shared/platform/runtime/messages"
	"sluice/shared/platform/runtime/scaler"
)

func main() {
	rt := runtime.New("reconcile")
	rows, queues := database.Open(rt), messages.NewSQSClient(rt)
	updater := reconcile.DenyListUpdater{Entries: rows, Now: rt.Now, Log: rt.Log}
	if c, ok := distribution.Open(rt); ok {
		updater.CDN = c
	}
	r := reconcile.Reconciler{
		Videos: rows, InFlightLimits: rows, Originals: buckets.OpenSource(rt),
		QueueDepths: queue.NewDepthReader(queues),
		Sender:      messages.NewSender(rt), DeadLetterQueues: queue.NewDeadLetterConsumer(queues), DeadLetters: rows,
		Autoscaler: scaler.NewAutoscaler(rt, queues, rows), DenyList: updater, Now: rt.Now, Sleep: runtime.Sleep,
		Log: rt.Log,
	}
	runtime.RunScheduled(r.Run)
}
