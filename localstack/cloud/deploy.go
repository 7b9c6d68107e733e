package cloud

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"sluice/shared/domain/services"
)

// stackName is the name of the one stack of the CDK app.
const stackName = "Sluice"

var errNotRunning = errors.New("the local cloud is not running: make up deploy-local")

// Deploy puts the CDK app into the running local cloud.
func (c *Cloud) Deploy(ctx context.Context) error {
	if err := errors.Join(checkNode(ctx), checkGo()); err != nil {
		return err
	}
	unlock, err := c.lockRepository()
	if err != nil {
		return err
	}
	defer unlock()
	s, running := c.readServerState()
	if !running {
		return errNotRunning
	}
	c.Port = s.Port
	if !c.endProcesses(c.deployMark()) { // we hold the lock: it is of one that was killed
		return errors.New("processes of an earlier deployment cannot be ended")
	}
	ctx, cancel := c.contextWhileAlive(ctx, s.PID)
	defer cancel()
	err = c.bootstrapAndDeploy(ctx, s)
	if _, running := c.readServerState(); err != nil && !running {
		return ErrEnded
	}
	return err
}

func (c *Cloud) bootstrapAndDeploy(ctx context.Context, s state) error {
	if !s.Bootstrapped {
		if err := c.runStep(ctx, "prepare the local cloud for the CDK", c.bootstrapCDK); err != nil {
			return err
		}
		s.Bootstrapped = true
		if err := c.saveState(s); err != nil {
			return err
		}
	}
	return c.runStep(ctx, "deploy Sluice into the local cloud", func(ctx context.Context) error { return c.deployApp(ctx, s) })
}

// bootstrapCDK names the environment, and an empty app, which keeps the CDK from building ours only
// to learn it.
func (c *Cloud) bootstrapCDK(ctx context.Context) error {
	return c.runCDK(ctx, "bootstrap", "aws://"+Account+"/"+Region, "--app", "")
}

// deployApp leaves the outputs where clients look for them when all is there, and not before.
func (c *Cloud) deployApp(ctx context.Context, s state) error {
	done, written := c.dataPath("outputs.json"), c.dataPath("outputs.new.json")
	if err := errors.Join(os.RemoveAll(done), os.RemoveAll(written)); err != nil {
		return err
	}
	if err := c.makeOriginCert(); err != nil {
		return err
	}
	paths, err := c.functionPaths(ctx)
	if err != nil {
		return err
	}
	args := []string{"deploy", "--all",
		"--method", "direct",
		"--progress", "events",
		"--require-approval", "never",
		"--outputs-file", written,
		"--output", c.buildPath("cdk.local"),
		"-c", "cloud=local",
		"-c", "arch=" + runtime.GOARCH,
		"-c", "public_url=" + c.apiURL(),
		"-c", "producer_buckets=" + ProducerBucket,
		"-c", fmt.Sprintf("concurrency=%d", services.MinConcurrency()+spareWorkers())}
	if err := c.runCDK(ctx, slices.Concat(args, paths, s.Collector.contextArgs())...); err != nil {
		return err
	}
	outputs, err := ReadOutputs(written)
	if err != nil {
		return err
	}
	if err := c.applyDroppedProperties(ctx, outputs); err != nil {
		return fmt.Errorf("set what CloudFormation left out: %w", err)
	}
	return os.Rename(written, done)
}

// spareWorkers is how many workers the scaling law has to give to whoever needs them: SLUICE_WORKERS, or as many as this machine
// has processors for, beside one.
func spareWorkers() int {
	if n, err := strconv.Atoi(os.Getenv("SLUICE_WORKERS")); err == nil && n > 0 {
		return n
	}
	return runtime.NumCPU() - 1
}

func (c *Cloud) runCDK(ctx context.Context, args ...string) error {
	argv := append([]string{c.cdkPath()}, args...)
	argv = append(argv, "--ci", "--no-color", "--no-notices")
	return runCommand(ctx, command{argv: argv, dir: c.Root, env: c.cdkEnv(), log: c.dataPath("deploy.log")})
}

// cdkEnv is our environment (the Go command needs much of it) with all that is AWS's replaced:
// a profile or key of the person's own must not send this deployment to a real account.
func (c *Cloud) cdkEnv() []string {
	var env []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "AWS_") && !strings.HasPrefix(entry, "CDK_") {
			env = append(env, entry)
		}
	}
	env = append(env, clientEnv(c.endpointURL())...)
	return append(env,
		c.deployMark(),
		"TMPDIR="+c.dataPath("tmp"),
		"CDK_HOME="+c.dataPath("cdk"),
		"CDK_DISABLE_CLI_TELEMETRY=true",
		"CDK_DISABLE_VERSION_CHECK=true",
		// The banner of a Node.js past its end of life would crowd the end of the log.
		"JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=18,20",
		"JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION=18,20,22",
		"JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION=true",
		"NO_PROXY=127.0.0.1,localhost",
		"no_proxy=127.0.0.1,localhost")
}

// clientEnv is what any AWS client needs in its environment to talk to endpoint, and to nothing
// else.
func clientEnv(endpoint string) []string {
	return []string{
		"AWS_ENDPOINT_URL=" + endpoint,
		"AWS_ENDPOINT_URL_S3=" + endpoint,
		"AWS_REGION=" + Region,
		"AWS_DEFAULT_REGION=" + Region,
		"AWS_ACCESS_KEY_ID=" + testKey,
		"AWS_SECRET_ACCESS_KEY=" + testKey,
		"AWS_CONFIG_FILE=" + os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
		"AWS_EC2_METADATA_DISABLED=true",
	}
}
