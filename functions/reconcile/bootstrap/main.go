// Command reconcile runs every minute: overdue videos, dead letters, and the number of workers for each queue.
package main

import (
	"sluice/functions/reconcile"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/runtime"
)

func main() {
	k := runtime.New("reconcile")
	rows, queues := k.Store(), k.SQSClient()
	r := reconcile.Reconciler{
		Videos: rows, InFlightLimits: rows, Originals: k.SourceBucket(), QueueDepths: queue.NewDepthReader(queues),
		Sender:           k.EventSender(),
		DeadLetterQueues: queue.NewDeadLetterConsumer(queues), DeadLetters: rows,
		Autoscaler: k.Autoscaler(), Now: k.Now, Sleep: runtime.Sleep, Log: k.Log,
	}
	k.RunScheduled(r.Run)
}
