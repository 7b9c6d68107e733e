// Command demo sends one video through a deployed Sluice. It shows a bar for the upload and for each stage, and then
// the links to watch the video, the duration of each stage and the trace. `make demo` runs it in the local cloud; with
// SLUICE_API set, it uses that API on AWS.
//
// It needs the permissions of an operator to create a tenant and a token (see package cloud), and no others: everything
// else goes through the API with the token. It prints a link only after it has fetched it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"sluice/localstack/cloud"
	"sluice/tests/cli"
	"sluice/tests/client"
)

func main() {
	cli.Main(func(ctx context.Context) int { return runCommand(ctx, os.Args[1:], os.Stdout, os.Stderr) })
}

// runCommand runs the command with the given arguments and returns its exit status.
func runCommand(ctx context.Context, args []string, out *os.File, errs io.Writer) int {
	d, err := parseFlags(args, errs)
	if err != nil {
		return cli.UsageStatus(err)
	}
	d.out, d.openDisplay = out, chooseDisplay(out)
	ctx, stop := withCloudLifetime(ctx)
	defer stop()
	err = d.runDemo(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintln(errs, describeError(err))
	if errors.Is(err, errInterrupted) {
		return cli.ExitInterrupted
	}
	return cli.ExitFailed
}

func parseFlags(args []string, errs io.Writer) (demo, error) {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(errs)
	videoPath := flags.String("video", "", "the video `file` to send (default build/footage/bigbuckbunny.mp4)")
	tenant := flags.String("tenant", "demo", "the `name` of the tenant to send it as; made if it is new")
	limit := flags.Duration("timeout", 10*time.Minute, "how long it all may take")
	if err := flags.Parse(args); err != nil {
		return demo{}, err
	}
	if flags.NArg() > 0 {
		err := fmt.Errorf("%q is no flag; -help lists them", flags.Arg(0))
		fmt.Fprintln(errs, "error:", err)
		return demo{}, err
	}
	return demo{
		videoPath:    *videoPath,
		tenant:       *tenant,
		timeout:      *limit,
		pollInterval: 250 * time.Millisecond,
		now:          time.Now,
		findRoot:     func() (string, error) { return cloud.FindRoot(".") },
		openClient:   func(ctx context.Context) (*client.Client, error) { return cli.NewClient(ctx, *tenant) },
	}, nil
}

// withCloudLifetime returns a context that also ends when the local cloud ends, if the demo uses it.
func withCloudLifetime(ctx context.Context) (context.Context, context.CancelFunc) {
	root, err := cloud.FindRoot(".")
	if err == nil && os.Getenv("SLUICE_API") == "" {
		if alive, stop, err := cloud.ContextWhileAlive(ctx, root); err == nil {
			return alive, stop
		}
	}
	return ctx, func() {} // cli.NewClient reports what is wrong
}
