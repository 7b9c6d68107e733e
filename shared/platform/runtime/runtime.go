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

// Runtime is what a function is made from.
type Runtime struct {
	Service   services.Service
	Log       *slog.Logger
	awsConfig aws.Config
	meter     *costMeter
}

// New returns the kit of a service; it ends the process if the service can't run.
func New(name string) Runtime {
	log := logs.New(name, os.Stdout)
	slog.SetDefault(log)
	trace.SetService(name)
	s, err := checkSettings(name, os.LookupEnv)
	exitOnError(log, err)
	cfg, err := config.LoadDefaultConfig(context.Background(), config.WithRetryer(func() aws.Retryer {
		return retry.AddWithMaxAttempts(retry.NewStandard(), 3) // above that, the queue is what retries
	}))
	exitOnError(log, err)
	trace.InstrumentAWS(&cfg)
	return Runtime{Service: s, Log: log, awsConfig: cfg, meter: newCostMeter(s)}
}

// exitOnError ends the process, which has just begun, if err says why it can't go on.
func exitOnError(log *slog.Logger, err error) {
	if err != nil {
		log.Error("can't start", "error", err)
		os.Exit(1)
	}
}

// checkSettings returns the service's entry in the map, or what keeps it from running.
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

// Store returns the table.
func (k Runtime) Store() store.Store {
	return store.NewDynamoDB(dynamodb.NewFromConfig(k.awsConfig), os.Getenv(services.EnvTable))
}

// SourceBucket returns the bucket of originals.
func (k Runtime) SourceBucket() *blob.Bucket { return k.newBucket(services.EnvSourceBucket) }

// MediaBucket returns the bucket of what is published.
func (k Runtime) MediaBucket() *blob.Bucket { return k.newBucket(services.EnvMediaBucket) }

func (k Runtime) newBucket(variable string) *blob.Bucket {
	return blob.NewBucket(blob.NewClient(k.awsConfig, os.Getenv(services.EnvS3PathStyle) == "true"), os.Getenv(variable))
}

// FFmpegTools returns ffmpeg and ffprobe.
func (k Runtime) FFmpegTools() source.Tools {
	k.logSandbox(ffmpeg.CurrentSandbox())
	return tracedTools{ffmpeg.Tools{Dir: os.Getenv(services.EnvFFmpegDir)}}
}

// AWSConfig returns the configuration for clients that only one function needs.
func (k Runtime) AWSConfig() aws.Config { return k.awsConfig }

// SQSClient returns a client of all queues.
func (k Runtime) SQSClient() *sqs.Client { return sqs.NewFromConfig(k.awsConfig) }

// EventSender returns what sends the service's events.
func (k Runtime) EventSender() *queue.Publisher {
	return queue.NewPublisher(k.Service, k.SQSClient(), sns.NewFromConfig(k.awsConfig), trace.HeaderFromContext)
}

// InFlightLimit returns how many tasks of a tenant may be in flight; it ends the process if the setting is no such number.
func (k Runtime) InFlightLimit() int {
	n, err := readPositiveInt(services.EnvInFlightLimit)
	exitOnError(k.Log, err)
	return n
}

// readPositiveInt reads a setting that is a number from 1 on.
func readPositiveInt(variable string) (int, error) {
	n, err := strconv.Atoi(os.Getenv(variable))
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%s is no number from 1 on", variable)
	}
	return n, nil
}

