//go:build integration

package e2e

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"sluice/localstack/cloud"
	"sluice/shared/platform/blob"
	"sluice/tests/browser"
)

// knownKey is a signature with the key that emulators take for root's.
const knownKey = "AWS4-HMAC-SHA256 Credential=test/20261128/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0"

// TestForeignRequestsAreRefused sends requests as a page of another site and a rebound name could: the emulator must
// see none of them, except those that other sites need.
func TestForeignRequestsAreRefused(t *testing.T) {
	t.Parallel()
	w := openDeployment(t)
	object := w.presignObject(t)
	createQueue := w.env.Endpoint + "/?Action=CreateQueue&QueueName=foreign&Version=2012-11-05"
	foreign := map[string]string{"Origin": "https://attacker.test"}
	for _, tt := range []struct {
		name, method, url string
		header            map[string]string
		refused           bool
	}{
		{"a program", "GET", w.env.APIURL + "/studio", nil, false},
		{"invoke URL", "GET", w.env.APIURL + "/studio", foreign, false},
		{"preflight of an invoke URL", "OPTIONS", w.env.APIURL + "/v1/videos", foreign, false},
		{"presigned object", "GET", object, foreign, false},
		{"own page", "GET", w.env.Endpoint + "/_localstack/health", map[string]string{"Origin": w.env.Endpoint}, false},
		{"Origin", "POST", createQueue, foreign, true},
		{"null Origin", "POST", createQueue, map[string]string{"Origin": "null"}, true},
		{"Referer", "GET", createQueue, map[string]string{"Referer": "https://attacker.test/x"}, true},
		{"hidden Referer", "GET", createQueue, map[string]string{"Sec-Fetch-Site": "cross-site"}, true},
		{"preflight", "OPTIONS", w.env.Endpoint + "/2015-03-31/functions", foreign, true},
		{"functions", "GET", w.env.Endpoint + "/2015-03-31/functions", foreign, true},
		{"health", "GET", w.env.Endpoint + "/_localstack/health", foreign, true},
		{"Host", "GET", w.env.Endpoint + "/_localstack/health", map[string]string{"Host": "attacker.test"}, true},
		{
			"Host of an invoke URL", "GET", w.env.APIURL + "/studio",
			map[string]string{"Host": "attacker.test:" + portOf(t, w.env.Endpoint)}, true,
		},
		{
			"signed invoke URL", "POST", w.env.APIURL + "/v1/tokens",
			map[string]string{"Origin": "https://attacker.test", "Authorization": knownKey}, true,
		},
		{"collector", "POST", w.env.XRay + "/TraceSummaries", foreign, true},
		{
			"Host of the collector", "POST", w.env.XRay + "/TraceSummaries", map[string]string{"Host": "attacker.test"},
			true,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, body := send(t, tt.method, tt.url, tt.header)
			if refused := status == http.StatusForbidden && strings.HasPrefix(
				body, "refused: ",
			); refused != tt.refused {
				t.Errorf("%d %.200s", status, body)
			}
		})
	}
	w.checkNoForeignQueue(t)
}

// TestRootKeyIsSecret checks that the key that emulators take for root's creates no token, and that the file of the
// key that does is its owner's alone.
func TestRootKeyIsSecret(t *testing.T) {
	t.Parallel()
	w := openDeployment(t)
	known := w.aws.Copy()
	known.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
	})
	if _, err := (cloud.AdminClient{URL: w.env.APIURL, AWS: known}).CreateToken(t.Context(), "known"); err == nil {
		t.Error("the key `test` creates a token")
	}
	files, err := filepath.Glob(filepath.Join(w.root, "build", "cloud*", "rootkey.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("there is no file of the key: %v", err)
	}
	for _, file := range files {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file, info.Mode(), err)
		}
	}
}

