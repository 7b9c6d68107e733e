//go:build integration

package integration

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// createStack creates a stack and returns it when it is complete.
func createStack(t *testing.T, cfg aws.Config, name, template string) types.Stack {
	t.Helper()
	c := cloudformation.NewFromConfig(cfg)
	if _, err := c.CreateStack(
		t.Context(), &cloudformation.CreateStackInput{StackName: &name, TemplateBody: &template},
	); err != nil {
		t.Fatal(err)
	}
	wait := cloudformation.NewStackCreateCompleteWaiter(c, func(o *cloudformation.StackCreateCompleteWaiterOptions) {
		o.MinDelay = 100 * time.Millisecond
	})
	out, err := wait.WaitForOutput(t.Context(), &cloudformation.DescribeStacksInput{StackName: &name}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return out.Stacks[0]
}

// removeStack removes a stack if it exists. It can be called after the test.
func removeStack(t *testing.T, cfg aws.Config, name string) {
	t.Helper()
	c, ctx := cloudformation.NewFromConfig(cfg), context.WithoutCancel(t.Context())
	if _, err := c.DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: &name}); err != nil {
		t.Error(err)
	}
	wait := cloudformation.NewStackDeleteCompleteWaiter(c, func(o *cloudformation.StackDeleteCompleteWaiterOptions) {
		o.MinDelay = 100 * time.Millisecond
	})
	if err := wait.Wait(ctx, &cloudformation.DescribeStacksInput{StackName: &name}, time.Minute); err != nil {
		t.Error(err)
	}
}
