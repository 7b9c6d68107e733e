// Command load sends a burst of real videos of several tenants through a deployed Sluice. One tenant sends many times
// as many videos as each other. The command fails unless every video becomes ready exactly once and complete, no tenant
// waits because of another, and few tasks remain unmeasured. It shows the queues while it runs and draws them at the
// end. `make load` runs it in the local cloud; with SLUICE_API set, it uses that API on AWS.
//
// It needs the permissions of an operator to create tenants and tokens (see package cloud), and those of a subscriber
// of the topic (see package subscriber). Everything else goes through the API with tokens. On AWS it receives events
// only with -topic.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"sluice/tests/cli"
)

func main() {
	cli.Main(func(ctx context.Context) int { return runCommand(ctx, os.Args[1:], os.Stdout, os.Stderr) })
}

// runCommand runs the command with the given arguments and returns its exit status.
func runCommand(ctx context.Context, args []string, out *os.File, errs io.Writer) int {
	b, err := parseFlags(args, errs)
	if err != nil {
		return cli.UsageStatus(err)
	}
	err = b.runBurst(ctx, out)
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		err = errors.New("interrupted")
	}
	fmt.Fprintln(errs, "load:", err)
	return cli.ExitFailed
}

// parseFlags returns the options. It prints errors to errs.
func parseFlags(args []string, errs io.Writer) (burstConfig, error) {
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.SetOutput(errs)
	b := burstConfig{interval: time.Second, now: time.Now}
	flags.IntVar(&b.videos, "videos", 104, "how many videos are sent in `all`")
	flags.IntVar(&b.tenants, "tenants", 4, "how many `tenants` send them")
	flags.IntVar(&b.factor, "factor", 10, "how many `times` as much as each other the last one sends")
	flags.Uint64Var(&b.seed, "seed", 0, "a `number` that decides who sends which clip")
	flags.StringVar(&b.topicARN, "topic", "", "the `ARN` of the topic, on AWS: an output of the stack")
	flags.StringVar(&b.jsonPath, "json", filepath.Join("build", "load.json"), "the `file` for what was measured")
	flags.StringVar(&b.svgPath, "svg", filepath.Join("build", "load.svg"), "the `file` for the plot")
	flags.DurationVar(&b.timeout, "timeout", 30*time.Minute, "how long it all may take")
	if err := flags.Parse(args); err != nil {
		return b, err
	}
	_, err := splitVideos(b.videos, b.tenants, b.factor)
	if flags.NArg() > 0 {
		err = fmt.Errorf("%q is no flag; -help lists them", flags.Arg(0))
	}
	if err != nil {
		fmt.Fprintln(errs, "load:", err)
	}
	return b, err
}
