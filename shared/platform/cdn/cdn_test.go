package cdn_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"
	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/playback"
	"sluice/shared/platform/awsclient/faults"
	"sluice/shared/platform/cdn"
)

const storeARN = "arn:aws:cloudfront::123456789012:key-value-store/0b4a4c2e-0000-4000-8000-000000000000"

func newCloudFront(cfg aws.Config) cdn.CloudFront {
	return cdn.CloudFront{
		KeyValues: cloudfrontkeyvaluestore.NewFromConfig(cfg), Client: cloudfront.NewFromConfig(cfg),
		StoreARN: storeARN, DistributionID: "E1",
	}
}

// recorder answers each request with status 200 and a body, and keeps the requests.
type recorder struct {
	body string
	got  []string // method, host, path, version and body of each request
	auth string   // of the last one
}

func (r *recorder) Do(q *http.Request) (*http.Response, error) {
	var body []byte
	if q.Body != nil {
		body, _ = io.ReadAll(q.Body)
	}
	r.auth = q.Header.Get("Authorization")
	r.got = append(r.got, strings.TrimSpace(strings.Join([]string{
		q.Method, q.URL.Host, q.URL.EscapedPath(), q.Header.Get("If-Match"), string(body),
	}, " ")))
	return &http.Response{
		StatusCode: 200, Header: http.Header{"Etag": {"V2"}}, Body: io.NopCloser(strings.NewReader(r.body)), Request: q,
	}, nil
}

func newRecorder(body string) (*recorder, cdn.CloudFront) {
	r := &recorder{body: body}
	return r, newCloudFront(aws.Config{
		Region: "eu-central-1", Credentials: credentials.NewStaticCredentialsProvider("id", "secret", "session"),
		HTTPClient: r, Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	})
}

// The keys are those that infra/cdn/token.js looks for. All keys are put before some are deleted.
func TestDenyListUpdateRequests(t *testing.T) {
	t.Parallel()
	r, c := newRecorder(`{"ItemCount":1,"TotalSizeInBytes":9,"KvsARN":"` + storeARN + `","Created":1}`)
	if v, err := c.LoadVersion(t.Context()); v != "V2" || err != nil {
		t.Errorf("version %q, %v", v, err)
	}
	if !strings.Contains(r.auth, "AWS4-ECDSA-P256-SHA256") {
		t.Errorf("signed by %q, not Signature Version 4A", r.auth)
	}
	for _, allow := range [][]string{nil, {"pb"}} {
		if err := c.UpdateDenyList(t.Context(), "V1", []string{"pa"}, allow); err != nil {
			t.Fatal(err)
		}
	}
	const host = " 123456789012.cloudfront-kvs.global.api.aws "
	path := "/key-value-stores/" + strings.NewReplacer(":", "%3A", "/", "%2F").Replace(storeARN)
	want := []string{
		"GET" + host + path,
		"POST" + host + path + `/keys V1 {"Puts":[{"Key":"denied.pa","Value":"1"}]}`,
		"POST" + host + path + `/keys V1 {"Puts":[{"Key":"denied.pa","Value":"1"},{"Key":"denied.pb","Value":"1"}]}`,
		"POST" + host + path + `/keys V2 {"Deletes":[{"Key":"denied.pb"}]}`,
	}
	if d := cmp.Diff(want, r.got); d != "" {
		t.Errorf("requests (-want +got):\n%s", d)
	}
}

func TestInvalidationRequests(t *testing.T) {
	t.Parallel()
	r, c := newRecorder(`<Invalidation><Id>I1</Id><Status>InProgress</Status></Invalidation>`)
	id, err := c.StartInvalidation(t.Context(), playback.Invalidation{Reference: "r1", Paths: []string{"/v/pa/*"}})
	if id != "I1" || err != nil {
		t.Errorf("%q, %v", id, err)
	}
	if ended, err := c.IsInvalidated(t.Context(), "I1"); ended || err != nil {
		t.Errorf("in progress: %t, %v", ended, err)
	}
	r.body = `<Invalidation><Id>I1</Id><Status>Completed</Status></Invalidation>`
	if ended, err := c.IsInvalidated(t.Context(), "I1"); !ended || err != nil {
		t.Errorf("completed: %t, %v", ended, err)
	}
	const path = "cloudfront.amazonaws.com /2020-05-31/distribution/E1/invalidation"
	want := []string{
		"POST " + path + `  <InvalidationBatch xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/">` +
			"<CallerReference>r1</CallerReference><Paths><Items><Path>/v/pa/*</Path></Items><Quantity>1</Quantity>" +
			"</Paths></InvalidationBatch>",
		"GET " + path + "/I1", "GET " + path + "/I1",
	}
	if d := cmp.Diff(want, r.got); d != "" {
		t.Errorf("requests (-want +got):\n%s", d)
	}
}

