package cloud

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

var localStack = emulator{
	name: "LocalStack", venv: "venv-localstack", dataDir: "cloud-localstack", port: 4567,
	healthPath: "/_localstack/health", startTimeout: 2 * time.Minute, checkNeeds: checkLocalStackNeeds,
	install: (*Cloud).installLocalStack, startCommand: (*Cloud).localStackCommand,
}

// installLocalStack checks everything that LocalStack needs, then installs it.
func (c *Cloud) installLocalStack(ctx context.Context) error {
	pins, source := c.pinPath("executor/requirements.txt"), c.pinPath("executor")
	if err := checkLocalStackNeeds(ctx); err != nil {
		return err
	}
	if err := c.ensureVenv(
		ctx, "install LocalStack into build/venv-localstack", pins, findLocalStackPython,
	); err != nil {
		return err
	}
	if err := c.ensureExecutor(ctx, source); err != nil {
		return err
	}
	return c.ensureInstalled(ctx, "install DynamoDB Local into build/dynamodb", stamp{
		path: c.buildPath("dynamodb", "pins"),
		pins: []string{
			c.pinPath("executor/dynamodb/pom.xml"), c.pinPath("executor/dynamodb/sha256"),
			c.pinPath("executor/dynamodb/LoopbackServer.java"),
		},
		made: []string{c.buildPath("dynamodb", "lib"), c.buildPath("dynamodb", "classes")},
	}, c.installDynamoDB)
}

func checkLocalStackNeeds(ctx context.Context) error {
	_, noPython := findLocalStackPython(ctx)
	_, noJava := findJDK(ctx)
	return errors.Join(checkArch(runtime.GOARCH), noPython, noJava,
		checkProgram("mvn", "DynamoDB Local is installed with Maven: install mvn and put it on PATH"))
}

// checkArch returns an error on machines other than x86-64: Maven Central has DynamoDB Local's native library for no
// other architecture on Linux.
func checkArch(arch string) error {
	if arch != "amd64" {
		return fmt.Errorf(
			"LocalStack runs here on x86-64 only, for want of DynamoDB Local's library for %s: use MiniStack (CLOUD=ministack)",
			arch,
		)
	}
	return nil
}

// ensureExecutor installs the executor of functions with the setuptools of the environment, unless it is installed. It
// builds from a copy, because a build writes files beside the source.
func (c *Cloud) ensureExecutor(ctx context.Context, source string) error {
	modules, err := filepath.Glob(filepath.Join(source, "sluice_executor", "*.py"))
	if err != nil {
		return err
	}
	return c.ensureInstalled(ctx, "install the executor of functions beside it", stamp{
		path: c.buildPath(c.emulator.venv, "executor.pins"),
		pins: append(modules, filepath.Join(source, "pyproject.toml"), c.pinPath("executor/requirements.txt")),
	}, func(ctx context.Context) error {
		copied := c.buildPath("executor")
		defer os.RemoveAll(copied)
		if err := os.RemoveAll(copied); err != nil {
			return err
		}
		if err := os.CopyFS(copied, os.DirFS(source)); err != nil {
			return err
		}
		return c.runPip(ctx, "install", "--no-index", "--no-deps", "--no-build-isolation", "--force-reinstall", copied)
	})
}

func (c *Cloud) localStackCommand(ctx context.Context, key rootKey) (argv, env []string, err error) {
	java, err := findJDK(ctx)
	if err != nil {
		return nil, nil, err
	}
	env = append(clientEnv(c.endpointURL(), key),
		c.serverMark(),
		"HOME="+c.dataPath(),
		"PATH="+filepath.Join(java, "bin")+":"+os.Getenv("PATH"),
		"JAVA_HOME="+java,
		"DYNAMODB_HOME="+c.buildPath("dynamodb"),
		"LANG=C.UTF-8",
		"TMPDIR="+c.dataPath("tmp"),
		"FILESYSTEM_ROOT="+c.dataPath("state"), // LocalStack's own files
		"OVERRIDE_IN_DOCKER=0",                 // otherwise, in a container, it writes to /var/lib/localstack
		fmt.Sprintf("GATEWAY_LISTEN=127.0.0.1:%d", c.Port),
		fmt.Sprintf("LOCALSTACK_HOST=localhost:%d", c.Port),
		"SQS_ENDPOINT_STRATEGY=path", // no host names that need a DNS server
		"DNS_ADDRESS=0",
		"SKIP_SSL_CERT_DOWNLOAD=1",
		"DISABLE_EVENTS=1", // no telemetry
		"S3_SKIP_SIGNATURE_VALIDATION=0",
		"DYNAMODB_IN_MEMORY=1",
		"LAMBDA_RUNTIME_EXECUTOR=process",
		"LAMBDA_SYNCHRONOUS_CREATE=1",
		// By default it polls once a second, and an empty queue every ten seconds.
		"LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC=0.01",
		"LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC=0.25",
		"PYTHONDONTWRITEBYTECODE=1",
		"PYTHONUNBUFFERED=1",
	)
	return []string{c.pythonPath(), "-m", "sluice_executor"}, append(env, c.recordingEnv()...), nil
}
