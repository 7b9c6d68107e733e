package cloud_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"sluice/localstack/cloud"
)

// The test runs the real MiniStack and the real CDK command line in a folder whose name has quotes, spaces and dollars.
// Where the system allows it, it runs in a network namespace of its own, in which nothing can be downloaded.
func TestReal(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real cloud a dozen times")
	}
	if os.Getenv(networkEnv) == "" {
		runOffline(t)
		return
	}
	c := newRealCloud(t, 40)
	t.Run("a deployment that was killed", func(t *testing.T) { testDeployAfterKill(t, c) })
	t.Run("a port that another cloud has", func(t *testing.T) { testPortInUse(t, c) })
	t.Run("a server that was killed", func(t *testing.T) { testRestartAfterKill(t, c) })
	t.Run("ten starts and stops", func(t *testing.T) { testLeavesNothingBehind(t, c) })
}

// newRealCloud returns a cloud in a clone in which the real programs are installed and the app is a stack of queues.
func newRealCloud(t *testing.T, queues int) *cloud.Cloud {
	t.Helper()
	if os.Getenv(networkEnv) == noNetwork {
		raiseLoopback(t)
	}
	repository, err := cloud.FindRoot(".")
	must(t, err)
	root := filepath.Join(t.TempDir(), "a 'clone' of $HOME")
	for _, name := range []string{"venv", "node"} {
		from := filepath.Join(repository, "build", name)
		if _, err := os.Stat(filepath.Join(from, "pins")); err != nil {
			t.Skipf("%s is not installed: make test does it", from)
		}
		must(t, os.MkdirAll(filepath.Join(root, "build"), 0o755))
		must(t, os.Symlink(from, filepath.Join(root, "build", name)))
	}
	must(t, os.Symlink(filepath.Join(repository, "localstack"), filepath.Join(root, "localstack")))
	writeTestFile(t, filepath.Join(root, "cdk.json"), `{"app": "cp assembly/* \"$CDK_OUTDIR\""}`)
	writeTestFile(t, filepath.Join(root, "assembly/manifest.json"), `{"version": "54.0.0", "artifacts": {"Sluice": {`+
		`"type": "aws:cloudformation:stack", "environment": "aws://unknown-account/unknown-region",`+
		`"properties": {"templateFile": "Sluice.template.json"}}}}`)
	writeTestFile(t, filepath.Join(root, "assembly/Sluice.template.json"), queueTemplate(queues))
	t.Setenv("SLUICE_PORT", freePort(t))
	c, err := cloud.New(root, io.Discard)
	must(t, err)
	t.Cleanup(func() { c.Down(context.Background()) })
	return c
}

// queueTemplate returns a template of n queues that are created one after the other.
func queueTemplate(n int) string {
	var resources []string
	for i := range n {
		depends := ""
		if i > 0 {
			depends = fmt.Sprintf(`, "DependsOn": "Q%d"`, i-1)
		}
		resources = append(resources, fmt.Sprintf(`"Q%d": {"Type": "AWS::SQS::Queue"%s}`, i, depends))
	}
	return `{"Resources": {` + strings.Join(resources, ",") + `}, "Outputs": {"Last": {"Value": {"Ref": "Q` +
		fmt.Sprint(n-1) + `"}}}}`
}

// checkDeploys deploys and checks that the last queue exists.
func checkDeploys(t *testing.T, c *cloud.Cloud) {
	t.Helper()
	must(t, c.Up(t.Context()))
	must(t, c.Deploy(t.Context()))
	env, err := cloud.Open(c.Root)
	must(t, err)
	url, err := env.Outputs.Get("Last")
	must(t, err)
	_, err = sqs.NewFromConfig(env.AWSConfig()).GetQueueAttributes(
		t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &url},
	)
	must(t, err)
}

func testDeployAfterKill(t *testing.T, c *cloud.Cloud) {
	must(t, c.Up(t.Context()))
	log := filepath.Join(c.Root, "build/cloud/deploy.log")
	killDeployment(t, c, func() bool {
		text, _ := os.ReadFile(log)
		return bytes.Contains(text, []byte("CREATE_IN_PROGRESS"))
	})
	if _, err := cloud.Open(c.Root); err == nil {
		t.Fatal("the deployment was killed when it was done already")
	}
	checkDeploys(t, c)
}

func testPortInUse(t *testing.T, c *cloud.Cloud) {
	must(t, c.Up(t.Context()))
	t.Setenv("SLUICE_PORT", fmt.Sprint(c.Port))
	other := newSecondClone(t, c)
	wantError(t, other.Up(t.Context()), "is in use by something else")
	must(t, c.Status(t.Context()))
}

// newSecondClone returns the cloud of another clone.
func newSecondClone(t *testing.T, c *cloud.Cloud) *cloud.Cloud {
	t.Helper()
	root := t.TempDir()
	must(t, os.Mkdir(filepath.Join(root, "build"), 0o755))
	for _, name := range []string{"localstack", "build/venv", "build/node"} {
		must(t, os.Symlink(filepath.Join(c.Root, name), filepath.Join(root, name)))
	}
	other, err := cloud.New(root, io.Discard)
	must(t, err)
	return other
}

func testRestartAfterKill(t *testing.T, c *cloud.Cloud) {
	must(t, c.Up(t.Context()))
	waiting, stop, err := cloud.ContextWhileAlive(t.Context(), c.Root)
	must(t, err)
	defer stop()
	for pid := range serverProcesses(t) {
		must(t, syscall.Kill(pid, syscall.SIGKILL))
	}
	killed := time.Now()
	<-waiting.Done()
	if took := time.Since(killed); took > noticeLimit {
		t.Errorf("noticed after %v", took)
	}
	wantError(t, c.Status(t.Context()), "is not running")
	must(t, c.Up(t.Context()))
	must(t, c.Status(t.Context()))
}

// serverProcesses returns the processes of MiniStack, and of what it has started, of clones in the temporary folder.
func serverProcesses(t *testing.T) map[int]bool {
	t.Helper()
	found := map[int]bool{}
	entries, err := filepath.Glob("/proc/[0-9]*/environ")
	must(t, err)
	for _, entry := range entries {
		text, _ := os.ReadFile(entry) // empty for processes that have ended, and those of other users
		if bytes.Contains(text, []byte("SLUICE_CLOUD="+os.TempDir()+"/")) {
			var pid int
			fmt.Sscanf(entry, "/proc/%d/", &pid)
			found[pid] = true
		}
	}
	return found
}

func testLeavesNothingBehind(t *testing.T, c *cloud.Cloud) {
	must(t, c.Down(t.Context()))
	before := tempFiles(t)
	for range 10 {
		must(t, c.Up(t.Context()))
		must(t, c.Down(t.Context()))
	}
	if left := serverProcesses(t); len(left) > 0 {
		t.Errorf("processes %v are left", slices.Collect(maps.Keys(left)))
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", c.Port))
	must(t, err)
	must(t, listener.Close())
	for name := range tempFiles(t) {
		if !before[name] {
			t.Errorf("%s is left", name)
		}
	}
	entries, err := os.ReadDir(os.TempDir())
	must(t, err)
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), "TestReal") { // the folder of the clones
			t.Errorf("%s is left by a deployment", entry.Name())
		}
	}
}

// tempFiles returns all files in the temporary folder, where the clones are too.
func tempFiles(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	must(t, filepath.WalkDir(os.TempDir(), func(path string, _ os.DirEntry, err error) error {
		found[path] = true
		return err
	}))
	return found
}
