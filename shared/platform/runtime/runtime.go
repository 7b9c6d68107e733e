// Package runtime starts functions: it provides a function's entry in the service map, settings, logger, clients and
// queue consumer. A function with missing settings ends before its first event, with one message that lists all of
// them.
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
	"sluice/shared/platform/awsclient"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/invocation"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/source"
	"sluice/shared/platform/store"
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
	exitOnError(log, err)
	// The user agent of requests, also in CloudTrail and access logs, names the service.
	cfg, err := config.LoadDefaultConfig(context.Background(), config.WithAppID("sluice-"+name))
	exitOnError(log, err)
	awsclient.Configure(&cfg, s.Timeout)
	trace.InstrumentAWS(&cfg)
	return Runtime{Service: s, Log: log, awsConfig: cfg, meter: newCostMeter(s)}
}

// exitOnError logs err and ends the process, unless err is nil.
func exitOnError(log *slog.Logger, err error) {
	if err != nil {
		log.Error("can't start", "error", err)
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

// Store returns the store of rows.
func (r Runtime) Store() store.Store {
	return store.NewDynamoDB(dynamodb.NewFromConfig(r.awsConfig), os.Getenv(services.EnvTable))
}

// SourceBucket returns the bucket of original files.
func (r Runtime) SourceBucket() *blob.Bucket { return r.newBucket(services.EnvSourceBucket) }

// Originals returns the original files, for a service that reads whole ones.
func (r Runtime) Originals() source.Originals { return loggedOriginals{r.SourceBucket(), r.Log} }

// MediaBucket returns the bucket of segments and playlists.
func (r Runtime) MediaBucket() *blob.Bucket { return r.newBucket(services.EnvMediaBucket) }

func (r Runtime) newBucket(variable string) *blob.Bucket {
	return blob.NewBucket(blob.NewClient(r.awsConfig, os.Getenv(services.EnvS3PathStyle) == "true"),
		os.Getenv(variable))
}

// FFmpegTools returns ffmpeg and ffprobe.
func (r Runtime) FFmpegTools() source.Tools {
	r.logSandbox(ffmpeg.CurrentSandbox())
	return tracedTools{ffmpeg.Tools{Dir: os.Getenv(services.EnvFFmpegDir)}, r.Log}
}

// AWSConfig returns the configuration of AWS clients.
func (r Runtime) AWSConfig() aws.Config { return r.awsConfig }

// SQSClient returns an SQS client.
func (r Runtime) SQSClient() *sqs.Client { return sqs.NewFromConfig(r.awsConfig) }

// EventSender returns the publisher of the service's events.
func (r Runtime) EventSender() *queue.Publisher {
	return queue.NewPublisher(r.Service, r.SQSClient(), sns.NewFromConfig(r.awsConfig))
}

// InFlightLimit returns how many tasks of a tenant may be in flight in a lane. It ends the process if the setting is
// not a positive number.
func (r Runtime) InFlightLimit() int {
	n, err := readPositiveInt(services.EnvInFlightLimit)
	exitOnError(r.Log, err)
	return n
}

// readPositiveInt returns a setting that must be a positive number.
func readPositiveInt(variable string) (int, error) {
	n, err := strconv.Atoi(os.Getenv(variable))
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%s is no number from 1 on", variable)
	}
	return n, nil
}

// Autoscaler returns the autoscaler of all queues. It ends the process if the setting of the concurrency is not a
// positive number.
func (r Runtime) Autoscaler() autoscale.Autoscaler {
	budget, err := readPositiveInt(services.EnvConcurrency)
	exitOnError(r.Log, err)
	name := func(queue string) string { return path.Base(os.Getenv(services.EnvQueueURL(queue))) }
	return autoscale.Autoscaler{
		Depths: queue.NewDepthReader(r.SQSClient()), Ages: autoscale.NewCloudWatchAges(r.awsConfig, name, r.Now),
		Mappings:  autoscale.LambdaMappings{Client: lambdaservice.NewFromConfig(r.awsConfig)},
		MappingID: func(queue string) string { return os.Getenv(services.EnvEventSourceMapping(queue)) },
		QueueName: name, Store: r.Store(), Budget: budget, Now: r.Now, Log: r.Log,
		ProvisionedQueues: strings.FieldsFunc(os.Getenv(services.EnvProvisionedQueues), func(c rune) bool {
			return c == ','
		}),
	}
}

// ScaleNotifier returns what invokes the service that runs the autoscaler.
func (r Runtime) ScaleNotifier(service string) *autoscale.ScaleNotifier {
	f := autoscale.LambdaFunction{
		Client: lambdaservice.NewFromConfig(r.awsConfig), Name: os.Getenv(services.EnvFunctionName(service)),
	}
	return &autoscale.ScaleNotifier{Notify: func(ctx context.Context, s autoscale.ScaleSignal) error {
		return f.InvokeAsync(ctx, s)
	}, Now: r.Now, Log: r.Log}
}

// ConsumeQueue handles the service's messages with h. It does not return.
func (r Runtime) ConsumeQueue(h queue.Handler, onExhausted queue.OnExhausted) {
	Start(r, r.newConsumer(r.requireSandbox(h, ffmpeg.CurrentSandbox()), onExhausted).HandleBatch)
}

// RunScheduled calls run on the service's schedule and when another service sends a scale signal. It does not return.
// It logs no cost: the metric would cost more than the runs.
func (r Runtime) RunScheduled(run func(context.Context, autoscale.ScaleSignal) error) {
	lambda.Start(traceScheduled(run))
}

// scheduledReserve is the part of a scheduled run's time that is left for its end: one that Lambda stops records no
// span and loses its environment.
const scheduledReserve = 2 * time.Second

// traceScheduled records a span for each call, whose context ends before the function's time.
func traceScheduled(
	run func(context.Context, autoscale.ScaleSignal) error,
) func(context.Context, autoscale.ScaleSignal) error {
	return func(ctx context.Context, s autoscale.ScaleSignal) (err error) {
		ctx, span := trace.StartRequestSpan(ctx, nil, false)
		defer func() { span.End(err) }()
		ctx, cancel := invocation.WithReserve(ctx, scheduledReserve)
		defer cancel()
		return run(logs.WithAttrs(ctx, slog.String("trace", trace.IDFromContext(ctx))), s)
	}
}

func (r Runtime) newConsumer(h queue.Handler, onExhausted queue.OnExhausted) *queue.Consumer {
	return &queue.Consumer{
		Service: r.Service, Handle: h, OnExhausted: onExhausted, Send: r.EventSender(),
		Queue: queue.NewServiceQueue(r.Service, r.SQSClient()), StartSpan: startSpan, Log: r.Log,
	}
}

// startSpan starts the span of one event. The returned function ends it with the handler's error. A producer's message
// does not name its tenant and video: its handler calls AnnotateVideo.
func startSpan(ctx context.Context, m lambdaevents.SQSMessage, e events.Event) (context.Context, func(error)) {
	ctx, span := trace.StartMessageSpan(ctx, m, e.Trace)
	span.SetMetadata("type", string(e.Type))
	about := &videoAnnotation{span: span}
	ctx = context.WithValue(ctx, videoAnnotationKey{}, about)
	ctx = logs.WithAttrs(ctx, slog.String("trace", trace.IDFromContext(ctx)), slog.String("tenant", e.Tenant),
		slog.Any("video", about))
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
func (r Runtime) Secret(variable string) func(context.Context) (string, error) {
	client := secretsmanager.NewFromConfig(r.awsConfig)
	return func(ctx context.Context) (string, error) {
		out, err := client.GetSecretValue(ctx,
			&secretsmanager.GetSecretValueInput{SecretId: aws.String(os.Getenv(variable))})
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