func respondJSON(status int, body, code string) faults.Answer {
	return faults.Respond(status, body, "Content-Type", "application/json", "X-Amzn-ErrorType", code, "ETag", "V2")
}

func respondXML(status int, code string) faults.Answer {
	return faults.Respond(status, "<ErrorResponse><Error><Code>"+code+"</Code></Error></ErrorResponse>")
}

// TestPromise7KeyValueStoreFaultsEndCalls: each call ends within its function's time, as Transient if it may succeed
// later; as Conflict, after which the entries are read again, if the store has another version.
func TestPromise7KeyValueStoreFaultsEndCalls(t *testing.T) {
	good := respondJSON(200, `{"ItemCount":1,"TotalSizeInBytes":9,"KvsARN":"`+storeARN+`","Created":1}`, "")
	refuse := func(status int, code string) []faults.Answer {
		return []faults.Answer{respondJSON(status, `{"Message":"no"}`, code)}
	}
	faults.Suite{
		Calls: []faults.Call{
			{Name: "version", Good: good, Make: func(ctx context.Context, cfg aws.Config) error {
				_, err := newCloudFront(cfg).LoadVersion(ctx)
				return err
			}},
			{Name: "update", Good: good, Make: func(ctx context.Context, cfg aws.Config) error {
				return newCloudFront(cfg).UpdateDenyList(ctx, "V1", []string{"pa"}, nil)
			}},
		},
		Throttled: refuse(429, "ThrottlingException")[0],
		Failed:    []faults.Answer{refuse(500, "InternalServerException")[0], faults.Respond(503, "")},
		Denied:    refuse(403, "AccessDeniedException")[0], Kind: errs.Internal,
		Others: []faults.Fault{
			{Name: "another version", Answers: refuse(409, "ConflictException"), Kind: errs.Conflict, Attempts: 1},
			{
				Name: "not this version", Answers: refuse(400, "ValidationException"), Calls: []string{"update"},
				Kind: errs.Conflict, Attempts: 1,
			},
			{Name: "full", Answers: refuse(402, "ServiceQuotaExceededException"), Kind: errs.Internal, Attempts: 1},
		},
	}.Run(t)
}

// TestPromise7InvalidationFaultsEndCalls: as above.
func TestPromise7InvalidationFaultsEndCalls(t *testing.T) {
	good := faults.Respond(200, `<Invalidation><Id>I1</Id><Status>Completed</Status></Invalidation>`)
	faults.Suite{
		Calls: []faults.Call{
			{Name: "start", Good: good, Make: func(ctx context.Context, cfg aws.Config) error {
				_, err := newCloudFront(cfg).StartInvalidation(ctx, playback.Invalidation{
					Reference: "r1", Paths: []string{"/v/pa/*"},
				})
				return err
			}},
			{Name: "look", Good: good, Make: func(ctx context.Context, cfg aws.Config) error {
				_, err := newCloudFront(cfg).IsInvalidated(ctx, "I1")
				return err
			}},
		},
		Throttled: respondXML(400, "Throttling"),
		Failed:    []faults.Answer{respondXML(500, "InternalError"), faults.Respond(503, "")},
		Denied:    respondXML(403, "AccessDenied"), Kind: errs.Internal,
	}.Run(t)
}

func TestUnknownInvalidationHasEnded(t *testing.T) {
	t.Parallel()
	c := newCloudFront(aws.Config{
		Region: "eu-central-1", Credentials: credentials.NewStaticCredentialsProvider("id", "secret", "session"),
		HTTPClient: gone{}, Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	})
	if ended, err := c.IsInvalidated(t.Context(), "I1"); !ended || err != nil {
		t.Errorf("%t, %v", ended, err)
	}
}

type gone struct{}

func (gone) Do(r *http.Request) (*http.Response, error) {
	body := "<ErrorResponse><Error><Code>NoSuchInvalidation</Code></Error></ErrorResponse>"
	return &http.Response{
		StatusCode: 404, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r,
	}, nil
}
