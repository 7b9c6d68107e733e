// Command reconcile runs every minute: overdue videos, dead letters, and the number of workers for each queue.
package main

import (
	"sluice/functions/reconcile"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/runtime"
)

func main() {
	rt := runtime.New("reconcile")
	rows, queues := rt.Store(), rt.SQSClient()
	r := reconcile.Reconciler{
		Videos: rows, InFlightLimits: rows, Originals: rt.SourceBucket(), QueueDepths: queue.NewDepthReader(queues),
		Sender: rt.EventSender(), DeadLetterQueues: queue.NewDeadLetterConsumer(queues), DeadLetters: rows,
		Autoscaler: rt.Autoscaler(), Now: rt.Now, Sleep: runtime.Sleep, Log: rt.Log,
	}
	rt.RunScheduled(r.Run)
}
