//go:build integration

// Package e2e sends real videos through the deployed app, over HTTP as a client does, and checks the results.
package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"sluice/localstack/cloud"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/store"
	"sluice/tests/client"
)

// waitLimit bounds each wait for the deployment. It is far above what an idle machine needs, so that a busy one passes
// too.
const waitLimit = 5 * time.Minute

// deployment is the deployed app with access to its resources.
type deployment struct {
	env  cloud.Env
	aws  aws.Config
	root string
}

func openDeployment(t *testing.T) deployment {
	t.Helper()
	root, err := cloud.FindRoot(".")
	if err != nil {
		t.Fatal(err)
	}
	env, err := cloud.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	return deployment{env: env, aws: env.AWSConfig(), root: root}
}

// newTenantClient returns a client with a new token of the tenant.
func (d deployment) newTenantClient(t *testing.T, name string) *client.Client {
	t.Helper()
	token, err := cloud.AdminClient{URL: d.env.APIURL, AWS: d.aws}.CreateToken(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return client.New(d.env.APIURL, token)
}

// signRequest signs a request to an AWS service with the credentials of the account.
func (d deployment) signRequest(t *testing.T, r *http.Request, service string, body []byte) {
	t.Helper()
	who, err := d.aws.Credentials.Retrieve(r.Context())
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(
		r.Context(), who, r, hex.EncodeToString(sum[:]), service, d.aws.Region, time.Now(),
	); err != nil {
		t.Fatal(err)
	}
}

// stackOutput returns an output of the stack.
func (d deployment) stackOutput(t *testing.T, name string) string {
	t.Helper()
	v, err := d.env.Outputs.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (d deployment) newStore(t *testing.T) store.Store {
	return store.NewDynamoDB(dynamodb.NewFromConfig(d.aws), d.stackOutput(t, "TableName"))
}

func (d deployment) sqsClient() *sqs.Client { return sqs.NewFromConfig(d.aws) }

// listMediaObjects returns the ETag and the time of every object in the media bucket with a prefix, by key.
func (d deployment) listMediaObjects(t *testing.T, prefix string) map[string]string {
	t.Helper()
	etags := map[string]string{}
	pages := s3.NewListObjectsV2Paginator(blob.NewClient(d.aws, true), &s3.ListObjectsV2Input{
		Bucket: aws.String(d.stackOutput(t, "MediaBucket")), Prefix: &prefix,
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Contents {
			etags[*o.Key] = aws.ToString(o.ETag) + " " + o.LastModified.String()
		}
	}
	return etags
}

// waitUntilIdle waits until every queue was seen empty, with nothing in flight, five times in a row. A message that is
// sent between two checks is seen at the next one.
func (d deployment) waitUntilIdle(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waitLimit)
	defer cancel()
	for calm := 0; calm < 5; {
		select {
		case <-ctx.Done():
			t.Fatalf("the queues are not empty after %v", waitLimit)
		case <-time.After(100 * time.Millisecond):
		}
		calm++
		for _, name := range []string{"InboxInspect", "InboxEncode", "InboxEncodeBulk", "InboxPublish"} {
			if d.queueDepth(t, d.stackOutput(t, name)) > 0 {
				calm = 0
			}
		}
	}
}

// countDeadLetters returns the number of dead letters of each service, after reconcile has stored all of them.
func (d deployment) countDeadLetters(t *testing.T) map[string]int {
	t.Helper()
	d.runReconciler(t)
	n := map[string]int{}
	for cursor := ""; ; {
		page, next, err := d.newStore(t).ListDeadLetters(
			t.Context(), video.DeadLetterFilter{}, cursor, time.Now(), 1000,
		)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range page {
			n[l.Service]++
		}
		if cursor = next; next == "" {
			return n
		}
	}
}

// runReconciler invokes reconcile now, rather than at its next minute.
func (d deployment) runReconciler(t *testing.T) {
	t.Helper()
	d.callLambda(t, http.MethodPost, "functions/sluice-reconcile/invocations", nil, nil)
}

// queueDepth returns the number of messages that wait or are in flight.
func (d deployment) queueDepth(t *testing.T, queue string) (n int) {
	t.Helper()
	out, err := d.sqsClient().GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{
		QueueUrl: &queue,
		AttributeNames: []types.QueueAttributeName{
			"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range out.Attributes {
		i, err := strconv.Atoi(v)
		if err != nil {
			t.Fatal(err)
		}
		n += i
	}
	return n
}

// uploadUntilReady uploads a file and waits until the video is ready.
func uploadUntilReady(t *testing.T, c *client.Client, path string) client.Video {
	t.Helper()
	v := uploadUntilFinal(t, c, path)
	if v.State != client.Ready {
		t.Fatalf("%s is %s: %v", path, v.State, v.Error)
	}
	return v
}

func uploadUntilFinal(t *testing.T, c *client.Client, path string) client.Video {
	t.Helper()
	u, err := c.UploadFile(t.Context(), path, client.UploadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), waitLimit)
	defer cancel()
	v, err := c.WaitForVideo(ctx, u.VideoID, 200*time.Millisecond, nil)
	if err != nil {
		t.Fatalf("%s, last seen %s: %v", path, v.State, err)
	}
	return v
}

func (d deployment) footagePath(name string) string {
	return filepath.Join(d.root, "build", "footage", name)
}

// runTool runs ffmpeg or ffprobe, without the sandbox, on files of the test.
func (d deployment) runTool(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(d.root, "build", "tools", name), args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v: %v", name, args, err)
	}
	return out
}

// makeNumberedVideo creates a 1280×720 H.264/AAC MP4 in which frame n has the brightness frameBrightness(n), so that
// each frame can be identified after encoding.
func (d deployment) makeNumberedVideo(t *testing.T, rate string, seconds int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "coded.mp4")
	d.runTool(
		t, "ffmpeg", "-v", "error", "-f", "lavfi", "-i",
		"color=gray:s=16x16:r="+
			rate+",format=gray,geq=lum=20+mod(N*7\\,200):cb=128:cr=128,scale=1280:720:flags=neighbor",
		"-f", "lavfi", "-i", "sine=440:r=48000", "-t", strconv.Itoa(seconds), "-c:v", "libx264", "-preset", "veryfast",
		"-crf", "18", "-bf", "3", "-g", "60", "-pix_fmt", "yuv420p", "-c:a", "aac", "-movflags", "+faststart", path,
	)
	return path
}

// frameBrightness returns the brightness of frame n of makeNumberedVideo.
func frameBrightness(n int) int { return 20 + n*7%200 }
