// Package awsclient configures the clients of AWS so that each call ends, with the right kind of error, before the
// deadline of its function.
//
// The SDK's own HTTP client waits for an answer as long as the context lasts. Here a connection on which nothing moves
// for a part of the function's time is closed, and the SDK makes another attempt, three in all. In between it waits up
// to 50 ms, doubled with each attempt, or up to one second if it was throttled, or as long as the header
// X-Amz-Retry-After says; and it gives up early if too many calls of the client have failed
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html). Beyond that, the queue or the caller
// of the API repeats the work.
//
// It needs no IAM permission.
package awsclient

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// MaxAttempts is how often a call is sent.
const MaxAttempts = 3

// StallTimeout returns how long nothing may move on a connection of a function with a timeout: a quarter of the
// timeout, so that all attempts of a call fit into it, and ten seconds at most. The longest calls, of S3 on a part of 8
// MiB and on a thousand keys, take less. To complete a long upload takes longer, but S3 sends white space meanwhile
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html).
func StallTimeout(timeout time.Duration) time.Duration { return min(timeout/4, 10*time.Second) }

// DialFunc opens a connection, as net.Dialer.DialContext does.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// Configure makes the clients that are created with cfg fit for a function with a timeout.
func Configure(cfg *aws.Config, timeout time.Duration) {
	stall := StallTimeout(timeout)
	ConfigureDial(cfg, timeout,
		(&net.Dialer{Timeout: stall, KeepAlive: awshttp.DefaultDialKeepAliveTimeout}).DialContext)
}

// ConfigureDial is Configure with connections that dial opens.
func ConfigureDial(cfg *aws.Config, timeout time.Duration, dial DialFunc) {
	// A frozen client is not changed by the SDK's defaults.
	cfg.HTTPClient = awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.DialContext = limitStalls(dial, StallTimeout(timeout))
	}).Freeze()
	cfg.Retryer = func() aws.Retryer { // one for each client
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts = MaxAttempts
			o.Retryables = append(o.Retryables, otherRetryables...)
		})
	}
}

// IsTransient reports whether another attempt of a call that failed with err may succeed: AWS was throttling, failed by
// itself or was not reached, the answer broke off, or there was no time left.
func IsTransient(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) ||
		retry.IsErrorRetryables(otherRetryables).IsErrorRetryable(err) == aws.TrueTernary ||
		retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) == aws.TrueTernary
}

// otherRetryables are the errors after which a call is repeated that the SDK does not repeat by itself: an answer that
// broke off, and a write of a row that a transaction was writing, which did nothing
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html#API_PutItem_Errors).
var otherRetryables = []retry.IsErrorRetryable{
	retry.IsErrorRetryableFunc(isTruncated),
	retry.RetryableErrorCode{Codes: map[string]struct{}{"TransactionConflictException": {}}},
}

// isTruncated returns true for an answer that broke off, which the SDK takes for one that it can't decode.
func isTruncated(err error) aws.Ternary {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return aws.TrueTernary
	}
	return aws.UnknownTernary
}

// limitStalls returns a function that opens connections as dial does, on which nothing may stall for longer than d.
func limitStalls(dial DialFunc, d time.Duration) DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return stallConn{c, d}, nil
	}
}

// stallConn is a connection whose reads and writes time out if they make no progress for limit. A write also prolongs
// the read that is waiting for its answer; that began when the connection became idle. An idle connection is closed
// after limit, which is sooner than AWS closes it.
type stallConn struct {
	net.Conn
	limit time.Duration
}

// Read implements [net.Conn].
func (c stallConn) Read(p []byte) (int, error) {
	_ = c.SetReadDeadline(time.Now().Add(c.limit)) // fails if the connection is closed, as does the read
	return c.Conn.Read(p)
}

// Write implements [net.Conn].
func (c stallConn) Write(p []byte) (int, error) {
	_ = c.SetDeadline(time.Now().Add(c.limit))
	n, err := c.Conn.Write(p)
	_ = c.SetReadDeadline(time.Now().Add(c.limit)) // the time for the answer begins now
	return n, err
}
