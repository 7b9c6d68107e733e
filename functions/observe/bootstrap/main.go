// Command observe serves traces of videos, the service map and its queue depths.
package main

import (
	"sluice/functions/observe"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/runtime"
	"sluice/shared/platform/telemetry/xray"
)

func main() {
	r := runtime.New("observe")
	o := &observe.Observer{
		Store: r.Store(), Traces: xray.New(r.AWSConfig()), Queues: queue.NewDepthReader(r.SQSClient()),
		Origins: r.Origins(), Now: r.Now, Log: r.Log,
	}
	r.ServeRoutes(o.Handler())
}
