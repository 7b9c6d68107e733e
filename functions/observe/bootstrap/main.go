// Command observe serves traces of videos, the service map and its queue depths.
package main

import (
	"sluice/functions/observe"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/runtime"
	"sluice/shared/platform/telemetry/xray"
)

func main() {
	k := runtime.New("observe")
	o := &observe.Observer{
		Store: k.Store(), Traces: xray.New(k.AWSConfig()), Queues: queue.NewDepthReader(k.SQSClient()),
		Origins: k.Origins(), Now: k.Now, Log: k.Log,
	}
	k.ServeRoutes(o.Handler())
}
