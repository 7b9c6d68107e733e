package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"sluice/shared/domain/services"
)

// coldStartTarget is what a cold start of a function may take, over the bare function.
const coldStartTarget = 1.5

// listClients returns the clients of AWS that a service needs for its permissions and its messages, sorted: those of
// the bare function beside it.
func listClients(s services.Service) []string {
	var clients []string
	for _, p := range s.Permissions {
		actions, _ := p.IAMActions()
		for _, action := range actions {
			client, _, _ := strings.Cut(action, ":")
			clients = append(clients, strings.ReplaceAll(client, "-", ""))
		}
	}
	for _, to := range s.Destinations() {
		if to == services.Topic {
			clients = append(clients, "sns")
		} else {
			clients = append(clients, "sqs")
		}
	}
	if s.Inbox != nil {
		clients = append(clients, "sqs")
	}
	clients = slices.DeleteFunc(clients, func(c string) bool { return c == "kms" }) // S3 calls it
	slices.Sort(clients)
	return slices.Compact(clients)
}

// firstRequests are the paths of the requests with which services that have routes are measured.
var firstRequests = map[string]string{
	"api": "/v1/videos/vid_1", "admin": "/v1/dead-letters/d1", "observe": "/v1/videos/vid_1/trace",
	"play": "/watch/pabcdefgh234567abcdefgh234567abcd", "studio": "/studio",
}

// buildFirstEvent returns the event with which a service is measured: a request, or a batch of one message, which is
// the example of a type that it accepts.
func buildFirstEvent(s services.Service) ([]byte, error) {
	switch path := firstRequests[s.Name]; {
	case path != "":
		return json.Marshal(map[string]any{
			"httpMethod": "GET", "path": path, "headers": map[string]string{},
			"requestContext": map[string]any{
				"authorizer": map[string]string{"tenant": "acme", "scopes": "videos:read operator"},
			},
		})
	case s.Inbox != nil:
		files, err := filepath.Glob(filepath.Join("events/examples", s.Inbox.EventTypes[0], "*.json"))
		if err != nil || files == nil {
			return nil, fmt.Errorf("no example of %s: %w", s.Inbox.EventTypes[0], err)
		}
		body, err := os.ReadFile(files[0])
		if err != nil {
			return nil, err
		}
		return json.Marshal(map[string]any{"Records": []any{map[string]any{
			"messageId": "m", "receiptHandle": "r", "body": string(body), "eventSource": "aws:sqs",
			"eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:sluice-" + s.Name,
			"attributes": map[string]string{
				"ApproximateReceiveCount": "1", "SentTimestamp": fmt.Sprint(time.Now().UnixMilli()),
				"MessageGroupId": "acme.vid_1",
			},
		}}})
	case s.Name == services.Authorizer:
		return json.Marshal(map[string]string{
			"type": "TOKEN", "authorizationToken": "Bearer slc_01ARZ3NDEKTSV4RRFFQ69G5FAV_" + strings.Repeat("a", 43),
			"methodArn": "arn:aws:execute-api:us-east-1:000000000000:a/v1/GET/v1/videos",
		})
	}
	return []byte(`"a run takes a minute"`), nil // so that of a scheduled service only the start is measured
}

// respondsWithError reports whether the service responds to its first event with an error: the authorizer rejects the
// token by one, and a scheduled service takes no text.
func respondsWithError(s services.Service) bool { return len(s.Routes) == 0 && s.Inbox == nil }

// measureColdStarts returns the CPU time and the wall time from the start of each function's process to its first
// response, beside those of the bare function, which has the same clients and makes the same calls. The row
// cold_start_ratio is the function with the largest ratio of CPU time, which is what bounds the time where a function
// has a part of a processor.
func measureColdStarts(ctx context.Context, s settings) ([]row, error) {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	aws := startAWSServer()
	defer aws.Close()
	var rows, wall []row
	for _, service := range services.Map {
		cpu, elapsed, err := measureColdStart(ctx, s, aws, dir, service)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", service.Name, err)
		}
		rows, wall = append(rows, cpu), append(wall, elapsed)
	}
	worst := rows[0]
	for _, r := range rows {
		if *r.Ratio > *worst.Ratio {
			worst = r
		}
	}
	worst.Name = "cold_start_ratio"
	return append(append([]row{worst}, rows...), wall...), nil
}

// measureColdStart returns the rows of CPU time and wall time of one service.
func measureColdStart(
	ctx context.Context, s settings, aws *awsServer, dir string, service services.Service,
) (cpu, wall row, err error) {
	event, err := buildFirstEvent(service)
	if err != nil {
		return row{}, row{}, err
	}
	bare := filepath.Join(dir, service.Name)
	if err := buildBareFunction(ctx, bare, listClients(service)); err != nil {
		return row{}, row{}, err
	}
	env := functionEnv(service, aws.URL)
	start := func(file string, env []string, to *[2]sample) func() error {
		want := "response"
		if file != bare && respondsWithError(service) {
			want = "error"
		}
		return func() error {
			m, err := measureProcess(ctx, file, env, event, want)
			to[0], to[1] = append(to[0], m.cpu.Seconds()*1000), append(to[1], m.wall.Seconds()*1000)
			return err
		}
	}
	var ours, base, warmUp [2]sample
	aws.takeCalls()
	if err := start(functionFile(service.Name), env, &warmUp)(); err != nil { // now the files are in memory
		return row{}, row{}, err
	}
	calls := strings.Join(aws.takeCalls(), ",")
	fmt.Fprintf(s.log, "cold start of %s: calls %s\n", service.Name, calls)
	bareEnv := append(env, "BARE_CALLS="+calls)
	err = interleave(s.chooseRounds(15, 60), start(functionFile(service.Name), env, &ours), start(bare, bareEnv, &base))
	return newRatioRow("cold_start_cpu_"+service.Name, "ms", ours[0], base[0], coldStartTarget),
		newRatioRow("cold_start_wall_"+service.Name, "ms", ours[1], base[1], 0), err
}

// buildBareFunction builds the bare function with clients of AWS, as the Makefile builds functions.
func buildBareFunction(ctx context.Context, file string, clients []string) error {
	tags := "lambda.norpc,grpcnotrace"
	for _, c := range clients {
		tags += ",bare_" + c
	}
	cmd := exec.CommandContext(
		ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-tags", tags, "-o", file, "./tests/bench/bare",
	)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+runtime.GOARCH)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the bare function: %w\n%s", err, out)
	}
	return nil
}

// functionEnv returns the environment of a function of the service, with AWS at a URL.
func functionEnv(s services.Service, aws string) []string {
	env := []string{
		"AWS_LAMBDA_FUNCTION_NAME=sluice-" + s.Name, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + fmt.Sprint(s.Memory),
		"AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_ENDPOINT_URL=" + aws,
		services.EnvS3PathStyle + "=true", "PATH=" + os.Getenv("PATH"),
	}
	for _, name := range s.RequiredEnv() {
		env = append(env, name+"="+chooseValue(name))
	}
	return env
}

// chooseValue returns a value for a variable that a function can't do without.
func chooseValue(name string) string {
	switch name {
	case services.EnvConcurrency, services.EnvInFlightLimit:
		return "100"
	case services.EnvFFmpegDir:
		return "build/tools"
	}
	return strings.ToLower(name)
}
