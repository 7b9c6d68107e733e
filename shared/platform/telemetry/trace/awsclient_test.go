package trace

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// fakeSQS responds as SQS does, and keeps the trace header of the last request.
type fakeSQS struct{ lastHeader atomic.Value }

func (s *fakeSQS) readHeader() string { h, _ := s.lastHeader.Load().(string); return h }

func startFakeSQS(t *testing.T, status int) (aws.Config, *fakeSQS) {
	t.Helper()
	srv := new(fakeSQS)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		srv.lastHeader.Store(r.Header.Get(HeaderName))
		w.Header().Set("X-Amzn-RequestId", "req-1")
		w.WriteHeader(status)
		typ := map[int]string{
			400: "com.amazonaws.sqs#QueueDoesNotExist", 403: "com.amazonaws.sqs#RequestThrottled",
		}[status]
		io.WriteString(
			w,
			`{"__type":"`+
				typ+`","message":"`+secret+`","MessageId":"1","MD5OfMessageBody":"900150983cd24fb0d6963f7d28e17f72"}`,
		)
	}))
	t.Cleanup(web.Close)
	cfg := aws.Config{
		Region: "eu-west-1", BaseEndpoint: &web.URL, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
	}
	InstrumentAWS(&cfg)
	return cfg, srv
}

// newTestCall returns a function that calls a fake SQS with an instrumented client.
func newTestCall(t *testing.T, status int) (func(context.Context) error, *fakeSQS) {
	t.Helper()
	cfg, srv := startFakeSQS(t, status)
	client := sqs.NewFromConfig(cfg)
	return func(ctx context.Context) error {
		_, err := client.SendMessage(
			ctx, &sqs.SendMessageInput{QueueUrl: aws.String("http://sqs/q"), MessageBody: aws.String("abc")},
		)
		return err
	}, srv
}

func TestAWSCallIsRecorded(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name                   string
		status                 int
		error, throttle, fault bool
		typ                    string
	}{
		{"success", 200, false, false, false, ""},
		{"4xx is no fault", 400, true, false, false, "*types.QueueDoesNotExist"},
		{"429", 429, true, true, false, "*smithy.GenericAPIError"},
		{"a throttle with another status", 403, true, true, false, "*types.RequestThrottled"},
		{"5xx", 500, false, false, true, "*smithy.GenericAPIError"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			d := startFakeDaemon(t)
			call, srv := newTestCall(t, row.status)
			ctx, root := StartMessageSpan(d.newContext(runtimeHeader), newMessage(headerA), "")
			if err := call(ctx); (err == nil) != (row.status == 200) {
				t.Errorf("error %v", err)
			}
			root.End(nil)
			doc := d.readOne()
			checkNoSecrets(t, d)
			if len(doc.Subsegments) != 1 || doc.Fault || doc.Error {
				t.Fatalf("root span %+v", doc)
			}
			got := doc.Subsegments[0]
			if got.Error != row.error || got.Throttle != row.throttle || got.Fault != row.fault {
				t.Errorf("error %v, throttle %v, fault %v", got.Error, got.Throttle, got.Fault)
			}
			if want := "Root=" + runtimeRoot + ";Parent=" + got.ID +
				";Sampled=1;Lineage=1:aabbccdd:3"; srv.readHeader() != want {
				t.Errorf("sent %q, want %q", srv.readHeader(), want)
			}
			checkCallSpan(t, got, row.typ)
		})
	}
}

func checkCallSpan(t *testing.T, got document, typ string) {
	t.Helper()
	if got.Name != "SQS" || got.Namespace != "aws" {
		t.Errorf("name %q, namespace %q", got.Name, got.Namespace)
	}
	for key, want := range map[string]any{
		"operation": "SendMessage", "region": "eu-west-1", "queue_url": "http://sqs/q", "request_id": "req-1",
	} {
		if got.AWS[key] != want {
			t.Errorf("%s is %v, want %v", key, got.AWS[key], want)
		}
	}
	if typ == "" && len(got.Cause.Exceptions) == 0 {
		return
	}
	if len(got.Cause.Exceptions) != 1 || got.Cause.Exceptions[0].Type != typ || got.Cause.Exceptions[0].Message != "" {
		t.Errorf("cause %+v, want %s", got.Cause, typ)
	}
}

func TestCallWithoutResponseIsFault(t *testing.T) {
	t.Parallel()
	d := startFakeDaemon(t)
	cfg, _ := startFakeSQS(t, 200)
	cfg.BaseEndpoint = aws.String("http://127.0.0.1:1/" + secret)
	ctx, root := StartMessageSpan(d.newContext(runtimeHeader), newMessage(""), "")
	_, err := sqs.NewFromConfig(cfg).SendMessage(
		ctx, &sqs.SendMessageInput{QueueUrl: aws.String("http://sqs/q"), MessageBody: aws.String("abc")},
	)
	root.End(nil)
	doc := d.readOne()
	if err == nil || len(doc.Subsegments) != 1 || !doc.Subsegments[0].Fault || doc.Subsegments[0].Error {
		t.Errorf("error %v, document %+v", err, doc)
	}
	checkNoSecrets(t, d)
}

// Calls in an unsampled trace are not recorded, and their header says that the trace is not sampled.
func TestUnsampledCallIsNotRecorded(t *testing.T) {
	t.Parallel()
	for name, runtime := range map[string]string{"by the runtime": unsampled, "by the sender": runtimeHeader} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := startFakeDaemon(t)
			call, srv := newTestCall(t, 200)
			ctx, root := StartMessageSpan(d.newContext(runtime), newMessage(headerB), "")
			if err := call(ctx); err != nil {
				t.Error(err)
			}
			_, long := StartLongSpan(ctx, "ffmpeg")
			long.End(nil)
			root.End(nil)
			if h := srv.readHeader(); !strings.Contains(h, "Sampled=0") ||
				!strings.Contains(h, "Lineage=1:aabbccdd:3") {
				t.Errorf("sent %q", h)
			}
			if docs := d.readDocuments(); len(docs) != 0 {
				t.Errorf("recorded %v", docs)
			}
		})
	}
}

// Presigning the hundred part URLs of an upload must not record a hundred steps.
func TestPresigningRecordsNothing(t *testing.T) {
	t.Parallel()
	d := startFakeDaemon(t)
	cfg, srv := startFakeSQS(t, 200)
	client := s3.NewFromConfig(cfg)
	ctx, root := StartRequestSpan(d.newContext(runtimeHeader), nil, false)
	in := &s3.GetObjectInput{Bucket: aws.String("media"), Key: aws.String(secret)}
	url, err := s3.NewPresignClient(client).PresignGetObject(ctx, in)
	if err != nil || !strings.Contains(url.URL, "X-Amz-Signature") {
		t.Errorf("presigned %v, %v", url, err)
	}
	if srv.readHeader() != "" {
		t.Error("presigning called")
	}
	out, err := client.GetObject(ctx, in) // the client's calls are still recorded
	if err != nil {
		t.Fatal(err)
	}
	out.Body.Close()
	root.End(nil)
	doc := d.readOne()
	checkNoSecrets(t, d)
	if len(doc.Subsegments) != 1 || doc.Subsegments[0].AWS["bucket_name"] != "media" {
		t.Errorf("steps %+v", doc.Subsegments)
	}
}