// Autoscaler returns what decides how many workers the queues may have; it ends the process if the setting of how many there
// are is no such number.
func (k Runtime) Autoscaler() autoscale.Autoscaler {
	budget, err := readPositiveInt(services.EnvConcurrency)
	exitOnError(k.Log, err)
	name := func(queue string) string { return path.Base(os.Getenv(services.EnvQueueURL(queue))) }
	return autoscale.Autoscaler{
		Depths: queue.NewDepthReader(k.SQSClient()), Ages: autoscale.NewCloudWatchAges(k.awsConfig, name, k.Now), Mappings: autoscale.LambdaMappings{Client: lambdaservice.NewFromConfig(k.awsConfig)},
		MappingID: func(queue string) string { return os.Getenv(services.EnvEventSourceMapping(queue)) },
		QueueName: name, Store: k.Store(), Budget: budget, Now: k.Now, Log: k.Log,
		ProvisionedQueues: strings.FieldsFunc(os.Getenv(services.EnvProvisionedQueues), func(r rune) bool { return r == ',' }),
	}
}

// ScaleNotifier returns what wakes the service that steers.
func (k Runtime) ScaleNotifier(service string) *autoscale.ScaleNotifier {
	f := autoscale.LambdaFunction{Client: lambdaservice.NewFromConfig(k.awsConfig), Name: os.Getenv(services.EnvFunctionName(service))}
	return &autoscale.ScaleNotifier{Notify: func(ctx context.Context, h autoscale.ScaleSignal) error { return f.InvokeAsync(ctx, h) }, Now: k.Now, Log: k.Log}
}

// ConsumeQueue starts taking the service's messages. It does not return.
func (k Runtime) ConsumeQueue(h queue.Handler, g queue.OnExhausted) {
	Start(k, k.newConsumer(k.requireSandbox(h, ffmpeg.CurrentSandbox()), g).HandleBatch)
}

// RunScheduled starts doing what the service does when its time has come, or when another wakes it with a hint. It does not
// return. What that costs is not said: a run a minute would be a metric all the month, for a cent an hour at most.
func (k Runtime) RunScheduled(run func(context.Context, autoscale.ScaleSignal) error) {
	lambda.Start(traceScheduled(run))
}

// traceScheduled makes each call a hop.
func traceScheduled(run func(context.Context, autoscale.ScaleSignal) error) func(context.Context, autoscale.ScaleSignal) error {
	return func(ctx context.Context, h autoscale.ScaleSignal) (err error) {
		ctx, span := trace.StartRequestSpan(ctx, nil)
		defer func() { span.End(err) }()
		return run(logs.WithAttrs(ctx, slog.String("trace", trace.IDFromContext(ctx))), h)
	}
}

func (k Runtime) newConsumer(h queue.Handler, g queue.OnExhausted) *queue.Consumer {
	return &queue.Consumer{
		Service: k.Service, Handle: h, OnExhausted: g, Send: k.EventSender(), Queue: queue.NewServiceQueue(k.Service, k.SQSClient()),
		StartSpan: startSpan, Log: k.Log,
	}
}

// startSpan begins the trace of one event; its end says what became of it. Whose it is a producer's message does not say: its
// handler calls About.
func startSpan(ctx context.Context, m lambdaevents.SQSMessage, e events.Event) (context.Context, func(error)) {
	ctx, span := trace.StartMessageSpan(ctx, m, e.Trace)
	span.SetMetadata("type", string(e.Type))
	about := &videoAnnotation{span: span}
	ctx = context.WithValue(ctx, videoAnnotationKey{}, about)
	ctx = logs.WithAttrs(ctx, slog.String("trace", trace.IDFromContext(ctx)), slog.String("tenant", e.Tenant), slog.Any("video", about))
	AnnotateVideo(ctx, e.Tenant, e.Video)
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
func (k Runtime) Secret(variable string) func(context.Context) (string, error) {
	client := secretsmanager.NewFromConfig(k.awsConfig)
	return func(ctx context.Context) (string, error) {
		out, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(os.Getenv(variable))})
		if err != nil {
			return "", err
		}
		return aws.ToString(out.SecretString), nil
	}
}

// Origins returns the origins whose pages may call the service's routes.
func (Runtime) Origins() []string { return strings.Split(os.Getenv(services.EnvCORSOrigins), ",") }

// Now is the clock of every function.
func (Runtime) Now() time.Time { return time.Now().UTC() }
