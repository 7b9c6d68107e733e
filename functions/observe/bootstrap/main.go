// Command observe serves traces of videos, the service map and its queue depths.
package main

import (
	"sluice/functions/observe"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/runtime"
	"sluice/shared/platform/runtime/database"
	"sluice/shared/platform/runtime/messages"
	"sluice/shared/platform/telemetry/xray"
)

func main() {
	r := runtime.New("observe")
	o := &observe.Observer{
		Store: database.Open(r), Traces: xray.New(r.AWSConfig()),
		Queues:  queue.NewDepthReader(messages.NewSQSClient(r)),
		Origins: r.Origins(), Now: r.Now, Log: r.Log,
	}
	r.ServeRoutes(o.Handler())
}
