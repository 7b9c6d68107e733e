package cloud

import (
	"context"
	"time"
)

var miniStack = emulator{
	name: "MiniStack", venv: "venv", dataDir: "cloud", port: DefaultPort, healthPath: "/_ministack/health", startTimeout: 30 * time.Second,
	checkNeeds: func(context.Context) error { return nil }, install: (*Cloud).installMiniStack, startCommand: (*Cloud).miniStackCommand,
}

func (c *Cloud) installMiniStack(ctx context.Context) error {
	pins := c.pinPath("requirements.txt")
	return c.ensureInstalled(ctx, "install MiniStack into build/venv", c.venvStamp(pins), func(ctx context.Context) error {
		python, err := findPython(ctx)
		if err != nil {
			return err
		}
		return c.installVenv(ctx, python, pins)
	})
}

// miniStackCommand returns an environment that each function inherits.
func (c *Cloud) miniStackCommand(context.Context) (argv, env []string, err error) {
	return []string{c.pythonPath(), "-m", "ministack"}, c.serverEnv(), nil
}
