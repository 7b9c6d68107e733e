package awsclient_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/shared/domain/services"
	"sluice/shared/platform/awsclient"
	"sluice/shared/platform/awsclient/faults"
)

const timeout = 20 * time.Second

var stall = awsclient.StallTimeout(timeout)

// getRow makes a call.
func getRow(ctx context.Context, c *dynamodb.Client) error {
	_, err := c.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: aws.String("rows"), Key: map[string]types.AttributeValue{
			"pk": &types.AttributeValueMemberS{Value: "p"},
		},
	})
	return err
}

// TestAllAttemptsFitIntoEachFunction: if nothing answers, a call still ends before its function.
func TestAllAttemptsFitIntoEachFunction(t *testing.T) {
	t.Parallel()
	for _, s := range services.Map {
		const backoffs = 150 * time.Millisecond // two, of at most 50 and 100 ms
		if longest := awsclient.MaxAttempts*awsclient.StallTimeout(s.Timeout) + backoffs; longest > s.Timeout {
			t.Errorf("%s: %v of %v", s.Name, longest, s.Timeout)
		}
	}
}

// TestCallOverTCP: a client of Configure reaches a server, and gives up one that does not answer.
func TestCallOverTCP(t *testing.T) {
	t.Parallel()
	hung := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		select {
		case hung <- struct{}{}: // once
			<-r.Context().Done()
		default:
			_, _ = io.WriteString(w, `{}`)
		}
	}))
	t.Cleanup(server.Close)
	cfg := aws.Config{
		Region: "us-east-1", BaseEndpoint: &server.URL,
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	}
	awsclient.Configure(&cfg, 4*time.Second)
	c := dynamodb.NewFromConfig(cfg)
	for range 2 {
		if err := getRow(t.Context(), c); err != nil {
			t.Error(err)
		}
	}
	ended := make(chan error)
	go func() { ended <- getRow(t.Context(), c) }()
	<-hung
	if err := <-ended; err != nil {
		t.Errorf("the call that hung once: %v", err)
	}
}

// TestSlowTransfersGoOn: an answer and a body that arrive in pieces may take longer than the stall timeout.
func TestSlowTransfersGoOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := faults.NewServer(t, func(w http.ResponseWriter, _ *http.Request) {
			for _, piece := range strings.SplitAfter(`{"Item": {"pk": {"S": "p"}, "title": {"S": "Bunny"}}}`, " ") {
				_, _ = io.WriteString(w, piece)
				_ = http.NewResponseController(w).Flush()
				time.Sleep(stall - time.Second)
			}
		})
		began := time.Now()
		if err := getRow(t.Context(), dynamodb.NewFromConfig(s.Config(timeout))); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took < 2*stall {
			t.Errorf("took %v, less than twice the stall timeout", took)
		}
	})
}

// TestRequestAfterIdleTimeHasAllItsTime: the time in which a connection was idle is not taken from the next answer.
func TestRequestAfterIdleTimeHasAllItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(stall - time.Second)
			_, _ = io.WriteString(w, `{}`)
		}
		s := faults.NewServer(t, slow)
		c := dynamodb.NewFromConfig(s.Config(timeout))
		for range 3 {
			if err := getRow(t.Context(), c); err != nil {
				t.Error(err)
			}
			time.Sleep(stall - time.Second)
		}
		if n := len(s.Bodies()); n != 3 {
			t.Errorf("%d requests for 3 calls", n)
		}
	})
}

// TestFailingServiceIsNotRetriedForever: after many failures a client makes one attempt for each call, until calls
// succeed again (https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html).
func TestFailingServiceIsNotRetriedForever(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := faults.NewServer(t, faults.Respond(500, `{"__type":"InternalServerError"}`))
		c := dynamodb.NewFromConfig(s.Config(timeout))
		var last int
		for range 40 {
			before := len(s.Bodies())
			if err := getRow(t.Context(), c); !awsclient.IsTransient(err) {
				t.Fatalf("not transient: %v", err)
			}
			last = len(s.Bodies()) - before
		}
		if last != 1 {
			t.Errorf("the last call made %d attempts", last)
		}
		if n := len(s.Bodies()); n > 80 {
			t.Errorf("%d attempts for 40 calls", n)
		}
	})
}

func TestErrorsOfCallersAreNotTransient(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, errors.New("wrong"), io.EOF, &types.ConditionalCheckFailedException{}} {
		if awsclient.IsTransient(err) {
			t.Errorf("%v is transient", err)
		}
	}
}
