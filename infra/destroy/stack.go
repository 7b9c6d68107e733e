package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// stackTimeout is how long to wait for the deletion of the stack. CloudFront alone takes a quarter of an hour.
const stackTimeout = time.Hour

// keptResource is a resource that a stack leaves behind: its type, and its name or ARN.
type keptResource struct{ typ, id string }

func (r keptResource) String() string { return keptTypes[r.typ] + " " + r.id }

// keptTypes has the types of resources that the stack leaves behind, with a word for people.
var keptTypes = map[string]string{
	"AWS::S3::Bucket":             "bucket",
	"AWS::DynamoDB::Table":        "table",
	"AWS::SecretsManager::Secret": "secret",
}

// stack is a stack in CloudFormation, existing or deleted.
type stack struct {
	client *cloudformation.Client
	id     string
	exists bool
	kept   []keptResource
}

// findStack returns the stack with a name or, if there is none, the last one with that name that was deleted.
func findStack(ctx context.Context, cfg aws.Config, name string) (stack, error) {
	s := stack{client: cloudformation.NewFromConfig(cfg)}
	found, err := s.client.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &name})
	switch {
	case err == nil && len(found.Stacks) == 1 && found.Stacks[0].StackStatus != types.StackStatusDeleteComplete:
		s.id, s.exists = aws.ToString(found.Stacks[0].StackId), true
		s.kept, err = s.listKeptResources(ctx)
	case err == nil || hasCode(err, "ValidationError"): // there is no such stack; it has no code of its own
		if s.id, err = s.findDeletedStack(ctx, name); err == nil {
			s.kept, err = s.listSkippedResources(ctx)
		}
	}
	return s, err
}

// findDeletedStack returns the id of the last deleted stack with a name.
func (s stack) findDeletedStack(ctx context.Context, name string) (string, error) {
	var last types.StackSummary
	pages := cloudformation.NewListStacksPaginator(s.client, &cloudformation.ListStacksInput{
		StackStatusFilter: []types.StackStatus{types.StackStatusDeleteComplete},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", err
		}
		for _, one := range page.StackSummaries {
			if aws.ToString(one.StackName) == name && (last.StackId == nil ||
				aws.ToTime(one.DeletionTime).After(aws.ToTime(last.DeletionTime))) {
				last = one
			}
		}
	}
	if last.StackId == nil {
		return "", fmt.Errorf("there is no stack %s in this account and region, and was none in the last 90 days", name)
	}
	return *last.StackId, nil
}

// listKeptResources returns what an existing stack will leave behind.
func (s stack) listKeptResources(ctx context.Context) (kept []keptResource, err error) {
	pages := cloudformation.NewListStackResourcesPaginator(s.client,
		&cloudformation.ListStackResourcesInput{StackName: &s.id})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, r := range page.StackResourceSummaries {
			kept = appendKept(kept, r.ResourceType, r.PhysicalResourceId)
		}
	}
	return kept, nil
}

// listSkippedResources returns what a deleted stack has left behind, according to its events.
func (s stack) listSkippedResources(ctx context.Context) (kept []keptResource, err error) {
	pages := cloudformation.NewDescribeStackEventsPaginator(s.client,
		&cloudformation.DescribeStackEventsInput{StackName: &s.id})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, e := range page.StackEvents {
			if e.ResourceStatus == types.ResourceStatusDeleteSkipped {
				kept = appendKept(kept, e.ResourceType, e.PhysicalResourceId)
			}
		}
	}
	return kept, nil
}

// appendKept appends a resource if it is of one of keptTypes and not in the list yet.
func appendKept(kept []keptResource, typ, id *string) []keptResource {
	r := keptResource{aws.ToString(typ), aws.ToString(id)}
	if keptTypes[r.typ] == "" || r.id == "" || slices.Contains(kept, r) {
		return kept
	}
	return append(kept, r)
}

// delete deletes the stack, if it exists, and waits until it is gone.
func (s stack) delete(ctx context.Context, out io.Writer) error {
	if !s.exists {
		return nil
	}
	if _, err := s.client.DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: &s.id}); err != nil {
		return err
	}
	fmt.Fprintln(out, "deleting the stack; CloudFront takes a quarter of an hour")
	wait := cloudformation.NewStackDeleteCompleteWaiter(
		s.client, func(o *cloudformation.StackDeleteCompleteWaiterOptions) {
			o.MinDelay = time.Second
		},
	)
	return wait.Wait(ctx, &cloudformation.DescribeStacksInput{StackName: &s.id}, stackTimeout)
}
