package cloud

import (
	"context"
	"os"
	"path/filepath"
)

// Install installs the emulator and the CDK command line into the repository, exactly as pinned.
// Where they are there already it does nothing.
func (c *Cloud) Install(ctx context.Context) error {
	unlock, err := c.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := c.emulator.install(c, ctx); err != nil {
		return err
	}
	return c.ensure(ctx, "install the CDK command line into build/node", c.nodeStamp(), c.installNode)
}

// ensure does work unless the stamp says that it has been done.
func (c *Cloud) ensure(ctx context.Context, name string, s stamp, work func(context.Context) error) error {
	if fresh, err := s.fresh(); fresh || err != nil {
		return err
	}
	return c.step(ctx, name, func(ctx context.Context) error {
		if err := s.clear(); err != nil {
			return err
		}
		if err := work(ctx); err != nil {
			return err
		}
		return s.write()
	})
}

func (c *Cloud) venvStamp(requirements string) stamp {
	return stamp{
		path: c.build(c.emulator.venv, "pins"),
		pins: []string{requirements},
		made: []string{c.python()},
	}
}

func (c *Cloud) nodeStamp() stamp {
	return stamp{
		path: c.build("node", "pins"),
		pins: []string{c.pins("package.json"), c.pins("package-lock.json")},
		made: []string{c.cdk()},
	}
}

func (c *Cloud) python() string { return c.build(c.emulator.venv, "bin", "python") }

func (c *Cloud) cdk() string { return c.build("node", "node_modules", ".bin", "cdk") }

// installVenv makes the emulator's virtual environment with python, and installs what requirements pins.
func (c *Cloud) installVenv(ctx context.Context, python, requirements string) error {
	// -I: no PYTHONPATH, no packages of the person's own.
	if err := c.install(ctx, python, "-I", "-m", "venv", "--clear", c.build(c.emulator.venv)); err != nil {
		return err
	}
	return c.pip(ctx, "install", "--require-hashes", "-r", requirements)
}

func (c *Cloud) installNode(ctx context.Context) error {
	if err := checkNode(ctx); err != nil {
		return err
	}
	if err := os.MkdirAll(c.build("node"), 0o755); err != nil {
		return err
	}
	for _, name := range []string{"package.json", "package-lock.json"} {
		if err := copyFile(c.build("node", name), c.pins(name)); err != nil {
			return err
		}
	}
	return c.install(ctx, "npm", "ci", "--prefix", c.build("node"),
		"--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier")
}

func (c *Cloud) pip(ctx context.Context, args ...string) error {
	argv := []string{c.python(), "-I", "-m", "pip", "--no-input", "--disable-pip-version-check"}
	return c.install(ctx, append(argv, args...)...)
}

func (c *Cloud) install(ctx context.Context, argv ...string) error {
	return run(ctx, command{argv: argv, dir: c.Root, log: c.build("install.log")})
}

func copyFile(to, from string) error {
	text, err := os.ReadFile(filepath.Clean(from))
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o644)
}
