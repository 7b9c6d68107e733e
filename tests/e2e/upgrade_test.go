//go:build integration

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"sluice/localstack/cloud"
	"sluice/shared/domain/services"
	"sluice/tests/client"
	"sluice/tests/clouds"
)

// TestPromise09_UpgradeLosesNoMessagesInFlight replaces every function while messages are in flight. The consumers of
// two queues are disabled with messages in the queues, and enabled after the upgrade.
//
// It is not parallel, because no other video becomes ready meanwhile. On AWS, running invocations end normally during
// an upgrade. Here they are killed, and their messages return only after the timeout of the killed attempt.
func TestPromise09_UpgradeLosesNoMessagesInFlight(t *testing.T) {
	clouds.SkipOnSecondCloud(t)
	d := openDeployment(t)
	c, dead := d.newTenantClient(t, "upgrade"), d.countDeadLetters(t)

	d.setConsumerEnabled(t, "encode", false)
	videos := []string{d.uploadFootage(t, c), d.uploadFootage(t, c)}
	d.waitUntil(t, func() bool { return d.queueDepth(t, d.stackOutput(t, "InboxEncode")) >= len(videos) })
	d.setConsumerEnabled(t, "inspect", false)
	videos = append(videos, d.uploadFootage(t, c))
	d.waitUntil(t, func() bool { return d.queueDepth(t, d.stackOutput(t, "InboxInspect")) >= 1 })

	old := d.functionChecksums(t)
	d.deployUpgrade(t)
	for name, sum := range d.functionChecksums(t) {
		if sum == old[name] {
			t.Errorf("%s was not replaced", name)
		}
	}
	d.setConsumerEnabled(t, "encode", true)
	d.setConsumerEnabled(t, "inspect", true)
	for _, id := range videos {
		ctx, cancel := context.WithTimeout(t.Context(), waitLimit)
		defer cancel()
		if v, err := c.WaitForVideo(ctx, id, 200*time.Millisecond, nil); err != nil || v.State != client.Ready {
			t.Errorf("%s is %s: %v, %v", id, v.State, v.Error, err)
		}
	}
	for name, n := range d.countDeadLetters(t) {
		if n != dead[name] {
			t.Errorf("%s has %d dead letters, had %d", name, n, dead[name])
		}
	}
}

// uploadFootage uploads a video that has one task.
func (d deployment) uploadFootage(t *testing.T, c *client.Client) string {
	t.Helper()
	u, err := c.UploadFile(t.Context(), d.footagePath("bigbuckbunny.mp4"), client.UploadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return u.VideoID
}

// waitUntil waits until so returns true.
func (d deployment) waitUntil(t *testing.T, so func() bool) {
	t.Helper()
	for end := time.Now().Add(waitLimit); !so(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it is not so after %v", waitLimit)
		}
	}
}

// deployUpgrade deploys other builds of the functions with the same behaviour: a byte is appended to each executable.
func (d deployment) deployUpgrade(t *testing.T) {
	t.Helper()
	built := t.TempDir()
	for _, s := range services.Map {
		exe, err := os.ReadFile(filepath.Join(d.root, "build", runtime.GOARCH, s.Name, "bootstrap"))
		if err != nil {
			t.Fatal(err)
		}
		folder := filepath.Join(built, runtime.GOARCH, s.Name)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(
			filepath.Join(folder, "bootstrap"), append(exe, byte(time.Now().Unix())), 0o755,
		); err != nil {
			t.Fatal(err)
		}
	}
	c, err := cloud.New(d.root, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	c.BuiltDir = built
	if err := c.Deploy(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// functionChecksums returns the checksum of each function's code.
func (d deployment) functionChecksums(t *testing.T) map[string]string {
	t.Helper()
	sums := map[string]string{}
	for _, s := range services.Map {
		var f struct{ CodeSha256 string }
		d.callLambda(t, http.MethodGet, "functions/sluice-"+s.Name+"/configuration", nil, &f)
		sums[s.Name] = f.CodeSha256
	}
	return sums
}

// setConsumerEnabled disables or enables the event source mappings of a service. They are enabled again after the test.
func (d deployment) setConsumerEnabled(t *testing.T, service string, on bool) {
	t.Helper()
	var all struct{ EventSourceMappings []struct{ UUID string } }
	d.callLambda(t, http.MethodGet, "event-source-mappings/?FunctionName=sluice-"+service, nil, &all)
	if len(all.EventSourceMappings) == 0 {
		t.Fatalf("%s has no mapping", service)
	}
	for _, m := range all.EventSourceMappings { // one per lane
		d.callLambda(t, http.MethodPut, "event-source-mappings/"+m.UUID, map[string]bool{"Enabled": on}, nil)
	}
	if !on {
		t.Cleanup(func() { d.setConsumerEnabled(t, service, true) })
	}
}

// callLambda calls the API of Lambda.
func (d deployment) callLambda(t *testing.T, method, path string, in, out any) {
	t.Helper()
	var body []byte // empty without a value: LocalStack rejects null
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			t.Fatal(err)
		}
	}
	// The test's context ends before its cleanup runs.
	req, err := http.NewRequestWithContext(
		context.WithoutCancel(t.Context()), method, d.env.Endpoint+"/2015-03-31/"+path, bytes.NewReader(body),
	)
	if err != nil {
		t.Fatal(err)
	}
	d.signRequest(t, req, "lambda", body)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		t.Fatalf("%s %s: %s", method, path, res.Status)
	}
	if out == nil {
		return
	}
	if err := json.NewDecoder(res.Body).Decode(out); err != nil {
		t.Fatal(err)
	}
}
