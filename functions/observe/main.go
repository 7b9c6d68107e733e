// Command observe shows people what goes on: one video's way through all hops, and the map with its depths.
package main

import (
	"os"
	"strings"

	"sluice/shared/api"
	"sluice/shared/domain/services"
	"sluice/shared/inbox"
	"sluice/shared/wire"
	"sluice/shared/xray"
)

func main() {
	k := wire.New("observe")
	rows := k.Rows()
	o := &api.Observer{
		Videos: rows, Letters: rows, Traces: xray.New(k.AWS()), Queues: inbox.NewDepths(k.SQS()), Scaling: rows,
		Origins: strings.Split(os.Getenv(services.EnvOrigins), ","), Now: k.Now, Log: k.Log,
	}
	k.Serve(o.Handler())
}
