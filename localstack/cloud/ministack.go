package cloud

import (
	"context"
	"os"
	"strconv"
	"time"
)

var miniStack = emulator{
	name: "MiniStack", venv: "venv", dataDir: "cloud", port: DefaultPort, healthPath: "/_ministack/health",
	startTimeout: 30 * time.Second, checkNeeds: func(context.Context) error { return nil },
	install: (*Cloud).installMiniStack, startCommand: (*Cloud).miniStackCommand,
}

func (c *Cloud) installMiniStack(ctx context.Context) error {
	return c.ensureVenv(ctx, "install MiniStack into build/venv", c.pinPath("requirements.txt"), findPython)
}

// miniStackCommand returns an environment that each function inherits.
func (c *Cloud) miniStackCommand(_ context.Context, key rootKey) (argv, env []string, err error) {
	env = append(clientEnv(c.endpointURL(), key),
		c.serverMark(),
		"HOME="+c.dataPath(),
		"PATH="+os.Getenv("PATH"),
		"LANG=C.UTF-8",
		"TMPDIR="+c.dataPath("tmp"),
		"STATE_DIR="+c.dataPath("state"),
		"PYTHONPATH="+c.pinPath("ministack")+":"+c.pinPath("executor"), // sitecustomize.py, which uses the other
		"PYTHONDONTWRITEBYTECODE=1",
		"PYTHONUNBUFFERED=1",
		"BIND_HOST=127.0.0.1",
		"GATEWAY_PORT="+strconv.Itoa(c.Port),
		"MINISTACK_REGION="+Region,
		"LAMBDA_EXECUTOR=local",
		"AUTH=true", // checks the signature of each call, and the call against the policies of its caller
		// These services would listen on further ports, on every interface.
		"IOT_MTLS_ENABLED=0",
		"SFTP_ENABLED=0",
	)
	return []string{c.pythonPath(), "-m", "ministack"}, append(env, c.recordingEnv()...), nil
}
