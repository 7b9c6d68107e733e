package cloud_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/localstack/cloud"
)

// The test's own binary stands in for MiniStack, and shell scripts for Python and the CDK.
func TestMain(m *testing.M) {
	if cloud.IsCollector(os.Args) {
		if err := cloud.RunCollector(); err != nil {
			panic(err)
		}
		os.Exit(0)
	}
	os.Unsetenv("CLOUD")              // whatever `make test` runs on
	os.Setenv("SLUICE_LAMBDA", "off") // there are no functions
	if os.Getenv("SLUICE_FAKE_SERVER") != "" {
		runFakeServer()
	}
	if root := os.Getenv("SLUICE_DEPLOY_AND_DIE"); root != "" {
		deployUntilKilled(root)
	}
	os.Exit(m.Run())
}

func runFakeServer() {
	child := exec.Command("sleep", "600") // a function
	if err := child.Start(); err != nil {
		panic(err)
	}
	pid := fmt.Appendf(nil, "%d %d", os.Getpid(), child.Process.Pid)
	if err := os.WriteFile("pids", pid, 0o644); err != nil {
		panic(err)
	}
	http.HandleFunc("/_ministack/health", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"services":{"s3":"available"}}`)
	})
	panic(http.ListenAndServe(os.Getenv("BIND_HOST")+":"+os.Getenv("GATEWAY_PORT"), nil))
}

// newFakeCloud returns a cloud in which everything counts as installed, and its output.
func newFakeCloud(t *testing.T) (*cloud.Cloud, *bytes.Buffer) {
	t.Helper()
	root := filepath.Join(t.TempDir(), "a clone")
	local := filepath.Join(root, "localstack")
	for _, name := range []string{"requirements.txt", "package.json", "package-lock.json"} {
		writeTestFile(t, filepath.Join(local, name), "")
	}
	const sum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n" // SHA-256 of empty files
	writeTestFile(t, filepath.Join(root, "build/venv/pins"), sum)
	writeTestFile(t, filepath.Join(root, "build/node/pins"), sum)
	writeTestFile(
		t, filepath.Join(root, "build/venv/bin/python"), "#!/bin/sh\nSLUICE_FAKE_SERVER=1 exec '"+os.Args[0]+"'\n",
	)
	writeTestFile(t, filepath.Join(root, "build/node/node_modules/.bin/cdk"), fakeCDKScript)
	writeTestFile(t, filepath.Join(root, "build/node/node_modules/.bin/prettier"), "")
	t.Setenv("SLUICE_PORT", freePort(t))
	var said bytes.Buffer
	c, err := cloud.New(root, &said)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Down(context.Background()) })
	return c, &said
}

const fakeCDKScript = `#!/bin/sh
echo "$AWS_ENDPOINT_URL $AWS_PROFILE $*" >> calls
[ "$1" = bootstrap ] && exit
echo progress
[ -e hang ] && { echo $$ > cdk; exec sleep 600; }
[ -e broken ] && { echo broken >&2; exit 7; }
mkdir -p build/cdk.local
echo '{}' > build/cdk.local/Sluice.template.json
echo '{"Sluice":{"Bucket":"b"}}' > build/cloud/outputs.new.json
`

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantError(t *testing.T, err error, part string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), part) {
		t.Fatalf("error %v, want one with %q", err, part)
	}
}

// readPIDs returns the process ids of the server and its child.
func readPIDs(t *testing.T, c *cloud.Cloud) (server, child int) {
	t.Helper()
	_, err := fmt.Sscan(readTestFile(t, filepath.Join(c.Root, "build/cloud/pids")), &server, &child)
	must(t, err)
	return server, child
}

func TestUpAndDownAreIdempotent(t *testing.T) {
	c, said := newFakeCloud(t)
	must(t, c.Up(t.Context()))
	server, child := readPIDs(t, c)
	must(t, c.Up(t.Context()))
	if again, _ := readPIDs(t, c); again != server || !strings.Contains(said.String(), "runs at http://127.0.0.1:") {
		t.Errorf("a second Up started another server, or printed nothing:\n%s", said)
	}
	must(t, c.Status(t.Context()))
	must(t, c.Down(t.Context()))
	for _, pid := range []int{server, child} {
		if processAlive(pid) {
			t.Errorf("process %d outlived the cloud", pid)
		}
	}
	must(t, c.Down(t.Context()))
	wantError(t, c.Status(t.Context()), "make up deploy-local")
}

// Each start makes another key, in a file of its owner's alone, which the server and the commands use.
func TestRootKeyIsRandomAndPrivate(t *testing.T) {
	c, _ := newFakeCloud(t)
	file, seen := filepath.Join(c.Root, "build/cloud/rootkey.json"), map[string]bool{}
	for range 2 {
		must(t, c.Up(t.Context()))
		must(t, c.Deploy(t.Context()))
		info, err := os.Stat(file)
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("the file has mode %v", info.Mode())
		}
		env, err := cloud.Open(c.Root)
		must(t, err)
		key, err := env.AWSConfig().Credentials.Retrieve(t.Context())
		must(t, err)
		server, _ := readPIDs(t, c)
		if environ := readTestFile(t, fmt.Sprintf("/proc/%d/environ", server)); len(key.AccessKeyID) < 32 ||
			!strings.Contains(environ, "AWS_ACCESS_KEY_ID="+key.AccessKeyID+"\x00") ||
			!strings.Contains(environ, "AWS_SECRET_ACCESS_KEY="+key.SecretAccessKey+"\x00") {
			t.Errorf("the server has another key than %s", key.AccessKeyID)
		}
		seen[key.AccessKeyID+key.SecretAccessKey] = true
		must(t, c.Down(t.Context()))
		if _, err := os.Stat(file); err == nil {
			t.Error("the key outlives its cloud")
		}
	}
	if len(seen) != 2 {
		t.Error("two clouds have the same key")
	}
}

func TestUpAfterServerWasKilled(t *testing.T) {
	c, _ := newFakeCloud(t)
	must(t, c.Up(t.Context()))
	server, orphan := readPIDs(t, c)
	must(t, syscall.Kill(server, syscall.SIGKILL))
	must(t, c.Up(t.Context()))
	if now, _ := readPIDs(t, c); now == server || processAlive(orphan) {
		t.Errorf("server %d, was %d; the orphan lives: %v", now, server, processAlive(orphan))
	}
}

func TestUpFailsWhenPortIsInUse(t *testing.T) {
	c, _ := newFakeCloud(t)
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", c.Port))
	must(t, err)
	defer listener.Close()
	wantError(t, c.Up(t.Context()), "is in use by something else")
}

func TestUpShowsWhyServerFailed(t *testing.T) {
	c, _ := newFakeCloud(t)
	writeTestFile(t, filepath.Join(c.Root, "build/venv/bin/python"), "#!/bin/sh\necho no module >&2; exit 1\n")
	wantError(t, c.Up(t.Context()), "no module")
}

func TestDeployRunsBootstrapOnce(t *testing.T) {
	t.Setenv("AWS_PROFILE", "production") // must not reach the CDK
	c, _ := newFakeCloud(t)
	wantError(t, c.Deploy(t.Context()), "is not running")
	must(t, c.Up(t.Context()))
	_, err := cloud.Open(c.Root)
	wantError(t, err, "make deploy-local")
	must(t, c.Deploy(t.Context()))
	must(t, c.Deploy(t.Context()))

	var did []string
	for line := range strings.Lines(readTestFile(t, filepath.Join(c.Root, "calls"))) {
		words := strings.Fields(line)
		did = append(did, strings.Join(words[:2], " "))
		if words[1] == "deploy" && !slices.Contains(words, "cloud=local") {
			t.Errorf("context is missing: %s", line)
		}
	}
	at := fmt.Sprintf("http://127.0.0.1:%d", c.Port)
	if diff := cmp.Diff([]string{at + " bootstrap", at + " deploy", at + " deploy"}, did); diff != "" {
		t.Error(diff)
	}
}

func TestOpenReturnsOutputs(t *testing.T) {
	c, _ := newFakeCloud(t)
	_, err := cloud.Open(c.Root)
	wantError(t, err, "the local cloud is not running: make up deploy-local")
	must(t, c.Up(t.Context()))
	must(t, c.Deploy(t.Context()))
	env, err := cloud.Open(c.Root)
	must(t, err)
	if bucket, err := env.Outputs.Get("Bucket"); bucket != "b" || err != nil {
		t.Errorf("Get(Bucket) = %q, %v", bucket, err)
	}
	if _, err := env.Outputs.Get("Nothing"); err == nil {
		t.Error("an output that is not there was found")
	}
	cfg := env.AWSConfig()
	if *cfg.BaseEndpoint != env.Endpoint || cfg.Region != "us-east-1" ||
		!strings.HasPrefix(env.APIURL, env.Endpoint+"/restapis/") {
		t.Errorf("endpoint %s, region %s, API %s", *cfg.BaseEndpoint, cfg.Region, env.APIURL)
	}
}

func TestFailedDeployShowsEndOfLog(t *testing.T) {
	c, _ := newFakeCloud(t)
	writeTestFile(t, filepath.Join(c.Root, "broken"), "")
	must(t, c.Up(t.Context()))
	wantError(t, c.Deploy(t.Context()), "  progress\n  broken")
}

// processAlive reports whether a process lives. A zombie does not.
func processAlive(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(text), ") Z ")
}
