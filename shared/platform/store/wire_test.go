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

	"sluice/shared/domain/errs"
	"sluice/shared/domain/scaling"
	"sluice/shared/domain/video"
	"sluice/shared/platform/store"
)

// wire stands where DynamoDB would: it keeps the requests and gives the next of its answers, or the last one again.
type wire struct {
	answers []answer

	mu    sync.Mutex
	calls []call
}

type answer struct {
	status int
	body   string
	err    error // the connection broke
}

type call struct {
	Action         string `json:"-"`
	ConsistentRead bool
	IndexName      string
	Token          string `json:"ClientRequestToken"`
	Item           json.RawMessage
	RequestItems   json.RawMessage
	length         int // bytes
}

func (w *wire) Do(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	c := call{Action: action, length: len(body)}
	if err := json.Unmarshal(body, &c); err != nil {
		return nil, err
	}
	a := w.answers[min(len(w.calls), len(w.answers)-1)]
	w.calls = append(w.calls, c)
	if a.err != nil {
		return nil, a.err
	}
	return &http.Response{StatusCode: a.status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader([]byte(a.body)))}, nil
}

func (w *wire) store(r aws.Retryer) store.Dynamo {
	return store.Dynamo{Table: "table", Client: dynamodb.New(dynamodb.Options{
		Region: "eu-central-1", Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""), HTTPClient: w, Retryer: r,
	})}
}

// method is a method of Dynamo and the calls that it makes.
type method struct {
	name string
	run  func(t *testing.T, s store.Dynamo) error
	want []string
}

