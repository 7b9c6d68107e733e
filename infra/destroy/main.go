// Command destroy removes Sluice from an AWS account and region: the stack and, with -data, also what the stack leaves
// behind, which is the table, the buckets with all objects, and the key of playback tokens. `make destroy` runs it. It
// asks for the account's number first, and does nothing if the answer is another.
//
// It can be run again: after an interruption, or with -data for a stack that was deleted before. CloudFormation
// remembers for 90 days what a stack left behind.
//
// Permissions: sts:GetCallerIdentity; cloudformation:DescribeStacks, ListStacks, ListStackResources,
// DescribeStackEvents and DeleteStack; whatever it takes to delete the resources of the stack; with -data also
// s3:ListBucket, ListBucketMultipartUploads, AbortMultipartUpload, DeleteObject and DeleteBucket, dynamodb:UpdateTable,
// DescribeTable and DeleteTable, secretsmanager:DescribeSecret and DeleteSecret.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

const usage = `usage: destroy [-data] [-stack NAME] [-account NUMBER]

  -data             delete the table, the buckets with all that is in them, and the key of playback tokens too;
                    without it they are kept
  -stack NAME       the stack (Sluice), or Sluice-<name> of a deployment with the setting name
  -account NUMBER   what would be typed to confirm: the number of the account
`

// queueNamesKept is printed after the deletion of a stack:
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html
const queueNamesKept = "the stack is gone; SQS keeps the names of its queues for 60 seconds: wait so long before you deploy again"

var errNotConfirmed = errors.New("nothing was deleted: that is not the number of the account")

// options are the parsed flags.
type options struct {
	stack, account string
	data           bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	o, err := parseFlags(os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		os.Exit(2) // the flag set has printed why
	}
	if err := run(ctx, o, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "destroy:", err)
		os.Exit(1)
	}
}

func parseFlags(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("destroy", flag.ContinueOnError)
	flags.Usage = func() { fmt.Fprint(flags.Output(), usage) }
	flags.BoolVar(&o.data, "data", false, "")
	flags.StringVar(&o.stack, "stack", "Sluice", "")
	flags.StringVar(&o.account, "account", "", "")
	err := flags.Parse(args)
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("it takes no argument %q", flags.Arg(0))
		fmt.Fprintln(flags.Output(), "destroy:", err)
	}
	return o, err
}

func run(ctx context.Context, o options, in io.Reader, out io.Writer) error {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
	if err != nil {
		return err
	}
	s, err := findStack(ctx, cfg, o.stack)
	if err != nil {
		return err
	}
	printPlan(out, o, s, aws.ToString(who.Account), cfg.Region)
	if err := confirmAccount(o, aws.ToString(who.Account), in, out); err != nil {
		return err
	}
	if err := s.delete(ctx, out); err != nil {
		return err
	}
	if s.exists {
		fmt.Fprintln(out, queueNamesKept)
	}
	if !o.data {
		return nil
	}
	// for an emulator
	objects := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = cfg.BaseEndpoint != nil })
	return dataDeleter{
		out, objects, dynamodb.NewFromConfig(cfg), secretsmanager.NewFromConfig(cfg),
	}.deleteAll(ctx, s.kept)
}

// printPlan prints what will be deleted and what will be kept.
func printPlan(out io.Writer, o options, s stack, account, region string) {
	fmt.Fprintf(out, "account %s, %s\n", account, region)
	if s.exists {
		fmt.Fprintf(out, "  delete  stack %s, with its functions, queues, messages and logs\n", o.stack)
	}
	verb := "keep"
	if o.data {
		verb = "delete"
	}
	for _, k := range s.kept {
		fmt.Fprintf(out, "  %-7s %s\n", verb, k)
	}
}

// confirmAccount returns nil if the account's number was given as a flag or is typed, else errNotConfirmed.
func confirmAccount(o options, account string, in io.Reader, out io.Writer) error {
	answer := o.account
	if answer == "" {
		fmt.Fprint(out, "Type the number of the account to do so: ")
		answer, _ = bufio.NewReader(in).ReadString('\n') // an error is no confirmation
	}
	if strings.TrimSpace(answer) != account {
		return errNotConfirmed
	}
	return nil
}
