package store_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/access"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/fairshare"
	"sluice/shared/domain/idempotency"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/quota"
	"sluice/shared/domain/scaling"
	"sluice/shared/domain/video"
	"sluice/shared/platform/store"
	"sluice/tests/awsmodel"
)

// fakeDynamoDB is an HTTP client that records requests. It answers with the next of its responses, or with the last
// one again.
type fakeDynamoDB struct {
	responses []response

	mu       sync.Mutex
	requests []request
}

type response struct {
	status int
	body   string
	err    error // the connection broke
}

type request struct {
	Action         string `json:"-"`
	ConsistentRead bool
	IndexName      string
	Token          string `json:"ClientRequestToken"`
	Item           json.RawMessage
	RequestItems   json.RawMessage
	length         int // bytes
}

func (d *fakeDynamoDB) Do(r *http.Request) (*http.Response, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	req := request{Action: action, length: len(body)}
	if err := json.Unmarshal(body, &req); err != nil {
		return nil, err
	}
	response := d.responses[min(len(d.requests), len(d.responses)-1)]
	d.requests = append(d.requests, req)
	if response.err != nil {
		return nil, response.err
	}
	return &http.Response{
		StatusCode: response.status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader([]byte(response.body))),
	}, nil
}

func (d *fakeDynamoDB) newStore(t testing.TB, r aws.Retryer) store.Store {
	t.Helper()
	return store.NewDynamoDB(dynamodb.New(dynamodb.Options{
		Region: "eu-central-1", Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
		HTTPClient: awsmodel.NewClient(t, d), Retryer: r,
	}), "table")
}

// methodCall is a call of a method of Store and the actions of DynamoDB that it takes.
type methodCall struct {
	name string
	run  func(t *testing.T, s store.Store) error
	want []string
}