// TestForeignPagesReachNothingInBrowser sends requests from a page of another origin in Chromium, and opens the cloud
// by a name that resolves to this machine.
func TestForeignPagesReachNothingInBrowser(t *testing.T) {
	t.Parallel()
	if err := browser.CheckAvailable(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	w := openDeployment(t)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<title>a page of another site</title>")
	}))
	t.Cleanup(site.Close)
	createQueue := w.env.Endpoint + "/?Action=CreateQueue&QueueName=foreign&Version=2012-11-05"
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	requests := []browser.PageRequest{
		{URL: w.env.APIURL + "/p/public/none/master.m3u8"}, // the function denies it
		{URL: w.presignObject(t)},
		{URL: createQueue, Init: browser.RequestInit{Mode: "no-cors"}},
		{URL: createQueue, Init: browser.RequestInit{Mode: "no-cors", ReferrerPolicy: "no-referrer"}},
		{URL: createQueue, Init: browser.RequestInit{Method: "POST", Mode: "no-cors", Headers: form, Body: "a=b"}},
		{
			URL:  createQueue,
			Init: browser.RequestInit{Method: "POST", Headers: map[string]string{"Authorization": knownKey}},
		},
		{URL: w.env.Endpoint + "/2015-03-31/functions"},
		{URL: w.env.XRay + "/TraceSummaries", Init: browser.RequestInit{Method: "POST", Mode: "no-cors", Body: "{}"}},
	}
	want := []browser.PageResponse{
		{Readable: 403, Answered: 403}, {Readable: 200, Answered: 200}, {Answered: 403}, {Answered: 403},
		{Answered: 403},
		{}, {}, {Answered: 403}, // the browser tells nothing of a response that the page may not read
	}
	// The address and the name are different sites.
	page := strings.Replace(site.URL, "127.0.0.1", "localhost", 1)
	w.checkPageRequests(t, page, requests, want)

	rebound := "http://cloud.rebound.test:" + portOf(t, w.env.Endpoint)
	requests = []browser.PageRequest{{URL: rebound + "/?Action=CreateQueue&QueueName=foreign&Version=2012-11-05"}}
	w.checkPageRequests(t, rebound+"/", requests, []browser.PageResponse{{Readable: 403, Answered: 403}})
	w.checkNoForeignQueue(t)
}

// checkPageRequests sends requests from a page and compares what came of them.
func (w deployment) checkPageRequests(
	t *testing.T, page string, requests []browser.PageRequest, want []browser.PageResponse,
) {
	t.Helper()
	got, err := browser.SendFromPage(t.Context(), w.root, page, requests)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range requests {
		if got[i] != want[i] {
			t.Errorf("%s %.120s: %+v, want %+v", r.Init.Method, r.URL, got[i], want[i])
		}
	}
}

// checkNoForeignQueue checks that no request has created a queue.
func (w deployment) checkNoForeignQueue(t *testing.T) {
	t.Helper()
	found, err := sqs.NewFromConfig(w.aws).ListQueues(
		t.Context(), &sqs.ListQueuesInput{QueueNamePrefix: aws.String("foreign")},
	)
	if err != nil || len(found.QueueUrls) > 0 {
		t.Errorf("%v, %v", found, err)
	}
}

// presignObject writes an object that pages may read, and returns a URL for it.
func (w deployment) presignObject(t *testing.T) string {
	t.Helper()
	bucket, err := w.env.Outputs.Get("MediaBucket")
	if err != nil {
		t.Fatal(err)
	}
	c, key := blob.NewClient(w.aws, true), "crossorigin/"+strings.ReplaceAll(t.Name(), "/", "-")
	if _, err := c.PutObject(
		t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("object")},
	); err != nil {
		t.Fatal(err)
	}
	signed, err := s3.NewPresignClient(c).PresignGetObject(
		t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key}, s3.WithPresignExpires(time.Hour),
	)
	if err != nil {
		t.Fatal(err)
	}
	return signed.URL
}

// send sends a request with the header fields, Host among them, and returns the status and the body.
func send(t *testing.T, method, target string, header map[string]string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	r.Host = header["Host"]
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

func portOf(t *testing.T, text string) string {
	t.Helper()
	at, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return at.Port()
}
