// Package feed asks Lambda to let a queue have more workers or fewer, and to run a function.
//
// Rights: lambda:UpdateEventSourceMapping on the mappings of the inboxes, lambda:InvokeFunction on the function that is
// woken. It refuses nothing: what a mapping may not have, Lambda refuses.
package autoscale

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"sluice/shared/domain/errs"
)

// MappingUpdater is what Mappings needs of Lambda.
type MappingUpdater interface {
	UpdateEventSourceMapping(ctx context.Context, in *lambda.UpdateEventSourceMappingInput, opts ...func(*lambda.Options)) (*lambda.UpdateEventSourceMappingOutput, error)
}

// LambdaMappings are the event source mappings.
type LambdaMappings struct{ Client MappingUpdater }

// SetMaxConcurrency lets a mapping have at most so many workers at once, from some time soon on: Lambda says yes before it is so, and
// until it is so takes no other number. Conflict: it is at that. Transient: it is not known whether it will.
func (m LambdaMappings) SetMaxConcurrency(ctx context.Context, id string, workers int) error {
	return m.updateMapping(ctx, "feed.Limit", &lambda.UpdateEventSourceMappingInput{
		UUID: &id, ScalingConfig: &types.ScalingConfig{MaximumConcurrency: aws.Int32(int32(workers))},
	})
}

// SetMaxPollers lets a mapping that has provisioned pollers have at most so many of them, from some time soon on.
func (m LambdaMappings) SetMaxPollers(ctx context.Context, id string, pollers int) error {
	return m.updateMapping(ctx, "feed.Provision", &lambda.UpdateEventSourceMappingInput{
		UUID: &id, ProvisionedPollerConfig: &types.ProvisionedPollerConfig{MaximumPollers: aws.Int32(int32(pollers))},
	})
}

func (m LambdaMappings) updateMapping(ctx context.Context, op string, in *lambda.UpdateEventSourceMappingInput) error {
	_, err := m.Client.UpdateEventSourceMapping(ctx, in)
	var busy *types.ResourceInUseException
	switch {
	case errors.As(err, &busy):
		return errs.E(op, errs.Conflict, err)
	case err != nil:
		return errs.E(op, errs.Transient, err)
	}
	return nil
}

// FunctionInvoker is what Function needs of Lambda.
type FunctionInvoker interface {
	Invoke(ctx context.Context, in *lambda.InvokeInput, opts ...func(*lambda.Options)) (*lambda.InvokeOutput, error)
}

// LambdaFunction is another function.
type LambdaFunction struct {
	Client FunctionInvoker
	Name   string
}

// InvokeAsync has the function run with an input, and does not wait for it. Transient: it is not known whether it will.
func (f LambdaFunction) InvokeAsync(ctx context.Context, input any) error {
	const op = "feed.Wake"
	payload, err := json.Marshal(input)
	if err != nil {
		return errs.E(op, errs.Internal, err)
	}
	_, err = f.Client.Invoke(ctx, &lambda.InvokeInput{FunctionName: &f.Name, InvocationType: types.InvocationTypeEvent, Payload: payload})
	if err != nil {
		return errs.E(op, errs.Transient, err)
	}
	return nil
}
