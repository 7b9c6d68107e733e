package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go/logging"

	"sluice/localstack/cloud"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/services"
	"sluice/tests/client"
)

// deployment is a deployed Sluice and the access to its resources.
type deployment struct {
	admin     cloud.AdminClient
	sqs       *sqs.Client
	logs      *cloudwatchlogs.Client
	s3        *s3.Client
	outputs   map[string]string // of the stack
	resources map[string]string // names of the stack's functions and log groups, by the beginning of the logical id
	local     bool
	memory    int    // MiB of encode
	functions string // what they run on
}

// findDeployment returns the deployment that SLUICE_API names or, without it, the one in the local cloud.
func findDeployment(ctx context.Context, stack string) (deployment, error) {
	root, err := cloud.FindRoot(".")
	if err != nil {
		return deployment{}, err
	}
	admin, err := cloud.NewAdminClient(ctx, root)
	if err != nil {
		return deployment{}, err
	}
	cfg := admin.AWS
	cfg.Logger = logging.Nop{} // the SDK's warnings are none of the report's
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return deployment{}, fmt.Errorf("there are no AWS credentials: set AWS_PROFILE, or sign in: %w", err)
	}
	d := deployment{
		admin: admin, sqs: sqs.NewFromConfig(cfg), logs: cloudwatchlogs.NewFromConfig(cfg),
		local: cfg.BaseEndpoint != nil || os.Getenv("AWS_ENDPOINT_URL") != "",
	}
	d.s3 = s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = d.local })
	if err := d.readStack(ctx, cloudformation.NewFromConfig(cfg), stack); err != nil {
		return d, fmt.Errorf("%w: %w", errNoStack, err)
	}
	if at := strings.TrimRight(d.outputs["ApiUrl"], "/"); at != admin.URL {
		return d, fmt.Errorf("%w: the ApiUrl of the stack %s is not SLUICE_API", errNoStack, stack)
	}
	return d, d.readFunction(ctx, lambda.NewFromConfig(cfg))
}

var errNoStack = errors.New("the stack of this Sluice was not found")

// readStack reads the outputs, and the names of functions and log groups.
func (d *deployment) readStack(ctx context.Context, c *cloudformation.Client, name string) error {
	found, err := c.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &name})
	if err != nil {
		return err
	}
	if len(found.Stacks) != 1 {
		return fmt.Errorf("there are %d stacks %s", len(found.Stacks), name)
	}
	d.outputs, d.resources = map[string]string{}, map[string]string{}
	for _, o := range found.Stacks[0].Outputs {
		d.outputs[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
	}
	pages := cloudformation.NewListStackResourcesPaginator(c, &cloudformation.ListStackResourcesInput{StackName: &name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, r := range page.StackResourceSummaries {
			id := aws.ToString(r.LogicalResourceId)
			switch aws.ToString(r.ResourceType) {
			case "AWS::Lambda::Function", "AWS::Logs::LogGroup": // their ids end in eight digits of a hash
				d.resources[id[:max(0, len(id)-8)]] = aws.ToString(r.PhysicalResourceId)
			}
		}
	}
	return nil
}

// functionName returns the name of a service's function.
func (d deployment) functionName(service string) string {
	return d.resources[services.PascalCase(service)+"Function"]
}

// readFunction reads what the functions run on, from encode.
func (d *deployment) readFunction(ctx context.Context, c *lambda.Client) error {
	name := d.functionName("encode")
	f, err := c.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &name})
	if err != nil {
		return fmt.Errorf("read the configuration of the function encode: %w", err)
	}
	d.memory = int(aws.ToInt32(f.MemorySize))
	d.functions = fmt.Sprintf(
		"%s, %v, changed %s; encode has %d MiB", f.Runtime, f.Architectures, aws.ToString(f.LastModified), d.memory,
	)
	return nil
}

// openClient returns a client with a new token of a tenant, and a function that revokes the token.
func (d deployment) openClient(
	ctx context.Context, tenant string,
) (api *client.Client, revoke func(context.Context) error, err error) {
	token, err := d.admin.CreateToken(ctx, tenant, "videos:read", "videos:write", "operator")
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errNoToken, err)
	}
	return client.New(d.admin.URL, token), func(ctx context.Context) error {
		return d.admin.RevokeToken(ctx, token)
	}, nil
}

var errNoToken = errors.New("no token could be created")

// printHead prints which deployment is checked, without names and addresses of it.
func (d deployment) printHead(out io.Writer) {
	where := d.admin.AWS.Region
	if d.local {
		where = cmp.Or(os.Getenv("CLOUD"), "a local cloud") + ", not AWS"
	}
	fmt.Fprintf(
		out, "Sluice, checked by make smoke on %s\n\nsource     %s (of this program; the deployed one may be another)\n"+
			"region     %s\nfunctions  %s\ncdn        %s\n\n",
		time.Now().UTC().Format(time.RFC3339), readCommit(), where, d.functions,
		map[bool]string{true: "CloudFront", false: "none"}[d.outputs["CdnUrl"] != ""],
	)
}

// readCommit returns the commit of the working copy, or says that it is not known.
func readCommit() string {
	text, err := exec.Command("git", "describe", "--always", "--dirty", "--tags").Output()
	if err != nil {
		return "commit unknown"
	}
	return "commit " + strings.TrimSpace(string(text))
}

// SendToEncode sends a message to the queue of encode.
func (d deployment) SendToEncode(ctx context.Context, body string) error {
	_, err := d.sqs.SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl: aws.String(d.outputs["InboxEncode"]), MessageBody: &body,
	})
	return err
}

// CountObjects returns how many objects there are of a video: its original, and below its prefix in the media bucket.
func (d deployment) CountObjects(ctx context.Context, tenant, videoID, playbackID string) (int, error) {
	prefixes := map[string]string{d.outputs["SourceBucket"]: services.OriginalKey(tenant, videoID)}
	if playbackID != "" {
		prefixes[d.outputs["MediaBucket"]] = playback.ObjectPrefix(playbackID)
	}
	count := 0
	for bucket, prefix := range prefixes {
		page, err := d.s3.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix})
		if err != nil {
			return 0, err
		}
		count += len(page.Contents)
	}
	return count, nil
}