func methodCalls() []methodCall {
	position := fairshare.QueuePosition{Planned: time.Unix(1, 0), Video: "v"}
	v, deadLetter := video.Video{Tenant: "acme", ID: "v"}, video.DeadLetterID("encode", "m", time.Time{})
	return []methodCall{
		{"CreateTenant", func(t *testing.T, s store.Store) error {
			return s.CreateTenant(t.Context(), access.Tenant{ID: "acme"})
		}, []string{"TransactWriteItems"}},
		{"LoadTenant", func(t *testing.T, s store.Store) error {
			_, err := s.LoadTenant(t.Context(), "acme")
			return err
		}, []string{"GetItem"}},
		{"CreateToken", func(t *testing.T, s store.Store) error {
			return s.CreateToken(t.Context(), access.Token{ID: "k"})
		}, []string{"TransactWriteItems"}},
		{"LoadToken", func(t *testing.T, s store.Store) error {
			_, err := s.LoadToken(t.Context(), "k")
			return err
		}, []string{"GetItem"}},
		{"DeleteToken", func(t *testing.T, s store.Store) error {
			return s.DeleteToken(t.Context(), "k")
		}, []string{"BatchWriteItem"}},
		{"CreateVideo", func(t *testing.T, s store.Store) error {
			return s.CreateVideo(t.Context(), v, video.Upload{Tenant: "acme", ID: "u"})
		}, []string{"Query", "TransactWriteItems"}},
		{"LoadVideo", func(t *testing.T, s store.Store) error {
			_, err := s.LoadVideo(t.Context(), "acme", "v")
			return err
		}, []string{"GetItem", "Query"}},
		{"LoadUpload", func(t *testing.T, s store.Store) error {
			_, err := s.LoadUpload(t.Context(), "acme", "u")
			return err
		}, []string{"GetItem"}},
		{"SaveVideo", func(t *testing.T, s store.Store) error {
			return s.SaveVideo(t.Context(), v, video.TimelineEntry{})
		}, []string{"TransactWriteItems"}},
		{"LoadVideos", func(t *testing.T, s store.Store) error {
			_, err := s.LoadVideos(t.Context(), video.Ref{Tenant: "acme", ID: "v"}, video.Ref{Tenant: "acme", ID: "w"})
			return err
		}, []string{"BatchGetItem"}},
		{"LoadFinishedTasks", func(t *testing.T, s store.Store) error {
			_, err := s.LoadFinishedTasks(t.Context(), "acme", "v")
			return err
		}, []string{"Query"}},
		{"FinishTasks", func(t *testing.T, s store.Store) error {
			_, err := s.FinishTasks(t.Context(), "acme", "v", 1, video.EncodeDone{})
			return err
		}, []string{"PutItem", "UpdateItem"}},
		{"FinishTasks of a long video", func(t *testing.T, s store.Store) error {
			_, err := s.FinishTasks(
				t.Context(), "acme", "v", 300, video.EncodeDone{}, video.EncodeDone{Result: video.Result{
					Task: video.Task{Number: 1},
				}},
			)
			return err
		}, []string{"TransactWriteItems", "UpdateItem", "Query"}},
		{"BeginIdempotency", func(t *testing.T, s store.Store) error {
			_, err := s.BeginIdempotency(t.Context(), idempotency.Record{Owner: "acme"}, time.Time{})
			return err
		}, []string{"PutItem"}},
		{"CreateVideoIdempotently", func(t *testing.T, s store.Store) error {
			return s.CreateVideoIdempotently(
				t.Context(), v, video.Upload{Tenant: "acme", ID: "u"}, idempotency.Record{Owner: "acme"},
			)
		}, []string{"Query", "TransactWriteItems"}},
		{"CompleteIdempotency", func(t *testing.T, s store.Store) error {
			return s.CompleteIdempotency(t.Context(), idempotency.Record{Owner: "acme"})
		}, []string{"PutItem"}},
		{"ListVideos", func(t *testing.T, s store.Store) error {
			_, _, err := s.ListVideos(t.Context(), "acme", video.Filter{}, "", 1)
			return err
		}, []string{"Query"}},
		{"UpdateDetails", func(t *testing.T, s store.Store) error {
			return s.UpdateDetails(t.Context(), "acme", "v", video.Details{})
		}, []string{"UpdateItem"}},
		{"LoadTimeline", func(t *testing.T, s store.Store) error {
			_, err := s.LoadTimeline(t.Context(), "acme", "v")
			return err
		}, []string{"Query", "Query"}},
		{"ListOverdueVideos", func(t *testing.T, s store.Store) error {
			_, err := s.ListOverdueVideos(t.Context(), time.Now(), 1)
			return err
		}, []string{"Query", "Query", "Query", "Query"}},
		{"DeleteTaskResults", func(t *testing.T, s store.Store) error {
			return s.DeleteTaskResults(t.Context(), "acme", "v")
		}, []string{"Query", "Query"}},
		{"CreateProducer", func(t *testing.T, s store.Store) error {
			return s.CreateProducer(t.Context(), access.Producer{ID: "src_1", Sender: "AIDA"})
		}, []string{"TransactWriteItems"}},
		{"ListProducersBySender", func(t *testing.T, s store.Store) error {
			_, err := s.ListProducersBySender(t.Context(), "AIDA")
			return err
		}, []string{"Query"}},
		{"ListProducers", func(t *testing.T, s store.Store) error {
			_, err := s.ListProducers(t.Context())
			return err
		}, []string{"Query"}},
		{"DeleteProducer", func(t *testing.T, s store.Store) error {
			return s.DeleteProducer(t.Context(), "src_1")
		}, []string{"GetItem", "BatchWriteItem", "BatchWriteItem"}},
		{"CreateDeadLetter", func(t *testing.T, s store.Store) error {
			return s.CreateDeadLetter(t.Context(), video.DeadLetter{ID: deadLetter})
		}, []string{"PutItem"}},
		{"LoadDeadLetter", func(t *testing.T, s store.Store) error {
			_, err := s.LoadDeadLetter(t.Context(), deadLetter)
			return err
		}, []string{"GetItem"}},
		{"UpdateDeadLetter", func(t *testing.T, s store.Store) error {
			return s.UpdateDeadLetter(t.Context(), video.DeadLetter{}, video.DeadLetter{ID: deadLetter})
		}, []string{"PutItem"}},
		{"ListDeadLetters", func(t *testing.T, s store.Store) error {
			_, _, err := s.ListDeadLetters(
				t.Context(), video.DeadLetterFilter{}, deadLetter,
				time.Unix(0, 0).Add(video.DeadLetterRetention+45*24*time.Hour), 1,
			)
			return err
		}, []string{"Query"}},
		{"LoadInFlightLimit", func(t *testing.T, s store.Store) error {
			_, err := s.LoadInFlightLimit(t.Context(), "acme", video.Bulk)
			return err
		}, []string{"GetItem"}},
		{"SaveInFlightLimit", func(t *testing.T, s store.Store) error {
			return s.SaveInFlightLimit(t.Context(), fairshare.InFlightLimit{Tenant: "acme"})
		}, []string{"PutItem"}},
		{"LoadScalingState", func(t *testing.T, s store.Store) error {
			_, err := s.LoadScalingState(t.Context())
			return err
		}, []string{"GetItem"}},
		{"SaveScalingState", func(t *testing.T, s store.Store) error {
			return s.SaveScalingState(t.Context(), scaling.State{Version: 1})
		}, []string{"PutItem"}},
		{"LoadDenyEntry", func(t *testing.T, s store.Store) error {
			_, err := s.LoadDenyEntry(t.Context(), "p1")
			return err
		}, []string{"GetItem"}},
		{"SaveDenyEntry", func(t *testing.T, s store.Store) error {
			return s.SaveDenyEntry(t.Context(), playback.DenyEntry{
				DenyRule: playback.DenyRule{Playback: "p1"}, Revision: 1,
			})
		}, []string{"PutItem"}},
		{"ApplyDenyRule", func(t *testing.T, s store.Store) error {
			rule := playback.DenyRule{Playback: "p1", Status: playback.Denied, Version: 1}
			_, err := s.ApplyDenyRule(t.Context(), rule)
			return err
		}, []string{"GetItem", "PutItem"}},
		{"CheckQuota", func(t *testing.T, s store.Store) error {
			return s.CheckQuota(t.Context(), v)
		}, []string{"Query"}},
		{"LoadUsage", func(t *testing.T, s store.Store) error {
			_, _, err := s.LoadUsage(t.Context(), "acme", time.Now(), time.Now())
			return err
		}, []string{"Query"}},
		{"SaveLimits", func(t *testing.T, s store.Store) error {
			return s.SaveLimits(t.Context(), "acme", quota.Limits{quota.UploadsOpen: 1})
		}, []string{"UpdateItem"}},
		{"ListDenySteps", func(t *testing.T, s store.Store) error {
			_, err := s.ListDenySteps(t.Context(), playback.WriteStep, 1)
			return err
		}, []string{"Query"}},
		{"EnqueuePosition", func(t *testing.T, s store.Store) error {
			return s.EnqueuePosition(t.Context(), "acme", video.Bulk, position)
		}, []string{"PutItem"}},
		{"ListQueuePositions", func(t *testing.T, s store.Store) error {
			_, err := s.ListQueuePositions(t.Context(), "acme", video.Bulk, position, 1)
			return err
		}, []string{"Query"}},
		{"DequeuePositions", func(t *testing.T, s store.Store) error {
			return s.DequeuePositions(t.Context(), "acme", video.Bulk, position)
		}, []string{"BatchWriteItem"}},
		{"CountOpenDeadLetters", func(t *testing.T, s store.Store) error {
			_, err := s.CountOpenDeadLetters(t.Context(), "encode")
			return err
		}, []string{"Query"}},
		{"ListTaskResults", func(t *testing.T, s store.Store) error {
			_, err := s.ListTaskResults(t.Context(), "acme", "v")
			return err
		}, []string{"Query"}},
	}
}

