// Package faults answers the requests of AWS clients as AWS and the network do on a bad day: throttled, failing,
// hanging, broken off. [Suite.Run] checks how the calls of an adapter end then. It is for tests in a synctest bubble,
// where hanging takes no time. Nothing here knows AWS; it needs no rights and rejects nothing.
package faults

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"sluice/shared/platform/awsclient"
)

// latency is the bubble's time between a request and its answer. Without it, answers arrive before the client knows
// that its request is sent, which does not happen on a network.
const latency = time.Millisecond

// Answer is what the server does with a request.
type Answer http.HandlerFunc

// Server gives one answer after the other; the last one is repeated. Its connections are pipes.
type Server struct {
	answers []Answer
	conns   chan net.Conn
	closed  chan struct{}

	mu     sync.Mutex
	bodies []string // of the requests
}

// NewServer returns a server that runs until the end of the test.
func NewServer(t *testing.T, answers ...Answer) *Server {
	s := &Server{answers: answers, conns: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: http.HandlerFunc(s.answer)}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(s) // until it is closed
	}()
	t.Cleanup(func() {
		close(s.closed)
		_ = server.Close()
		<-served
	})
	return s
}

// Config returns the configuration of clients of the server in a function with a timeout.
func (s *Server) Config(timeout time.Duration) aws.Config {
	cfg := aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String("http://aws.test"),
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	}
	awsclient.ConfigureDial(&cfg, timeout, s.dial)
	return cfg
}

// Bodies returns the bodies of the requests so far.
func (s *Server) Bodies() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bodies
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	time.Sleep(latency)
	s.mu.Lock()
	s.bodies = append(s.bodies, string(body))
	next := s.answers[min(len(s.bodies), len(s.answers))-1]
	s.mu.Unlock()
	next(w, r)
}

func (s *Server) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	mine, other := net.Pipe()
	reset := &atomic.Bool{}
	select {
	case s.conns <- serverConn{other, reset}:
		return clientConn{mine, reset}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements [net.Listener].
func (s *Server) Accept() (net.Conn, error) {
	select {
	case c := <-s.conns:
		return c, nil
	case <-s.closed:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (*Server) Close() error { return nil }

// Addr implements [net.Listener].
func (*Server) Addr() net.Addr { return &net.TCPAddr{} }

// serverConn and clientConn are the ends of a connection. After a reset, the client's reads fail as those of TCP do.
type serverConn struct {
	net.Conn
	reset *atomic.Bool
}

type clientConn struct {
	net.Conn
	reset *atomic.Bool
}

// Read implements [net.Conn].
func (c clientConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err == io.EOF && c.reset.Load() {
		err = &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	}
	return n, err
}

// Respond returns an answer with a status, a body, and headers by name and value.
func Respond(status int, body string, headers ...string) Answer {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// withHeader returns the answer with one more header.
func (a Answer) withHeader(name, value string) Answer {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(name, value)
		a(w, r)
	}
}

// hang keeps the connection open without an answer.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// reset resets the connection.
func reset(w http.ResponseWriter, _ *http.Request) {
	c := hijack(w)
	c.reset.Store(true)
	c.Close()
}

// hangUp closes the connection.
func hangUp(w http.ResponseWriter, _ *http.Request) { hijack(w).Close() }

func hijack(w http.ResponseWriter) serverConn {
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	return c.(serverConn)
}

// breakOff returns an answer that sends the headers of a and half of its body, and then does as then.
func (a Answer) breakOff(then Answer) Answer {
	return func(w http.ResponseWriter, r *http.Request) {
		whole := httptest.NewRecorder()
		a(whole, r)
		for name, values := range whole.Header() {
			w.Header()[name] = values
		}
		body := whole.Body.Bytes()
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(whole.Code)
		_, _ = w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		then(w, r)
	}
}
