package cloud

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"sluice/shared/domain/services"
)

// stack is the name of the one stack of the CDK app.
const stack = "Sluice"

var errDown = errors.New("the local cloud is not running: make up deploy-local")

// Deploy puts the CDK app into the running local cloud.
func (c *Cloud) Deploy(ctx context.Context) error {
	if err := errors.Join(checkNode(ctx), checkGo()); err != nil {
		return err
	}
	unlock, err := c.lock()
	if err != nil {
		return err
	}
	defer unlock()
	s, running := c.server()
	if !running {
		return errDown
	}
	c.Port = s.Port
	if !c.end(c.deployMark()) { // we hold the lock: it is of one that was killed
		return errors.New("processes of an earlier deployment cannot be ended")
	}
	ctx, cancel := c.whileAlive(ctx, s.PID)
	defer cancel()
	err = c.deploy(ctx, s)
	if _, running := c.server(); err != nil && !running {
		return ErrEnded
	}
	return err
}

func (c *Cloud) deploy(ctx context.Context, s state) error {
	if !s.Bootstrapped {
		if err := c.step(ctx, "prepare the local cloud for the CDK", c.bootstrap); err != nil {
			return err
		}
		s.Bootstrapped = true
		if err := c.saveState(s); err != nil {
			return err
		}
	}
	return c.step(ctx, "deploy Sluice into the local cloud", func(ctx context.Context) error { return c.deployAll(ctx, s) })
}

// bootstrap names the environment, and an empty app, which keeps the CDK from building ours only
// to learn it.
func (c *Cloud) bootstrap(ctx context.Context) error {
	return c.runCDK(ctx, "bootstrap", "aws://"+Account+"/"+Region, "--app", "")
}

// deployAll leaves the outputs where clients look for them when all is there, and not before.
func (c *Cloud) deployAll(ctx context.Context, s state) error {
	done, written := c.dir("outputs.json"), c.dir("outputs.new.json")
	if err := errors.Join(os.RemoveAll(done), os.RemoveAll(written)); err != nil {
		return err
	}
	if err := c.makeOrigin(); err != nil {
		return err
	}
	args := []string{"deploy", "--all",
		"--method", "direct",
		"--progress", "events",
		"--require-approval", "never",
		"--outputs-file", written,
		"--output", c.build("cdk.local"),
		"-c", "cloud=local",
		"-c", "arch=" + runtime.GOARCH,
		"-c", "build=" + cmp.Or(c.Built, "build"),
		"-c", "ffmpeg_dir=" + c.build("tools"),
		"-c", "public_url=" + c.publicURL(),
		"-c", "producer_buckets=" + ProducerBucket,
		"-c", "fetch_ca=" + originFile(c.Root),
		"-c", fmt.Sprintf("concurrency=%d", services.LeastConcurrency()+spare())}
	if err := c.runCDK(ctx, append(args, s.Collector.settings()...)...); err != nil {
		return err
	}
	outputs, err := ReadOutputs(written)
	if err != nil {
		return err
	}
	if err := c.complete(ctx, outputs); err != nil {
		return fmt.Errorf("set what CloudFormation left out: %w", err)
	}
	return os.Rename(written, done)
}

// spare is how many workers the scaling law has to give to whoever needs them: SLUICE_WORKERS, or as many as this machine
// has processors for, beside one.
func spare() int {
	if n, err := strconv.Atoi(os.Getenv("SLUICE_WORKERS")); err == nil && n > 0 {
		return n
	}
	return runtime.NumCPU() - 1
}

func (c *Cloud) runCDK(ctx context.Context, args ...string) error {
	argv := append([]string{c.cdk()}, args...)
	argv = append(argv, "--ci", "--no-color", "--no-notices")
	return run(ctx, command{argv: argv, dir: c.Root, env: c.cdkEnv(), log: c.dir("deploy.log")})
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
	env = append(env, clientEnv(c.endpoint())...)
	return append(env,
		c.deployMark(),
		"TMPDIR="+c.dir("tmp"),
		"CDK_HOME="+c.dir("cdk"),
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