func methods() []method {
	turn := video.Turn{Planned: time.Unix(1, 0), Video: "v"}
	v, letter := video.Video{Tenant: "acme", ID: "v"}, video.LetterID("encode", "m", time.Time{})
	return []method{
		{"PutTenant", func(t *testing.T, s store.Dynamo) error { return s.PutTenant(t.Context(), video.Tenant{ID: "acme"}) }, []string{"TransactWriteItems"}},
		{"Tenant", func(t *testing.T, s store.Dynamo) error { _, err := s.Tenant(t.Context(), "acme"); return err }, []string{"GetItem"}},
		{"PutToken", func(t *testing.T, s store.Dynamo) error { return s.PutToken(t.Context(), video.Token{ID: "k"}) }, []string{"TransactWriteItems"}},
		{"Token", func(t *testing.T, s store.Dynamo) error { _, err := s.Token(t.Context(), "k"); return err }, []string{"GetItem"}},
		{"DeleteToken", func(t *testing.T, s store.Dynamo) error { return s.DeleteToken(t.Context(), "k") }, []string{"BatchWriteItem"}},
		{"Create", func(t *testing.T, s store.Dynamo) error {
			return s.Create(t.Context(), v, video.Upload{Tenant: "acme", ID: "u"})
		}, []string{"TransactWriteItems"}},
		{"Video", func(t *testing.T, s store.Dynamo) error { _, err := s.Video(t.Context(), "acme", "v"); return err }, []string{"GetItem", "Query"}},
		{"Upload", func(t *testing.T, s store.Dynamo) error { _, err := s.Upload(t.Context(), "acme", "u"); return err }, []string{"GetItem"}},
		{"Save", func(t *testing.T, s store.Dynamo) error { return s.Save(t.Context(), v, video.Entry{}) }, []string{"TransactWriteItems"}},
		{"Finish", func(t *testing.T, s store.Dynamo) error {
			_, err := s.Finish(t.Context(), "acme", "v", video.TaskDone{})
			return err
		}, []string{"PutItem", "UpdateItem", "Query"}},
		{"Claim", func(t *testing.T, s store.Dynamo) error {
			_, err := s.Claim(t.Context(), video.Claim{Owner: "acme"}, time.Time{})
			return err
		}, []string{"PutItem"}},
		{"CreateOnce", func(t *testing.T, s store.Dynamo) error {
			return s.CreateOnce(t.Context(), v, video.Upload{Tenant: "acme", ID: "u"}, video.Claim{Owner: "acme"})
		}, []string{"TransactWriteItems"}},
		{"Settle", func(t *testing.T, s store.Dynamo) error { return s.Settle(t.Context(), video.Claim{Owner: "acme"}) }, []string{"PutItem"}},
		{"List", func(t *testing.T, s store.Dynamo) error {
			_, _, err := s.List(t.Context(), "acme", video.Filter{}, "", 1)
			return err
		}, []string{"Query"}},
		{"Describe", func(t *testing.T, s store.Dynamo) error { return s.Describe(t.Context(), "acme", "v", video.About{}) }, []string{"UpdateItem"}},
		{"Timeline", func(t *testing.T, s store.Dynamo) error { _, err := s.Timeline(t.Context(), "acme", "v"); return err }, []string{"Query", "Query"}},
		{"Due", func(t *testing.T, s store.Dynamo) error { _, err := s.Due(t.Context(), time.Now(), 1); return err }, []string{"Query", "Query", "Query", "Query"}},
		{"Forget", func(t *testing.T, s store.Dynamo) error { return s.Forget(t.Context(), "acme", "v") }, []string{"Query", "Query"}},
		{"PutSource", func(t *testing.T, s store.Dynamo) error {
			return s.PutSource(t.Context(), video.Grant{ID: "src_1", Sender: "AIDA"})
		}, []string{"TransactWriteItems"}},
		{"Sources", func(t *testing.T, s store.Dynamo) error { _, err := s.Sources(t.Context(), "AIDA"); return err }, []string{"Query"}},
		{"AllSources", func(t *testing.T, s store.Dynamo) error { _, err := s.AllSources(t.Context()); return err }, []string{"Query"}},
		{"DeleteSource", func(t *testing.T, s store.Dynamo) error { return s.DeleteSource(t.Context(), "src_1") }, []string{"GetItem", "BatchWriteItem", "BatchWriteItem"}},
		{"PutLetter", func(t *testing.T, s store.Dynamo) error { return s.PutLetter(t.Context(), video.Letter{ID: letter}) }, []string{"PutItem"}},
		{"Letter", func(t *testing.T, s store.Dynamo) error { _, err := s.Letter(t.Context(), letter); return err }, []string{"GetItem"}},
		{"SettleLetter", func(t *testing.T, s store.Dynamo) error {
			return s.SettleLetter(t.Context(), video.Letter{}, video.Letter{ID: letter})
		}, []string{"PutItem"}},
		{"Letters", func(t *testing.T, s store.Dynamo) error {
			_, _, err := s.Letters(t.Context(), video.LetterFilter{}, letter, time.Unix(0, 0).Add(video.LetterKept+45*24*time.Hour), 1)
			return err
		}, []string{"Query"}},
		{"Window", func(t *testing.T, s store.Dynamo) error {
			_, err := s.Window(t.Context(), "acme", video.Bulk)
			return err
		}, []string{"GetItem"}},
		{"SaveWindow", func(t *testing.T, s store.Dynamo) error {
			return s.SaveWindow(t.Context(), video.Window{Tenant: "acme"})
		}, []string{"PutItem"}},
		{"Scaling", func(t *testing.T, s store.Dynamo) error { _, err := s.Scaling(t.Context()); return err }, []string{"GetItem"}},
		{"SaveScaling", func(t *testing.T, s store.Dynamo) error { return s.SaveScaling(t.Context(), scaling.State{Version: 1}) }, []string{"PutItem"}},
		{"Wait", func(t *testing.T, s store.Dynamo) error { return s.Wait(t.Context(), "acme", video.Bulk, turn) }, []string{"PutItem"}},
		{"Waiting", func(t *testing.T, s store.Dynamo) error {
			_, err := s.Waiting(t.Context(), "acme", video.Bulk, turn, 1)
			return err
		}, []string{"Query"}},
		{"Leave", func(t *testing.T, s store.Dynamo) error { return s.Leave(t.Context(), "acme", video.Bulk, turn) }, []string{"BatchWriteItem"}},
		{"OpenLetters", func(t *testing.T, s store.Dynamo) error { _, err := s.OpenLetters(t.Context(), "encode"); return err }, []string{"Query"}},
		{"Results", func(t *testing.T, s store.Dynamo) error { _, err := s.Results(t.Context(), "acme", "v"); return err }, []string{"Query"}},
	}
}

