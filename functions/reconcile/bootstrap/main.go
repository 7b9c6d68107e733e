// Command tend looks after what no message will move on by itself.
package main

import (
	"sluice/functions/reconcile"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/runtime"
)

func main() {
	k := runtime.New("reconcile")
	rows, queues := k.Rows(), k.SQS()
	t := reconcile.Tender{
		Rows: rows, Windows: rows, Originals: k.Source(), Queues: queue.NewDepths(queues), Send: k.Sender(),
		Dead: queue.NewDeadLetters(queues), Letters: rows,
		Steer: k.Steerer(), Now: k.Now, Wait: runtime.Sleep, Log: k.Log,
	}
	k.Every(t.Run)
}
