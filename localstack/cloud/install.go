package cloud

import (
	"context"
	"os"
)

// Install installs the emulator, the CDK command line and prettier into the repository, exactly as pinned. It does
// nothing if they are installed already.
func (c *Cloud) Install(ctx context.Context) error {
	unlock, err := c.lockRepository()
	if err != nil {
		return err
	}
	defer unlock()
	if err := c.emulator.install(c, ctx); err != nil {
		return err
	}
	return c.ensureInstalled(ctx, "install the CDK and prettier into build/node", stamp{
		path: c.buildPath("node", "pins"),
		pins: []string{c.pinPath("package.json"), c.pinPath("package-lock.json")},
		made: []string{c.cdkPath(), c.buildPath("node", "node_modules", ".bin", "prettier")},
	}, c.installNode)
}

// ensureInstalled runs work unless the stamp is fresh.
func (c *Cloud) ensureInstalled(ctx context.Context, name string, s stamp, work func(context.Context) error) error {
	if fresh, err := s.isFresh(); fresh || err != nil {
		return err
	}
	return c.runStep(ctx, name, func(ctx context.Context) error {
		if err := os.RemoveAll(s.path); err != nil { // so that an interrupted installation is repeated
			return err
		}
		if err := work(ctx); err != nil {
			return err
		}
		return s.write()
	})
}

func (c *Cloud) pythonPath() string { return c.buildPath(c.emulator.venv, "bin", "python") }

func (c *Cloud) cdkPath() string { return c.buildPath("node", "node_modules", ".bin", "cdk") }

// ensureVenv makes the emulator's virtual environment and installs what the file requirements pins, unless it is made.
// find returns the Python to make it with.
func (c *Cloud) ensureVenv(
	ctx context.Context, step, requirements string, find func(context.Context) (string, error),
) error {
	s := stamp{path: c.buildPath(c.emulator.venv, "pins"), pins: []string{requirements}, made: []string{c.pythonPath()}}
	return c.ensureInstalled(ctx, step, s, func(ctx context.Context) error {
		python, err := find(ctx)
		if err != nil {
			return err
		}
		// -I ignores PYTHONPATH and the user's packages.
		if err := c.runInstaller(ctx, python, "-I", "-m", "venv", "--clear", c.buildPath(c.emulator.venv)); err != nil {
			return err
		}
		return c.runPip(ctx, "install", "--require-hashes", "-r", requirements)
	})
}

func (c *Cloud) installNode(ctx context.Context) error {
	if err := checkNode(ctx); err != nil {
		return err
	}
	if err := os.MkdirAll(c.buildPath("node"), 0o755); err != nil {
		return err
	}
	for _, name := range []string{"package.json", "package-lock.json"} {
		text, err := os.ReadFile(c.pinPath(name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(c.buildPath("node", name), text, 0o644); err != nil {
			return err
		}
	}
	return c.runInstaller(ctx, "npm", "ci", "--prefix", c.buildPath("node"),
		"--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier")
}

func (c *Cloud) runPip(ctx context.Context, args ...string) error {
	argv := []string{c.pythonPath(), "-I", "-m", "pip", "--no-input", "--disable-pip-version-check"}
	return c.runInstaller(ctx, append(argv, args...)...)
}

func (c *Cloud) runInstaller(ctx context.Context, argv ...string) error {
	return runCommand(ctx, command{argv: argv, dir: c.Root, log: c.buildPath("install.log")})
}
