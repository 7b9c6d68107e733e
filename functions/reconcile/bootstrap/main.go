// Command tend looks after what no message will move on by itself.
package main

import (
	"sluice/functions/reconcile"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/runtime"
)

func main() {
	k := runtime.New("reconcile")
	rows, queues := k.Store(), k.SQSClient()
	t := reconcile.Reconciler{
		Videos: rows, InFlightLimits: rows, Originals: k.SourceBucket(), QueueDepths: queue.NewDepthReader(queues), Sender: k.EventSender(),
		DeadLetterQueues: queue.NewDeadLetterConsumer(queues), DeadLetters: rows,
		Autoscaler: k.Autoscaler(), Now: k.Now, Sleep: runtime.Sleep, Log: k.Log,
	}
	k.RunScheduled(t.Run)
}
