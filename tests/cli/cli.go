// Package cli is what the commands that call a deployed Sluice have in common: tests/demo, produce, trace,
// smoke and load.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"sluice/localstack/cloud"
	"sluice/tests/client"
)

// Exit statuses.
const (
	ExitFailed      = 1
	ExitUsage       = 2   // as in package flag
	ExitInterrupted = 130 // as in shells: 128 + SIGINT
)

// Main ends the process with the status that run returns. The first Ctrl-C cancels the context; a second one ends the
// process at once.
func Main(run func(context.Context) int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx))
}

// UsageStatus returns the exit status for an error about flags, which has been printed: help was asked for, or they are
// wrong.
func UsageStatus(err error) int {
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	return ExitUsage
}

// NewClient returns a client of the API with a new token of the tenant, which it creates unless it exists.
func NewClient(ctx context.Context, tenant string) (*client.Client, error) {
	root, err := cloud.FindRoot(".")
	if err != nil {
		return nil, err
	}
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
