// Command smoke proves that a deployed Sluice works, and prints what only that deployment can tell: which sandbox its
// functions have, how long they take to start, how fast they read from S3, and how fast their processor is. `make
// smoke` runs it in the local cloud; with SLUICE_API set, it uses that API on AWS. docs/first-deploy.md says what to do
// with the report, which has no secret, no address and no account number in it.
//
// It uploads two short clips as a tenant of its own, and sends one invalid message. It removes what it has made, also
// if a check fails or it is interrupted.
//
// Permissions: those of an operator who creates tenants and tokens (execute-api:Invoke),
// cloudformation:DescribeStacks and ListStackResources, lambda:GetFunctionConfiguration, sqs:SendMessage,
// logs:FilterLogEvents, and s3:ListBucket on both buckets.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"sluice/tests/cli"
)

const usage = `usage: smoke [-stack NAME] [-tenant NAME] [-transfer MB] [-timeout DURATION]

Checks a deployed Sluice and measures its functions. Without SLUICE_API it uses the local cloud. For one on AWS:

  SLUICE_API=<the output ApiUrl> AWS_REGION=<its region> make smoke

  -stack NAME         the CloudFormation stack (Sluice)
  -tenant NAME        the tenant that the clips belong to; made if it is new (smoke)
  -transfer MB        size of the file with which reading from S3 is measured; 0: it is not (32)
  -timeout DURATION   how long the checks may take (10m)

Exit status: 0 if every check has passed, 1 if one has failed, 2 for a wrong flag, 130 after Ctrl-C.
`

// options are the parsed flags.
type options struct {
	stack, tenant string
	transferMB    int
	timeout       time.Duration
}

func main() {
	cli.Main(func(ctx context.Context) int { return runCommand(ctx, os.Args[1:], os.Stdout, os.Stderr) })
}

// runCommand runs the command with the given arguments and returns its exit status.
func runCommand(ctx context.Context, args []string, out, errs io.Writer) int {
	o, err := parseFlags(args, errs)
	if err != nil {
		return cli.UsageStatus(err)
	}
	err = checkDeployment(ctx, o, out, errs)
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		fmt.Fprintln(errs, "interrupted")
		return cli.ExitInterrupted
	case !errors.Is(err, errChecksFailed): // those are in the report
		fmt.Fprintln(errs, "error:", err)
		if next := adviseNext("", err); next != "" {
			fmt.Fprintln(errs, "next: ", next)
		}
	}
	return cli.ExitFailed
}

func parseFlags(args []string, errs io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("smoke", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.Usage = func() { fmt.Fprint(errs, usage) }
	flags.StringVar(&o.stack, "stack", "Sluice", "")
	flags.StringVar(&o.tenant, "tenant", "smoke", "")
	flags.IntVar(&o.transferMB, "transfer", 32, "")
	flags.DurationVar(&o.timeout, "timeout", 10*time.Minute, "")
	err := flags.Parse(args)
	if err == nil && (flags.NArg() > 0 || o.transferMB < 0 || o.transferMB > 1000 || o.timeout <= 0) {
		err = errors.New("it takes no arguments, at most 1000 MB, and a time limit above 0; -help explains the flags")
		fmt.Fprintln(errs, "error:", err)
	}
	return o, err
}

// checkDeployment finds the deployment, gets a token, runs the checks, and revokes the token.
func checkDeployment(ctx context.Context, o options, out, progress io.Writer) error {
	d, err := findDeployment(ctx, o.stack)
	if err != nil {
		return err
	}
	api, revoke, err := d.openClient(ctx, o.tenant)
	if err != nil {
		return err
	}
	s := newSmoke(o, api, d)
	s.out, s.progress = out, progress
	d.printHead(out)
	ok := s.runChecks(ctx, o.timeout)
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	if err := revoke(after); err != nil {
		return fmt.Errorf("the token of this run could not be revoked: %w", err)
	}
	if !ok {
		return errChecksFailed
	}
	return nil
}

var errChecksFailed = errors.New("a check has failed")
