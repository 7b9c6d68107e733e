package autoscale_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/autoscale"
)

// fakeLambda records its calls.
type fakeLambda struct {
	updates []*lambda.UpdateEventSourceMappingInput
	calls   []*lambda.InvokeInput
	err     error
}

func (l *fakeLambda) UpdateEventSourceMapping(
	_ context.Context, in *lambda.UpdateEventSourceMappingInput, _ ...func(*lambda.Options),
) (*lambda.UpdateEventSourceMappingOutput, error) {
	l.updates = append(l.updates, in)
	return &lambda.UpdateEventSourceMappingOutput{}, l.err
}

func (l *fakeLambda) Invoke(
	_ context.Context, in *lambda.InvokeInput, _ ...func(*lambda.Options),
) (*lambda.InvokeOutput, error) {
	l.calls = append(l.calls, in)
	return &lambda.InvokeOutput{}, l.err
}

func TestSetMaxConcurrencyChangesNothingElse(t *testing.T) {
	t.Parallel()
	l := &fakeLambda{}
	if err := (autoscale.LambdaMappings{Client: l}).SetMaxConcurrency(t.Context(), "id", 12); err != nil {
		t.Fatal(err)
	}
	in := l.updates[0]
	if aws.ToString(in.UUID) != "id" || aws.ToInt32(in.ScalingConfig.MaximumConcurrency) != 12 ||
		in.ProvisionedPollerConfig != nil || in.BatchSize != nil || in.Enabled != nil {
		t.Errorf("input %+v", in)
	}
}

// Lambda accepts either a maximum concurrency or pollers.
func TestSetMaxPollersChangesNothingElse(t *testing.T) {
	t.Parallel()
	l := &fakeLambda{}
	if err := (autoscale.LambdaMappings{Client: l}).SetMaxPollers(t.Context(), "id", 12); err != nil {
		t.Fatal(err)
	}
	in := l.updates[0]
	if aws.ToString(in.UUID) != "id" || aws.ToInt32(in.ProvisionedPollerConfig.MaximumPollers) != 12 ||
		in.ScalingConfig != nil {
		t.Errorf("input %+v", in)
	}
}

func TestInvokeAsyncDoesNotWait(t *testing.T) {
	t.Parallel()
	l := &fakeLambda{}
	if err := (autoscale.LambdaFunction{Client: l, Name: "sluice-reconcile"}).InvokeAsync(
		t.Context(), map[string]int{"a": 1},
	); err != nil {
		t.Fatal(err)
	}
	in := l.calls[0]
	if aws.ToString(in.FunctionName) != "sluice-reconcile" || in.InvocationType != types.InvocationTypeEvent ||
		string(in.Payload) != `{"a":1}` {
		t.Errorf("input %+v", in)
	}
}

func TestLambdaErrorsAreTransient(t *testing.T) {
	t.Parallel()
	l := &fakeLambda{err: errors.New("TooManyRequestsException")}
	for _, err := range []error{
		(autoscale.LambdaMappings{Client: l}).SetMaxConcurrency(t.Context(), "id", 2),
		(autoscale.LambdaFunction{Client: l}).InvokeAsync(t.Context(), nil),
	} {
		if errs.KindOf(err) != errs.Transient || !errors.Is(err, l.err) {
			t.Errorf("%v", err)
		}
	}
	if err := (autoscale.LambdaFunction{Client: l}).InvokeAsync(
		t.Context(), func() {},
	); errs.KindOf(err) != errs.Internal {
		t.Errorf("input that is no JSON: %v", err)
	}
}

// Lambda accepts no change of a mapping while it makes another one.
func TestMappingBeingUpdatedIsConflict(t *testing.T) {
	t.Parallel()
	m := autoscale.LambdaMappings{Client: &fakeLambda{err: &types.ResourceInUseException{}}}
	for _, err := range []error{m.SetMaxConcurrency(t.Context(), "id", 2), m.SetMaxPollers(t.Context(), "id", 2)} {
		if errs.KindOf(err) != errs.Conflict {
			t.Errorf("%v", err)
		}
	}
}
