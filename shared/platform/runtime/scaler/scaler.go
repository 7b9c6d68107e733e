// Package scaler makes what sets the number of workers of each queue. Its rights are those of package autoscale.
package scaler

import (
	"context"
	"os"
	"path"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"sluice/shared/domain/services"
	"sluice/shared/platform/autoscale"
	"sluice/shared/platform/autoscale/queueages"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/runtime"
	"sluice/shared/platform/store"
)

// NewAutoscaler returns the autoscaler of all queues. It ends the process if the setting of the concurrency is not a
// positive number.
func NewAutoscaler(r runtime.Runtime, queues *sqs.Client, rows store.Store) autoscale.Autoscaler {
	name := func(queue string) string { return path.Base(os.Getenv(services.EnvQueueURL(queue))) }
	return autoscale.Autoscaler{
		Depths: queue.NewDepthReader(queues), Ages: queueages.New(r.AWSConfig(), name, r.Now),
		Mappings:  autoscale.LambdaMappings{Client: lambda.NewFromConfig(r.AWSConfig())},
		MappingID: func(queue string) string { return os.Getenv(services.EnvEventSourceMapping(queue)) },
		QueueName: name, Store: rows, Budget: r.PositiveInt(services.EnvConcurrency), Now: r.Now, Log: r.Log,
		ProvisionedQueues: strings.FieldsFunc(os.Getenv(services.EnvProvisionedQueues), func(c rune) bool {
			return c == ','
		}),
	}
}

// NewNotifier returns what invokes the service that runs the autoscaler.
func NewNotifier(r runtime.Runtime, service string) *autoscale.ScaleNotifier {
	invoke := NewInvoker(r, service)
	return &autoscale.ScaleNotifier{Notify: func(ctx context.Context, s autoscale.ScaleSignal) error {
		return invoke(ctx, s)
	}, Now: r.Now, Log: r.Log}
}

// NewInvoker returns what invokes a service with an input, without waiting for it.
func NewInvoker(r runtime.Runtime, service string) func(ctx context.Context, input any) error {
	return autoscale.LambdaFunction{
		Client: lambda.NewFromConfig(r.AWSConfig()), Name: os.Getenv(services.EnvFunctionName(service)),
	}.InvokeAsync
}
