// Command preflight looks at the AWS account and region that Sluice is about to be deployed into and says, before the
// first deployment fails or crawls, what is missing there, what is low, and with which command to get it. `make
// preflight` runs it.
//
// It reads and changes nothing. Who runs it needs sts:GetCallerIdentity (which everybody has), ssm:GetParameters,
// servicequotas:GetServiceQuota and servicequotas:GetAWSDefaultServiceQuota; what may not be read is said to be
// unknown. Credentials and region come from where the AWS command line has them.
//
// Its status is 0 if Sluice can be deployed, also if something is low; 1 if something is missing; 2 if it was called
// wrongly.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"

	"sluice/shared/domain/services"
)

const readTimeout = 30 * time.Second // with all of AWS's answers together

const usage = `usage: preflight [-c concurrency=N] [-c rate=N]

Looks at the AWS account and region that your credentials are for, and says what Sluice needs there, what there is, and
what to ask for. It changes nothing.

  -c name=value   a context value of the deployment, as for cdk: concurrency is what the workers of all queues
                  together may have running at once, rate what the gateway lets through a second; others count for
                  nothing here
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process; it returns the status.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	wants, err := parseFlags(args, errs)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2 // the flag set has said why
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	found, err := readAccount(ctx)
	if err != nil {
		fmt.Fprintln(errs, err)
		return 1
	}
	verdicts := checkAccount(wants, found)
	printReport(out, found, verdicts)
	if worstSeverity(verdicts) == severityMissing {
		return 1
	}
	return 0
}

// parseFlags returns what a deployment with these context values needs.
func parseFlags(args []string, errs io.Writer) (requirements, error) {
	n := requirements{concurrency: services.MinConcurrency(), rate: services.DefaultRate}
	flags := flag.NewFlagSet("preflight", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.Usage = func() { fmt.Fprint(errs, usage) }
	flags.Func("c", "", func(text string) (err error) {
		name, value, _ := strings.Cut(text, "=")
		switch name {
		case "concurrency":
			n.concurrency, err = strconv.Atoi(value)
		case "rate":
			n.rate, err = strconv.Atoi(value)
		}
		return err
	})
	err := flags.Parse(args)
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("preflight takes no argument %q; --help says more", flags.Arg(0))
		fmt.Fprintln(errs, err)
	}
	return n, err
}
