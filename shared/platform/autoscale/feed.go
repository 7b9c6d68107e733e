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

// Updates is what Mappings needs of Lambda.
type Updates interface {
	UpdateEventSourceMapping(ctx context.Context, in *lambda.UpdateEventSourceMappingInput, opts ...func(*lambda.Options)) (*lambda.UpdateEventSourceMappingOutput, error)
}

// Mappings are the event source mappings.
type Mappings struct{ Client Updates }

// Limit lets a mapping have at most so many workers at once, from some time soon on: Lambda says yes before it is so, and
// until it is so takes no other number. Conflict: it is at that. Transient: it is not known whether it will.
func (m Mappings) Limit(ctx context.Context, id string, workers int) error {
	return m.update(ctx, "feed.Limit", &lambda.UpdateEventSourceMappingInput{
		UUID: &id, ScalingConfig: &types.ScalingConfig{MaximumConcurrency: aws.Int32(int32(workers))},
	})
}

// Provision lets a mapping that has provisioned pollers have at most so many of them, from some time soon on.
func (m Mappings) Provision(ctx context.Context, id string, pollers int) error {
	return m.update(ctx, "feed.Provision", &lambda.UpdateEventSourceMappingInput{
		UUID: &id, ProvisionedPollerConfig: &types.ProvisionedPollerConfig{MaximumPollers: aws.Int32(int32(pollers))},
	})
}

func (m Mappings) update(ctx context.Context, op string, in *lambda.UpdateEventSourceMappingInput) error {
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

// Calls is what Function needs of Lambda.
type Calls interface {
	Invoke(ctx context.Context, in *lambda.InvokeInput, opts ...func(*lambda.Options)) (*lambda.InvokeOutput, error)
}

// Function is another function.
type Function struct {
	Client Calls
	Name   string
}

// Wake has the function run with an input, and does not wait for it. Transient: it is not known whether it will.
func (f Function) Wake(ctx context.Context, input any) error {
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
