// Command produce shows how another system has a video made of a file in its own bucket. It puts a file there, requests
// a video on Sluice's queue, and prints the events of the topic until the video is ready or has failed. `make produce
// FILE=…` runs it in the local cloud.
//
// It acts as two parties. As the operator it registers the producer: which part of which bucket, and for which tenant.
// As the producer it does not call Sluice's API; it sends one message and receives messages.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"sluice/localstack/cloud"
	"sluice/tests/cli"
)

func main() {
	cli.Main(func(ctx context.Context) int { return runCommand(ctx, os.Args[1:], os.Stdout, os.Stderr) })
}

// runCommand runs the command with the given arguments and returns its exit status.
func runCommand(ctx context.Context, args []string, out, errs io.Writer) int {
	flags := flag.NewFlagSet("produce", flag.ContinueOnError)
	flags.SetOutput(errs)
	file := flags.String("file", "", "the video `file` to put into the producer's bucket")
	tenant := flags.String("tenant", "acme", "the `name` of the tenant whose video it becomes; made if it is new")
	limit := flags.Duration("timeout", 5*time.Minute, "how long to wait for the end")
	if err := flags.Parse(args); err != nil {
		return cli.UsageStatus(err)
	}
	if *file == "" || flags.NArg() > 0 {
		fmt.Fprintln(errs, "error: say which file: make produce FILE=film.mp4")
		return cli.ExitUsage
	}
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	if err := produceVideo(ctx, *file, *tenant, out); err != nil {
		fmt.Fprintln(errs, "error:", err)
		return cli.ExitFailed
	}
	return 0
}

func produceVideo(ctx context.Context, file, tenant string, out io.Writer) error {
	root, err := cloud.FindRoot(".")
	if err != nil {
		return err
	}
	env, err := cloud.Open(root)
	if err != nil {
		return err
	}
	operator, err := cloud.NewAdminClient(ctx, root)
	if err != nil {
		return err
	}
	p, err := newProducer(ctx, env)
	if err != nil {
		return err
	}
	prefix := "masters/" + tenant + "/"
	if err := operator.RegisterProducer(
		ctx, cloud.Producer{Sender: p.sender, Bucket: p.bucket, Prefix: prefix, Tenant: tenant},
	); err != nil {
		return err
	}
	fmt.Fprintf(out, "registered  %s may name objects below s3://%s/%s for %s\n", p.sender, p.bucket, prefix, tenant)
	subscription, err := p.subscribeToTopic(ctx, tenant)
	if err != nil {
		return err
	}
	defer subscription.Close(context.WithoutCancel(ctx))
	order, err := p.sendRequest(ctx, file, prefix)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "sent        upload.requested.v1 for s3://%s/%s, correlationid %s\n", p.bucket, order.key,
		order.correlationID)
	return followRequest(ctx, subscription, order.correlationID, func(e topicEvent) {
		fmt.Fprintf(out, "received    %-22s %s\n", e.Type, e.describeEvent(env.APIURL))
	})
}
