// Command preflight checks the AWS account and region that Sluice is about to be deployed into. It prints what is
// missing there and what is low, and the commands that help, before a deployment fails or runs slowly. `make preflight`
// runs it.
//
// It only reads. It needs sts:GetCallerIdentity (which every principal has), ssm:GetParameters,
// servicequotas:GetServiceQuota, servicequotas:GetAWSDefaultServiceQuota, lambda:GetAccountSettings, apigateway:GET on
// /account, cloudfront:ListDistributions, xray:GetTraceSegmentDestination and xray:GetIndexingRules; what it may not
// read it reports as unknown. It finds credentials and region as the AWS command line does.
//
// Its exit status is 0 if Sluice can be deployed, even if something is low; 1 if something is missing, or a deployment
// would replace what others use; 2 if its flags are wrong.
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

// readTimeout is for all requests to AWS together.
const readTimeout = 30 * time.Second

const usage = `usage: preflight [-c concurrency=N] [-c rate=N] [-c gateway_log_role=existing] [-c cdn=false]

Looks at the AWS account and region that your credentials are for, and says what Sluice needs there, what there is, and
what to ask for. It changes nothing.

  -c name=value   a context value of the deployment, as for cdk: concurrency is what the workers of all queues
                  together may have running at once, rate what the gateway lets through a second, gateway_log_role=
                  existing keeps the role with which API Gateway writes logs, cdn=false leaves CloudFront out; others
                  count for nothing here
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run runs the command and returns its exit status.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	wants, err := parseFlags(args, errs)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2 // the flag set has printed why
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	found, err := readAccount(ctx)
	if err != nil {
		fmt.Fprintln(errs, err)
		return 1
	}
	findings := checkAccount(wants, found)
	printReport(out, found, findings)
	if worstSeverity(findings) >= severityConflict {
		return 1
	}
	return 0
}

// parseFlags returns what a deployment with these context values needs.
func parseFlags(args []string, errs io.Writer) (requirements, error) {
	r := requirements{concurrency: services.MinConcurrency(), rate: services.DefaultRate}
	flags := flag.NewFlagSet("preflight", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.Usage = func() { fmt.Fprint(errs, usage) }
	flags.Func("c", "", func(text string) (err error) {
		name, value, _ := strings.Cut(text, "=")
		switch name {
		case "concurrency":
			r.concurrency, err = strconv.Atoi(value)
		case "rate":
			r.rate, err = strconv.Atoi(value)
		case "cdn":
			r.noCDN = value == "false"
		case "gateway_log_role":
			r.keepLogRole = value == "existing"
		}
		return err
	})
	err := flags.Parse(args)
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("preflight takes no argument %q; --help says more", flags.Arg(0))
		fmt.Fprintln(errs, err)
	}
	return r, err
}
