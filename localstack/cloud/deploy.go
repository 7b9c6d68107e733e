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

// stackName is the name of the stack of the CDK app.
const stackName = "Sluice"

var errNotRunning = errors.New("the local cloud is not running: make up deploy-local")

// Deploy deploys the CDK app to the running local cloud.
func (c *Cloud) Deploy(ctx context.Context) error {
	noGo := checkProgram("go", "the CDK app is built with Go: install go and put it on PATH")
	if err := errors.Join(checkNode(ctx), noGo); err != nil {
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
	if !c.endProcesses(c.deployMark()) { // this process has the lock, so that deployment was killed
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
		err := c.runStep(ctx, "prepare the local cloud for the CDK", func(ctx context.Context) error {
			// With the environment's name and an empty app, so that the CDK does not build the app to find out.
			return c.runCDK(ctx, "bootstrap", "aws://"+Account+"/"+Region, "--app", "")
		})
		if err != nil {
			return err
		}
		s.Bootstrapped = true
		if err := c.saveState(s); err != nil {
			return err
		}
	}
	paths, err := c.preparePackages(ctx)
	if err != nil {
		return err
	}
	return c.runStep(ctx, "deploy Sluice into the local cloud", func(ctx context.Context) error {
		return c.deployApp(ctx, s, paths)
	})
}

// deployApp deploys the app. It writes the outputs where clients read them at the end, when everything is there.
func (c *Cloud) deployApp(ctx context.Context, s state, paths []string) error {
	done, written := c.dataPath("outputs.json"), c.dataPath("outputs.new.json")
	if err := errors.Join(os.RemoveAll(done), os.RemoveAll(written)); err != nil {
		return err
	}
	args := []string{
		"deploy", "--all", "--method", "direct", "--progress", "events", "--require-approval", "never",
		"--outputs-file", written, "--output", c.buildPath("cdk.local"), "-c", "cloud=local", "-c",
		"arch=" + runtime.GOARCH, "-c", "public_url=" + c.apiURL(), "-c", "producer_buckets=" + ProducerBucket, "-c",
		fmt.Sprintf("concurrency=%d", services.MinConcurrency()+spareWorkers()),
	}
	if x := s.Collector; x.API != "" { // where traces are sent and read
		args = append(args, "-c", "xray_daemon="+x.Daemon, "-c", "xray_api="+x.apiURL())
	}
	if err := c.runCDK(ctx, append(args, paths...)...); err != nil {
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

// spareWorkers returns how many workers the scaling law can give to queues beyond their minimum: SLUICE_WORKERS, or one
// less than this machine has processors.
func spareWorkers() int {
	if n, err := strconv.Atoi(os.Getenv("SLUICE_WORKERS")); err == nil && n > 0 {
		return n
	}
	return runtime.NumCPU() - 1
}

// runCDK runs the CDK command line in this process's environment, which the Go command needs, with its own AWS
// variables: a profile or key of the user must not send the deployment to a real account.
func (c *Cloud) runCDK(ctx context.Context, args ...string) error {
	env := slices.DeleteFunc(os.Environ(), func(entry string) bool {
		return strings.HasPrefix(entry, "AWS_") || strings.HasPrefix(entry, "CDK_")
	})
	key, err := c.readRootKey()
	if err != nil {
		return err
	}
	env = append(env, clientEnv(c.endpointURL(), key)...)
	env = append(env,
		c.deployMark(),
		"TMPDIR="+c.dataPath("tmp"),
		"CDK_HOME="+c.dataPath("cdk"),
		"CDK_DISABLE_CLI_TELEMETRY=true",
		"CDK_DISABLE_VERSION_CHECK=true",
		// Without this, warnings about the Node.js version fill the end of the log.
		"JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=18,20",
		"JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION=18,20,22",
		"JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION=true",
		"NO_PROXY=127.0.0.1,localhost",
		"no_proxy=127.0.0.1,localhost")
	argv := slices.Concat([]string{c.cdkPath()}, args, []string{"--ci", "--no-color", "--no-notices"})
	return runCommand(ctx, command{argv: argv, dir: c.Root, env: env, log: c.dataPath("deploy.log")})
}

// clientEnv returns the environment with which any AWS client calls endpoint, with a key, and nothing else.
func clientEnv(endpoint string, key rootKey) []string {
	return []string{
		"AWS_ENDPOINT_URL=" + endpoint,
		"AWS_ENDPOINT_URL_S3=" + endpoint,
		"AWS_REGION=" + Region,
		"AWS_DEFAULT_REGION=" + Region,
		"AWS_ACCESS_KEY_ID=" + key.ID,
		"AWS_SECRET_ACCESS_KEY=" + key.Secret,
		"AWS_CONFIG_FILE=" + os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
		"AWS_EC2_METADATA_DISABLED=true",
	}
}
