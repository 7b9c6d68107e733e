// Package wire makes what every function is started with: its entry in the map, its settings, its logger, its clients
// and its inbox. A setting that is missing stops the function before it takes its first event, with all that is
// missing in one message.
package runtime

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	lambdaservice "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"sluice/events"
	"sluice/shared/domain/services"
	"sluice/shared/platform/autoscale"

	"sluice/shared/platform/blob"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/source"
	"sluice/shared/platform/store"
	"sluice/shared/platform/telemetry/logs"
	"sluice/shared/platform/telemetry/trace"
)

// Kit is what a function is made from.
type Kit struct {
	Service services.Service
	Log     *slog.Logger
	aws     aws.Config
	meter   *meter
}

// New returns the kit of a service; it ends the process if the service can't run.
func New(name string) Kit {
	log := logs.New(name, os.Stdout)
	slog.SetDefault(log)
	trace.Setup(name)
	s, err := settings(name, os.LookupEnv)
	must(log, err)
	cfg, err := config.LoadDefaultConfig(context.Background(), config.WithRetryer(func() aws.Retryer {
		return retry.AddWithMaxAttempts(retry.NewStandard(), 3) // above that, the queue is what retries
	}))
	must(log, err)
	trace.Instrument(&cfg)
	return Kit{Service: s, Log: log, aws: cfg, meter: newMeter(s)}
}

// must ends the process, which has just begun, if err says why it can't go on.
func must(log *slog.Logger, err error) {
	if err != nil {
		log.Error("can't start", "error", err)
		os.Exit(1)
	}
}

// settings returns the service's entry in the map, or what keeps it from running.
func settings(name string, lookup func(string) (string, bool)) (services.Service, error) {
	s, ok := services.Lookup(name)
	if !ok {
		return s, fmt.Errorf("the map has no service %q", name)
	}
	var missing []string
	for _, v := range s.Env() {
		if value, _ := lookup(v); value == "" {
			missing = append(missing, v)
		}
	}
	if missing != nil {
		return s, fmt.Errorf("not set: %s", strings.Join(missing, ", "))
	}
	return s, nil
}

// Rows returns the table.
func (k Kit) Rows() store.Dynamo {
	return store.Dynamo{Client: dynamodb.NewFromConfig(k.aws), Table: os.Getenv(services.EnvTable)}
}

// Source returns the bucket of originals.
func (k Kit) Source() *blob.Bucket { return k.bucket(services.EnvSource) }

// Media returns the bucket of what is published.
func (k Kit) Media() *blob.Bucket { return k.bucket(services.EnvMedia) }

func (k Kit) bucket(variable string) *blob.Bucket {
	return blob.New(blob.Client(k.aws, os.Getenv(services.EnvPathStyle) == "true"), os.Getenv(variable))
}

// Tools returns ffmpeg and ffprobe.
func (k Kit) Tools() source.Tools {
	return tools{ffmpeg.Tools{Dir: os.Getenv(services.EnvTools)}}
}

// AWS returns the configuration for clients that only one function needs.
func (k Kit) AWS() aws.Config { return k.aws }

// SQS returns a client of all queues.
func (k Kit) SQS() *sqs.Client { return sqs.NewFromConfig(k.aws) }

// Sender returns what sends the service's events.
func (k Kit) Sender() *queue.Publisher {
	return queue.NewPublisher(k.Service, k.SQS(), sns.NewFromConfig(k.aws), trace.Header)
}

// Window returns how many tasks of a tenant may be in flight; it ends the process if the setting is no such number.
func (k Kit) Window() int {
	n, err := number(services.EnvWindow)
	must(k.Log, err)
	return n
}

// number reads a setting that is a number from 1 on.
func number(variable string) (int, error) {
	n, err := strconv.Atoi(os.Getenv(variable))
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%s is no number from 1 on", variable)
	}
	return n, nil
}