// TestCalls holds each method to the IAM actions in the package's documentation, and every read to being consistent.
func TestCalls(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, tt := range methods() {
		known[tt.name] = true
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := &wire{answers: []answer{{200, `{"Item":{"tenant":{"S":"acme"},"sender":{"S":"AIDA"},"state":{"S":"{}"}}}`, nil}}}
			if err := tt.run(t, w.store(aws.NopRetryer{})); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range w.calls {
				got = append(got, c.Action)
				if read := c.Action == "GetItem" || c.Action == "Query" && c.IndexName == ""; read != c.ConsistentRead {
					t.Errorf("%s: consistent is %t", c.Action, c.ConsistentRead)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("differs (-want +got):\n%s", diff)
			}
		})
	}
	for m := range reflect.TypeFor[store.Dynamo]().Methods() {
		if !known[m.Name] {
			t.Errorf("nobody knows which calls %s makes", m.Name)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	cancelled := func(reasons ...string) answer {
		body := `{"__type":"TransactionCanceledException","CancellationReasons":[{"Code":"` + strings.Join(reasons, `"},{"Code":"`) + `"}]}`
		return answer{400, body, nil}
	}
	for _, tt := range []struct {
		name   string
		answer answer
		kind   errs.Kind
		code   string
	}{
		{"condition", cancelled("ConditionalCheckFailed"), errs.Conflict, "version_stale"},
		{"condition of the second", cancelled("None", "ConditionalCheckFailed"), errs.Conflict, "version_stale"},
		{"another transaction", cancelled("TransactionConflict", "None"), errs.Transient, ""},
		{"a row in a transaction", answer{400, `{"__type":"TransactionConflictException"}`, nil}, errs.Transient, ""},
		{"throttled in a transaction", cancelled("None", "ThrottlingError"), errs.Transient, ""},
		{"row too large", cancelled("ItemCollectionSizeLimitExceeded"), errs.Internal, ""},
		{"cancelled for no reason", cancelled("None"), errs.Internal, ""},
		{"throttled", answer{400, `{"__type":"ThrottlingException"}`, nil}, errs.Transient, ""},
		{"over the table's throughput", answer{400, `{"__type":"ProvisionedThroughputExceededException"}`, nil}, errs.Transient, ""},
		{"their fault", answer{500, `{"__type":"InternalServerError"}`, nil}, errs.Transient, ""},
		{"unavailable", answer{503, ``, nil}, errs.Transient, ""},
		{"broken connection", answer{err: errors.New("connection reset by peer")}, errs.Transient, ""},
		{"no table", answer{400, `{"__type":"ResourceNotFoundException"}`, nil}, errs.Internal, ""},
		{"no right", answer{400, `{"__type":"AccessDeniedException"}`, nil}, errs.Internal, ""},
		{"malformed", answer{400, `{"__type":"ValidationException"}`, nil}, errs.Internal, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := &wire{answers: []answer{tt.answer}}
			err := w.store(aws.NopRetryer{}).Save(t.Context(), video.Video{Tenant: "acme", ID: "v"}, video.Entry{})
			var e *errs.Error
			if !errors.As(err, &e) || e.Kind != tt.kind || e.Code != tt.code || e.Op != "store.Save" {
				t.Errorf("got %v, want %s %s", err, tt.kind, tt.code)
			}
		})
	}
}

// TestLostAnswer: the SDK repeats a write whose answer was lost with the token of the first, so that DynamoDB can tell
// that it is the same one.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	w := &wire{answers: []answer{{err: errors.New("connection reset by peer")}, {200, `{}`, nil}}}
	s := w.store(retry.NewStandard(func(o *retry.StandardOptions) { o.Backoff = retry.NewExponentialJitterBackoff(1) }))
	if err := s.Save(t.Context(), video.Video{Tenant: "acme", ID: "v"}, video.Entry{}); err != nil {
		t.Fatal(err)
	}
	if len(w.calls) != 2 || w.calls[0].Token == "" || w.calls[0].Token != w.calls[1].Token {
		t.Errorf("got calls %+v, want two with one token", w.calls)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	w := &wire{answers: []answer{
		{200, `{"Items":[{"result":{"S":"{\"task\":{\"number\":1}}"}}],"LastEvaluatedKey":{"pk":{"S":"p"},"sk":{"S":"s"}}}`, nil},
		{200, `{"Items":[],"LastEvaluatedKey":{"pk":{"S":"p"},"sk":{"S":"t"}}}`, nil},
		{200, `{"Items":[{"result":{"S":"{\"task\":{\"number\":2}}"}}]}`, nil},
	}}
	got, err := w.store(aws.NopRetryer{}).Results(t.Context(), "acme", "v")
	if err != nil {
		t.Fatal(err)
	}
	want := []video.Result{{Task: video.Task{Number: 1}}, {Task: video.Task{Number: 2}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("differs (-want +got):\n%s", diff)
	}
}
