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
	wrong       = 1
	misused     = 2   // as package flag has it
	interrupted = 130 // as shells have it: 128 + SIGINT
)

func main() {
	// The first Ctrl-C ends the wait; a second one ends us.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process; it returns the status.
func run(ctx context.Context, args []string, out *os.File, errs io.Writer) int {
	d, err := parse(args, errs)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return misused // the flag set has said why
	}
	d.out, d.watch = out, screenOf(out)
	ctx, stop := whileAlive(ctx)
	defer stop()
	err = d.run(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintln(errs, sentence(err))
	if errors.Is(err, errInterrupted) {
		return interrupted
	}
	return wrong
}

func parse(args []string, errs io.Writer) (demo, error) {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(errs)
	film := flags.String("video", "", "the video `file` to send (default build/footage/bigbuckbunny.mp4)")
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
		film:   *film,
		tenant: *tenant,
		limit:  *limit,
		every:  250 * time.Millisecond,
		now:    time.Now,
		root:   func() (string, error) { return cloud.FindRoot(".") },
		open:   func(ctx context.Context, root string) (*client.Client, error) { return open(ctx, root, *tenant) },
	}, nil
}

// whileAlive returns a context that ends with the local cloud, if it is that which we use.
func whileAlive(ctx context.Context) (context.Context, context.CancelFunc) {
	root, err := cloud.FindRoot(".")
	if err == nil && os.Getenv("SLUICE_API") == "" {
		if alive, stop, err := cloud.WhileAlive(ctx, root); err == nil {
			return alive, stop
		}
	}
	return ctx, func() {} // whoever opens it says what is wrong
}

// open returns a client of the API with a new token of tenant.
func open(ctx context.Context, root, tenant string) (*client.Client, error) {
	operator, err := cloud.NewOperator(ctx, root)
	if err != nil {
		return nil, err
	}
	token, err := operator.Token(ctx, tenant)
	if err != nil {
		return nil, fmt.Errorf("get a token for the tenant %s: %w", tenant, err)
	}
	return client.New(operator.URL, token), nil
}