// TestMethodsMakeDocumentedCalls checks that each method takes the actions that the package comment lists for it, and
// that every read of the table is consistent.
func TestMethodsMakeDocumentedCalls(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, tt := range methodCalls() {
		known[tt.name] = true
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := &fakeDynamoDB{
				responses: []response{{
					200, `{"Item":{"tenant":{"S":"acme"},"sender":{"S":"AIDA"},"state":{"S":"{}"}}}`, nil,
				}},
			}
			if err := tt.run(t, d.newStore(t, aws.NopRetryer{})); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range d.requests {
				got = append(got, r.Action)
				if read := r.Action == "GetItem" || r.Action == "Query" && r.IndexName == ""; read != r.ConsistentRead {
					t.Errorf("%s: consistent is %t", r.Action, r.ConsistentRead)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("differs (-want +got):\n%s", diff)
			}
		})
	}
	for m := range reflect.TypeFor[store.Store]().Methods() {
		if !known[m.Name] {
			t.Errorf("methodCalls lacks %s", m.Name)
		}
	}
}

func TestDynamoDBErrorsMapToKinds(t *testing.T) {
	t.Parallel()
	cancelled := func(reasons ...string) response {
		body := `{"__type":"TransactionCanceledException","CancellationReasons":[{"Code":"` +
			strings.Join(reasons, `"},{"Code":"`) + `"}]}`
		return response{400, body, nil}
	}
	for _, tt := range []struct {
		name   string
		answer response
		kind   errs.Kind
		code   string
	}{
		{"condition", cancelled("ConditionalCheckFailed"), errs.Conflict, "version_stale"},
		{"condition of the second", cancelled("None", "ConditionalCheckFailed"), errs.Conflict, "version_stale"},
		{"another transaction", cancelled("TransactionConflict", "None"), errs.Transient, ""},
		{"a row in a transaction", response{400, `{"__type":"TransactionConflictException"}`, nil}, errs.Transient, ""},
		{"throttled in a transaction", cancelled("None", "ThrottlingError"), errs.Transient, ""},
		{"row too large", cancelled("ItemCollectionSizeLimitExceeded"), errs.Internal, ""},
		{"cancelled for no reason", cancelled("None"), errs.Internal, ""},
		{"throttled", response{400, `{"__type":"ThrottlingException"}`, nil}, errs.Transient, ""},
		{
			"over the table's throughput", response{400, `{"__type":"ProvisionedThroughputExceededException"}`, nil},
			errs.Transient, "",
		},
		{"their fault", response{500, `{"__type":"InternalServerError"}`, nil}, errs.Transient, ""},
		{"unavailable", response{503, ``, nil}, errs.Transient, ""},
		{"broken connection", response{err: errors.New("connection reset by peer")}, errs.Transient, ""},
		{"no table", response{400, `{"__type":"ResourceNotFoundException"}`, nil}, errs.Internal, ""},
		{"no right", response{400, `{"__type":"AccessDeniedException"}`, nil}, errs.Internal, ""},
		{"malformed", response{400, `{"__type":"ValidationException"}`, nil}, errs.Internal, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := &fakeDynamoDB{responses: []response{tt.answer}}
			err := d.newStore(t, aws.NopRetryer{}).SaveVideo(
				t.Context(), video.Video{Tenant: "acme", ID: "v"}, video.TimelineEntry{},
			)
			var e *errs.Error
			if !errors.As(err, &e) || e.Kind != tt.kind || string(e.Code) != tt.code || e.Op != "store.SaveVideo" {
				t.Errorf("got %v, want %s %s", err, tt.kind, tt.code)
			}
		})
	}
}

