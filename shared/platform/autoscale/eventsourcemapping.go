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

// MappingUpdater is the part of Lambda's client that LambdaMappings uses.
type MappingUpdater interface {
	UpdateEventSourceMapping(
		ctx context.Context, in *lambda.UpdateEventSourceMappingInput, opts ...func(*lambda.Options),
	) (*lambda.UpdateEventSourceMappingOutput, error)
}

// LambdaMappings changes event source mappings. Its methods return once Lambda has accepted a change; until the change
// is made, which takes some seconds, Lambda accepts no other one of the mapping (Conflict). Transient: whether the
// change is made is not known.
type LambdaMappings struct{ Client MappingUpdater }

// SetMaxConcurrency sets the most workers that a mapping may have at once.
func (m LambdaMappings) SetMaxConcurrency(ctx context.Context, id string, workers int) error {
	return m.updateMapping(ctx, "autoscale.SetMaxConcurrency", &lambda.UpdateEventSourceMappingInput{
		UUID: &id, ScalingConfig: &types.ScalingConfig{MaximumConcurrency: aws.Int32(int32(workers))},
	})
}

// SetMaxPollers sets the most pollers that a mapping with provisioned pollers may have.
func (m LambdaMappings) SetMaxPollers(ctx context.Context, id string, pollers int) error {
	return m.updateMapping(ctx, "autoscale.SetMaxPollers", &lambda.UpdateEventSourceMappingInput{
		UUID: &id, ProvisionedPollerConfig: &types.ProvisionedPollerConfig{MaximumPollers: aws.Int32(int32(pollers))},
	})
}

func (m LambdaMappings) updateMapping(ctx context.Context, op string, in *lambda.UpdateEventSourceMappingInput) error {
	_, err := m.Client.UpdateEventSourceMapping(ctx, in)
	var (
		inUse       *types.ResourceInUseException
		conflicting *types.ResourceConflictException
	)
	switch {
	case errors.As(err, &inUse), errors.As(err, &conflicting):
		return errs.E(op, errs.Conflict, err)
	case err != nil:
		return errs.E(op, errs.Transient, err)
	}
	return nil
}

// FunctionInvoker is the part of Lambda's client that LambdaFunction uses.
type FunctionInvoker interface {
	Invoke(ctx context.Context, in *lambda.InvokeInput, opts ...func(*lambda.Options)) (*lambda.InvokeOutput, error)
}

// LambdaFunction is another Lambda function.
type LambdaFunction struct {
	Client FunctionInvoker
	Name   string
}

// InvokeAsync starts the function with an input, which is encoded as JSON, and does not wait for it. Transient: whether
// the function runs is not known.
func (f LambdaFunction) InvokeAsync(ctx context.Context, input any) error {
	const op = "autoscale.InvokeAsync"
	payload, err := json.Marshal(input)
	if err != nil {
		return errs.E(op, errs.Internal, err)
	}
	_, err = f.Client.Invoke(ctx,
		&lambda.InvokeInput{FunctionName: &f.Name, InvocationType: types.InvocationTypeEvent, Payload: payload})
	if err != nil {
		return errs.E(op, errs.Transient, err)
	}
	return nil
}
