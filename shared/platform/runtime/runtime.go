// Package runtime starts functions: it provides a function's entry in the service map, settings, logger and the
// configuration of its clients of AWS. A function with missing settings ends before its first event, with one message
// that lists all of them.
//
// What only some functions need is in the packages below it, one for each client of AWS: a client that a function does
// not use would make each cold start longer.
package runtime

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"

	"sluice/shared/domain/services"
	"sluice/shared/platform/awsclient"
	"sluice/shared/platform/invocation"
	"sluice/shared/platform/telemetry/logs"
	"sluice/shared/platform/telemetry/trace"
)

// Runtime is what a function is started with.
type Runtime struct {
	Service   services.Service
	Log       *slog.Logger
	awsConfig aws.Config
	meter     *costMeter
}

// New returns the runtime of a service. It ends the process if the service can't run.
func New(name string) Runtime {
	log := logs.New(name, os.Stdout)
	slog.SetDefault(log)
	trace.SetService(name)
	s, err := checkSettings(name, os.LookupEnv)
	Runtime{Log: log}.ExitOnError(err)
	// The user agent of requests, also in CloudTrail and access logs, names the service.
	cfg := awsclient.LoadConfig("sluice-" + name)
	awsclient.Configure(&cfg, s.Timeout)
	trace.InstrumentAWS(&cfg)
	limitGarbage(s)
	return NewFrom(s, log, cfg)
}

// limitGarbage has the garbage collector start at 16 MB and not at 4, which many functions reach before their first
// response, and let the heap grow to five times what is in use, up to a quarter of the function's memory.
func limitGarbage(s services.Service) {
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(int64(s.Memory) << 20 / 4)
}

// NewFrom returns the runtime of a service with a logger and a configuration of AWS clients.
func NewFrom(s services.Service, log *slog.Logger, cfg aws.Config) Runtime {
	return Runtime{Service: s, Log: log, awsConfig: cfg, meter: newCostMeter(s)}
}

// ExitOnError logs err and ends the process, unless err is nil.
func (r Runtime) ExitOnError(err error) {
	if err != nil {
		r.Log.Error("can't start", "error", err)
		os.Exit(1)
	}
}

// checkSettings returns the service's entry in the map, or an error that lists the missing settings.
func checkSettings(name string, lookup func(string) (string, bool)) (services.Service, error) {
	s, ok := services.Lookup(name)
	if !ok {
		return s, fmt.Errorf("the map has no service %q", name)
	}
	var missing []string
	for _, v := range s.RequiredEnv() {
		if value, _ := lookup(v); value == "" {
			missing = append(missing, v)
		}
	}
	if missing != nil {
		return s, fmt.Errorf("not set: %s", strings.Join(missing, ", "))
	}
	return s, nil
}

// AWSConfig returns the configuration of AWS clients.
func (r Runtime) AWSConfig() aws.Config { return r.awsConfig }

// PositiveInt returns a setting that must be a positive number. It ends the process if it is not.
func (r Runtime) PositiveInt(variable string) int {
	n, err := readPositiveInt(variable)
	r.ExitOnError(err)
	return n
}

func readPositiveInt(variable string) (int, error) {
	n, err := strconv.Atoi(os.Getenv(variable))
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%s is no number from 1 on", variable)
	}
	return n, nil
}

// RunScheduled calls run on the service's schedule and when another service sends a T. It does not return. It logs no
// cost: the metric would cost more than the runs.
func RunScheduled[T any](run func(context.Context, T) error) { lambda.Start(traceScheduled(run)) }

// scheduledReserve is the part of a scheduled run's time that is left for its end: one that Lambda stops records no
// span and loses its environment.
const scheduledReserve = 2 * time.Second

// traceScheduled records a span for each call, whose context ends before the function's time.
func traceScheduled[T any](run func(context.Context, T) error) func(context.Context, T) error {
	return func(ctx context.Context, s T) (err error) {
		ctx, span := trace.StartRequestSpan(ctx, nil, false)
		defer func() { span.End(err) }()
		ctx, cancel := invocation.WithReserve(ctx, scheduledReserve)
		defer cancel()
		return run(logs.WithAttrs(ctx, slog.String("trace", trace.IDFromContext(ctx))), s)
	}
}

// Sleep waits for d, or until ctx is done.
func Sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// Origins returns the origins whose pages may call the service's routes.
func (Runtime) Origins() []string { return strings.Split(os.Getenv(services.EnvCORSOrigins), ",") }

// Now is the clock of every function.
func (Runtime) Now() time.Time { return time.Now().UTC() }
