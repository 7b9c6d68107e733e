package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// measurement is what a process took until its first response.
type measurement struct {
	cpu  time.Duration // user and system time of the process and of those that it has waited for
	wall time.Duration
}

// responseTimeout is how long to wait for a first response.
const responseTimeout = time.Minute

// measureProcess starts a function, has it handle one event, ends it, and returns what it took from its start to its
// response. It fails if that is not of the kind that is wanted: response or error.
func measureProcess(
	ctx context.Context, file string, env []string, event []byte, wantResponse string,
) (measurement, error) {
	ctx, cancel := context.WithTimeout(ctx, responseTimeout)
	defer cancel()
	api := &runtimeAPI{event: event, responded: make(chan string, 1)}
	server := httptest.NewServer(api)
	defer server.Close()
	defer cancel() // before Close, which waits for requests
	var log bytes.Buffer
	cmd := exec.CommandContext(ctx, file)
	cmd.Env = append(env, "AWS_LAMBDA_RUNTIME_API="+server.Listener.Addr().String())
	cmd.Stdout, cmd.Stderr = &log, &log
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return measurement{}, err
	}
	ended := make(chan struct{})
	var response string
	go func() {
		defer close(ended)
		_ = cmd.Wait() // it is killed
	}()
	select {
	case response = <-api.responded:
	case <-ended:
	}
	wall := time.Since(began)
	cancel()
	<-ended
	if response != wantResponse {
		return measurement{}, fmt.Errorf("%s: %q and not a %s\n%s", file, response, wantResponse, log.Bytes())
	}
	return measurement{cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), wall}, nil
}

// runtimeAPI is Lambda's Runtime API with one event (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html).
type runtimeAPI struct {
	event     []byte
	once      sync.Once
	responded chan string // receives the last part of the path of the first response: response or error
}

// ServeHTTP answers the first request for an event with the event; further ones wait until the client goes away.
func (a *runtimeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	path := strings.Split(r.URL.Path, "/")
	if last := path[len(path)-1]; last != "next" {
		w.WriteHeader(http.StatusAccepted)
		select {
		case a.responded <- last:
		default:
		}
		return
	}
	first := false
	a.once.Do(func() { first = true })
	if !first {
		<-r.Context().Done()
		return
	}
	h := w.Header()
	h.Set("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
	h.Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(responseTimeout).UnixMilli()))
	h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:000000000000:function:f")
	h.Set("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1")
	_, _ = w.Write(a.event)
}
