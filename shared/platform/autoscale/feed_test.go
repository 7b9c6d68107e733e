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

// client notes what Lambda is asked for.
type client struct {
	updates []*lambda.UpdateEventSourceMappingInput
	calls   []*lambda.InvokeInput
	err     error
}

func (c *client) UpdateEventSourceMapping(_ context.Context, in *lambda.UpdateEventSourceMappingInput, _ ...func(*lambda.Options)) (*lambda.UpdateEventSourceMappingOutput, error) {
	c.updates = append(c.updates, in)
	return &lambda.UpdateEventSourceMappingOutput{}, c.err
}

func (c *client) Invoke(_ context.Context, in *lambda.InvokeInput, _ ...func(*lambda.Options)) (*lambda.InvokeOutput, error) {
	c.calls = append(c.calls, in)
	return &lambda.InvokeOutput{}, c.err
}

func TestLimitSetsTheCeilingAlone(t *testing.T) {
	t.Parallel()
	c := &client{}
	if err := (autoscale.Mappings{Client: c}).Limit(t.Context(), "id", 12); err != nil {
		t.Fatal(err)
	}
	in := c.updates[0]
	if aws.ToString(in.UUID) != "id" || aws.ToInt32(in.ScalingConfig.MaximumConcurrency) != 12 || in.ProvisionedPollerConfig != nil || in.BatchSize != nil || in.Enabled != nil {
		t.Errorf("asked for %+v", in)
	}
}

// TestProvisionSetsPollersAlone: Lambda takes a maximum concurrency and pollers never together.
func TestProvisionSetsPollersAlone(t *testing.T) {
	t.Parallel()
	c := &client{}
	if err := (autoscale.Mappings{Client: c}).Provision(t.Context(), "id", 12); err != nil {
		t.Fatal(err)
	}
	in := c.updates[0]
	if aws.ToString(in.UUID) != "id" || aws.ToInt32(in.ProvisionedPollerConfig.MaximumPollers) != 12 || in.ScalingConfig != nil {
		t.Errorf("asked for %+v", in)
	}
}

func TestWakeDoesNotWait(t *testing.T) {
	t.Parallel()
	c := &client{}
	if err := (autoscale.Function{Client: c, Name: "sluice-reconcile"}).Wake(t.Context(), map[string]int{"a": 1}); err != nil {
		t.Fatal(err)
	}
	in := c.calls[0]
	if aws.ToString(in.FunctionName) != "sluice-reconcile" || in.InvocationType != types.InvocationTypeEvent || string(in.Payload) != `{"a":1}` {
		t.Errorf("asked for %+v", in)
	}
}

func TestMappingErrorsAreTransient(t *testing.T) {
	t.Parallel()
	c := &client{err: errors.New("TooManyRequestsException")}
	for _, err := range []error{(autoscale.Mappings{Client: c}).Limit(t.Context(), "id", 2), (autoscale.Function{Client: c}).Wake(t.Context(), nil)} {
		if errs.KindOf(err) != errs.Transient || !errors.Is(err, c.err) {
			t.Errorf("%v", err)
		}
	}
	if err := (autoscale.Function{Client: c}).Wake(t.Context(), func() {}); errs.KindOf(err) != errs.Internal {
		t.Errorf("what is no JSON: %v", err)
	}
}

// Lambda takes no change of a mapping while it makes another.
func TestAMappingThatIsBeingChangedIsAConflict(t *testing.T) {
	t.Parallel()
	m := autoscale.Mappings{Client: &client{err: &types.ResourceInUseException{}}}
	for _, err := range []error{m.Limit(t.Context(), "id", 2), m.Provision(t.Context(), "id", 2)} {
		if errs.KindOf(err) != errs.Conflict {
			t.Errorf("%v", err)
		}
	}
}
