// Command demo sends one video through a deployed Sluice and shows its way: a bar for the upload, one for each stage,
// and at the end where to watch it, what each stage took, and its waterfall: a row for each hop. `make demo` runs it
// when the local cloud is up; with SLUICE_API set, it uses that API on AWS.
//
// It needs the rights of an operator (to make a tenant and a token, see package cloud) and nothing else: the rest goes
// through the API with the token. It prints an address only after it has fetched what is there.
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

// Statuses of the process.
const (
	exitFailed      = 1
	exitUsage       = 2   // as package flag has it
	exitInterrupted = 130 // as shells have it: 128 + SIGINT
)

func main() {
	// The first Ctrl-C ends the wait; a second one ends us.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(runCommand(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// runCommand is main without the process; it returns the status.
func runCommand(ctx context.Context, args []string, out *os.File, errs io.Writer) int {
	d, err := parseFlags(args, errs)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return exitUsage // the flag set has said why
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

// withCloudLifetime returns a context that ends with the local cloud, if it is that which we use.
func withCloudLifetime(ctx context.Context) (context.Context, context.CancelFunc) {
	root, err := cloud.FindRoot(".")
	if err == nil && os.Getenv("SLUICE_API") == "" {
		if alive, stop, err := cloud.ContextWhileAlive(ctx, root); err == nil {
			return alive, stop
		}
	}
	return ctx, func() {} // whoever opens it says what is wrong
}

// openClient returns a client of the API with a new token of tenant.
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