// Steerer returns what decides how many workers the queues may have; it ends the process if the setting of how many there
// are is no such number.
func (k Kit) Steerer() autoscale.Steerer {
	budget, err := number(services.EnvConcurrency)
	must(k.Log, err)
	name := func(queue string) string { return path.Base(os.Getenv(services.EnvInbox(queue))) }
	return autoscale.Steerer{
		Depths: queue.NewDepths(k.SQS()), Ages: autoscale.New(k.aws, name, k.Now), Feeds: autoscale.Mappings{Client: lambdaservice.NewFromConfig(k.aws)},
		Feed: func(queue string) string { return os.Getenv(services.EnvFeed(queue)) },
		Name: name, Rows: k.Rows(), Budget: budget, Now: k.Now, Log: k.Log,
		Provisioned: strings.FieldsFunc(os.Getenv(services.EnvProvisioned), func(r rune) bool { return r == ',' }),
	}
}

// Watcher returns what wakes the service that steers.
func (k Kit) Watcher(service string) *autoscale.Watcher {
	f := autoscale.Function{Client: lambdaservice.NewFromConfig(k.aws), Name: os.Getenv(services.EnvFunction(service))}
	return &autoscale.Watcher{Wake: func(ctx context.Context, h autoscale.Hint) error { return f.Wake(ctx, h) }, Now: k.Now, Log: k.Log}
}

// Consume starts taking the service's messages. It does not return.
func (k Kit) Consume(h queue.Handler, g queue.GiveUp) {
	Start(k, k.consumer(h, g).Batch)
}

// Every starts doing what the service does when its time has come, or when another wakes it with a hint. It does not
// return. What that costs is not said: a run a minute would be a metric all the month, for a cent an hour at most.
func (k Kit) Every(run func(context.Context, autoscale.Hint) error) { lambda.Start(clocked(run)) }

// clocked makes each call a hop.
func clocked(run func(context.Context, autoscale.Hint) error) func(context.Context, autoscale.Hint) error {
	return func(ctx context.Context, h autoscale.Hint) (err error) {
		ctx, span := trace.Request(ctx, nil)
		defer func() { span.End(err) }()
		return run(logs.With(ctx, slog.String("trace", trace.ID(ctx))), h)
	}
}

func (k Kit) consumer(h queue.Handler, g queue.GiveUp) *queue.Consumer {
	return &queue.Consumer{
		Service: k.Service, Handle: h, GiveUp: g, Send: k.Sender(), Queue: queue.NewQueue(k.Service, k.SQS()),
		Hop: hop, Log: k.Log,
	}
}

// hop begins the trace of one event; its end says what became of it. Whose it is a producer's message does not say: its
// handler calls About.
func hop(ctx context.Context, m lambdaevents.SQSMessage, e events.Event) (context.Context, func(error)) {
	ctx, span := trace.Message(ctx, m, e.Trace)
	span.Detail("type", string(e.Type))
	about := &subject{span: span}
	ctx = context.WithValue(ctx, subjectKey{}, about)
	ctx = logs.With(ctx, slog.String("trace", trace.ID(ctx)), slog.String("tenant", e.Tenant), slog.Any("video", about))
	About(ctx, e.Tenant, e.Video)
	return ctx, span.End
}

// Sleep waits for d, or until ctx is done.
func Sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// Secret returns a function that reads the secret whose ARN a setting holds from Secrets Manager, anew at each call.
func (k Kit) Secret(variable string) func(context.Context) (string, error) {
	client := secretsmanager.NewFromConfig(k.aws)
	return func(ctx context.Context) (string, error) {
		out, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(os.Getenv(variable))})
		if err != nil {
			return "", err
		}
		return aws.ToString(out.SecretString), nil
	}
}

// Origins returns the origins whose pages may call the service's routes.
func (Kit) Origins() []string { return strings.Split(os.Getenv(services.EnvOrigins), ",") }

// Now is the clock of every function.
func (Kit) Now() time.Time { return time.Now().UTC() }
