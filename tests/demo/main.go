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
	"os/signal"
	"syscall"
	"time"

	"sluice/localstack/cloud"
	"sluice/tests/client"
)

// Exit statuses.
const (
	exitFailed      = 1
	exitUsage       = 2   // as in package flag
	exitInterrupted = 130 // as in shells: 128 + SIGINT
)

func main() {
	// The first Ctrl-C cancels ctx; a second one ends the process.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(runCommand(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// runCommand runs the command with the given arguments and returns its exit status.
func runCommand(ctx context.Context, args []string, out *os.File, errs io.Writer) int {
	d, err := parseFlags(args, errs)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return exitUsage // the flag set has printed the reason
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
		return exitInterrupted
	}
	return exitFailed
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
		openClient:   func(ctx context.Context, root string) (*client.Client, error) { return openClient(ctx, root, *tenant) },
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
	return ctx, func() {} // openClient reports what is wrong
}

// openClient returns a client of the API with a new token of the tenant.
func openClient(ctx context.Context, root, tenant string) (*client.Client, error) {
	operator, err := cloud.NewAdminClient(ctx, root)
	if err != nil {
		return nil, err
	}
	token, err := operator.CreateToken(ctx, tenant)
	if err != nil {
		return nil, fmt.Errorf("get a token for the tenant %s: %w", tenant, err)
	}
	return client.New(operator.URL, token), nil
}