// TestRetryAfterLostResponseReusesToken: the SDK repeats a transaction after a lost answer with the same token, so that
// DynamoDB knows it is the same one.
func TestRetryAfterLostResponseReusesToken(t *testing.T) {
	t.Parallel()
	d := &fakeDynamoDB{responses: []response{{err: errors.New("connection reset by peer")}, {200, `{}`, nil}}}
	s := d.newStore(t, retry.NewStandard(func(o *retry.StandardOptions) {
		o.Backoff = retry.NewExponentialJitterBackoff(1)
	}))
	if err := s.SaveVideo(t.Context(), video.Video{Tenant: "acme", ID: "v"}, video.TimelineEntry{}); err != nil {
		t.Fatal(err)
	}
	if len(d.requests) != 2 || d.requests[0].Token == "" || d.requests[0].Token != d.requests[1].Token {
		t.Errorf("got calls %+v, want two with one token", d.requests)
	}
}

func TestQueryReadsAllPages(t *testing.T) {
	t.Parallel()
	d := &fakeDynamoDB{responses: []response{
		{
			200,
			`{"Items":[{"result":{"S":"{\"task\":{\"number\":1}}"}}],"LastEvaluatedKey":{"pk":{"S":"p"},"sk":{"S":"s"}}}`,
			nil,
		},
		{200, `{"Items":[],"LastEvaluatedKey":{"pk":{"S":"p"},"sk":{"S":"t"}}}`, nil},
		{200, `{"Items":[{"result":{"S":"{\"task\":{\"number\":2}}"}}]}`, nil},
	}}
	got, err := d.newStore(t, aws.NopRetryer{}).ListTaskResults(t.Context(), "acme", "v")
	if err != nil {
		t.Fatal(err)
	}
	want := []video.Result{{Task: video.Task{Number: 1}}, {Task: video.Task{Number: 2}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("differs (-want +got):\n%s", diff)
	}
}

// ListOverdueVideos reads as many pages as the limit needs, in each of the four shards.
func TestListOverdueVideosReadsAllPages(t *testing.T) {
	t.Parallel()
	page := func(id, next string) response {
		item := `{"pk":{"S":"VIDEO#acme#` + id + `"},"due":{"S":"` + id + `"}}`
		return response{200, `{"Items":[` + item + `]` + next + `}`, nil}
	}
	const more = `,"LastEvaluatedKey":{"pk":{"S":"p"},"sk":{"S":"s"}}`
	responses := []response{
		page("1", more), page("2", ""), page("3", more), page("4", more), page("5", more), page("6", ""), page("7", ""),
	}
	d := &fakeDynamoDB{responses: responses}
	got, err := d.newStore(t, aws.NopRetryer{}).ListOverdueVideos(t.Context(), time.Now(), 3)
	want := []video.Ref{{Tenant: "acme", ID: "1"}, {Tenant: "acme", ID: "2"}, {Tenant: "acme", ID: "3"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" || len(d.requests) != len(responses) {
		t.Errorf("%d requests, %v; differs (-want +got):\n%s", len(d.requests), err, diff)
	}
}

// A transaction that meets another one at the row of its tenant is repeated; the limits are read again before.
func TestReservationIsRepeatedAfterConflict(t *testing.T) {
	t.Parallel()
	none := response{200, `{"Items":[]}`, nil}
	met := response{
		400, `{"__type":"TransactionCanceledException","CancellationReasons":[` +
			`{"Code":"None"},{"Code":"None"},{"Code":"None"},{"Code":"TransactionConflict"},{"Code":"None"}]}`, nil,
	}
	d := &fakeDynamoDB{responses: []response{none, met, none, met, none, {200, `{}`, nil}}}
	v := video.Video{Tenant: "acme", ID: "v", State: video.Waiting}
	if err := d.newStore(t, aws.NopRetryer{}).CreateVideo(
		t.Context(), v, video.Upload{Tenant: "acme", ID: "u"},
	); err != nil || len(d.requests) != 6 || d.requests[1].Token == d.requests[3].Token {
		t.Errorf("%d requests, %v", len(d.requests), err)
	}
}

// A reservation whose limit others have reached since it was read is rejected; one that meets an existing row is a
// conflict, whatever the limits are.
func TestConditionsOfReservationsAreTold(t *testing.T) {
	t.Parallel()
	full := response{200, `{"Items":[{"pk":{"S":"QUOTA#acme"},"sk":{"S":"QUOTA"},"uploads_open":{"N":"200"}}]}`, nil}
	none := response{200, `{"Items":[]}`, nil}
	failed := func(reasons string) response {
		return response{400, `{"__type":"TransactionCanceledException","CancellationReasons":[` + reasons + `]}`, nil}
	}
	const ok, no = `{"Code":"None"}`, `{"Code":"ConditionalCheckFailed"}`
	for _, tt := range []struct {
		name    string
		reasons string
		kind    errs.Kind
		code    errs.Code
	}{
		{"the limit is reached", strings.Join([]string{ok, ok, ok, no, ok}, ","), errs.Exhausted, "quota_exceeded"},
		{"a row exists", strings.Join([]string{no, ok, ok, no, ok}, ","), errs.Conflict, "upload_exists"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := &fakeDynamoDB{responses: []response{none, failed(tt.reasons), full}}
			err := d.newStore(t, aws.NopRetryer{}).CreateVideo(t.Context(),
				video.Video{Tenant: "acme", ID: "v", State: video.Waiting}, video.Upload{Tenant: "acme", ID: "u"})
			if errs.KindOf(err) != tt.kind || errs.ProblemOf(err).Code != tt.code {
				t.Errorf("got %v, want %s %s", err, tt.kind, tt.code)
			}
		})
	}
}
