package cloud

import (
	"cmp"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"sluice/localstack/lambdaenv"
	"sluice/shared/domain/services"
)

const (
	// defaultTmp is how large /tmp is for a service that asks for nothing, in MiB.
	defaultTmp = 512
	// originCAFile is the name, in the package of a function that connects to the internet, of the certificate of
	// servers on this machine.
	originCAFile = "origin-ca.pem"
)

// readConditionsSetting reads SLUICE_LAMBDA: whether functions run in Lambda's conditions.
func readConditionsSetting() (bool, error) {
	switch text := os.Getenv("SLUICE_LAMBDA"); text {
	case "", "on":
		return true, nil
	case "off":
		return false, nil
	default:
		return false, fmt.Errorf("SLUICE_LAMBDA is %q: say on or off", text)
	}
}

// enforcesConditions reports whether this cloud starts functions in Lambda's conditions: a server that is not ours
// starts them as it does.
func (c *Cloud) enforcesConditions() bool { return c.lambdaConditions && c.url == "" }

// lambdaState is the folder for what functions in Lambda's conditions need.
func (c *Cloud) lambdaState() string { return c.dataPath("lambda") }

// PrintConditions shows which of Lambda's conditions hold for functions in this cloud.
func (c *Cloud) PrintConditions(ctx context.Context) error {
	if !c.enforcesConditions() {
		c.printLine("%s: functions do not run in Lambda's conditions", c.emulator.name)
		return nil
	}
	unlock, err := c.lockRepository()
	if err != nil {
		return err
	}
	defer unlock()
	mode, conditions, err := c.probeConditions(ctx)
	if err != nil {
		return err
	}
	c.printLine("%s: Lambda's conditions for functions (%s)", c.emulator.name, mode)
	for _, held := range conditions {
		if held.Held {
			c.printLine("  held      %s", held.Name)
		} else {
			c.printLine("  not held  %s (%s)", held.Name, held.Detail)
		}
	}
	return nil
}

// probeConditions builds the launcher, chooses how much of the conditions it is to enforce, and has it show that.
func (c *Cloud) probeConditions(ctx context.Context) (lambdaenv.Mode, []lambdaenv.Condition, error) {
	if err := c.buildLauncher(ctx); err != nil {
		return "", nil, err
	}
	home, _ := os.UserHomeDir() // "": there is none to hide
	mode, err := lambdaenv.ChooseMode(c.launcherPath(), c.lambdaState(), home)
	if err != nil {
		return "", nil, err
	}
	found, err := lambdaenv.Probe(c.launcherPath(),
		lambdaenv.Description{Mode: mode, State: c.lambdaState(), Home: home})
	if err != nil {
		return "", nil, fmt.Errorf(
			"the conditions of Lambda can't be enforced (SLUICE_LAMBDA=off goes without them): %w", err,
		)
	}
	return mode, found.Conditions(lambdaenv.ProbeTmp), nil
}

func (c *Cloud) launcherPath() string { return c.buildPath("launcher", "bootstrap") }

func (c *Cloud) buildLauncher(ctx context.Context) error {
	return runCommand(ctx, command{
		argv: []string{"go", "build", "-trimpath", "-ldflags=-s -w", "-o", c.launcherPath(), "./localstack/launcher"},
		dir:  c.Root, env: append(os.Environ(), "CGO_ENABLED=0"), log: c.dataPath("deploy.log"),
	})
}

// preparePackages makes what is deployed of each function, and returns what tells the deployment where that is, and
// where each function finds ffmpeg and the certificate of servers on this machine. It says once which of Lambda's
// conditions are not enforced; for root, and in CI, that is an error.
func (c *Cloud) preparePackages(ctx context.Context) (contextArgs []string, err error) {
	if err := c.makeOriginCert(); err != nil {
		return nil, err
	}
	built, tools, ca := cmp.Or(c.BuiltDir, "build"), c.buildPath("tools"), originCertPath(c.Root)
	if c.enforcesConditions() {
		var missing []string
		err := c.runStep(ctx, "put the functions into Lambda's conditions", func(ctx context.Context) (err error) {
			built, missing, err = c.packFunctions(ctx)
			return err
		})
		if err != nil {
			return nil, err
		}
		if missing != nil {
			c.printLine("not enforced, as you are not root: %s", strings.Join(missing, "; "))
		}
		tools, ca = lambdaenv.ToolsDir, lambdaenv.TaskRoot+"/"+originCAFile
	}
	return []string{"-c", "build=" + built, "-c", "ffmpeg_dir=" + tools, "-c", "fetch_ca=" + ca}, nil
}

// packFunctions wraps each built function in a package of the launcher's. It returns the folder of them all, and which
// conditions are not enforced.
func (c *Cloud) packFunctions(ctx context.Context) (packed string, missing []string, err error) {
	mode, conditions, err := c.probeConditions(ctx)
	if err != nil {
		return "", nil, err
	}
	for _, one := range conditions {
		if !one.Held {
			missing = append(missing, one.Name)
		}
	}
	if missing != nil && mode == lambdaenv.ModeRoot {
		return "", nil, fmt.Errorf("not enforced (SLUICE_LAMBDA=off goes without all): %s", strings.Join(missing, "; "))
	}
	packed = c.dataPath("packages")
	if err := os.RemoveAll(packed); err != nil {
		return "", nil, err
	}
	home, _ := os.UserHomeDir()
	for _, s := range services.Map {
		d := lambdaenv.Description{
			Mode: mode, Memory: s.Memory, Tmp: max(s.Disk, defaultTmp), State: c.lambdaState(), Home: home,
		}
		if s.Layer != "" {
			d.Tools = c.buildPath("tools")
		}
		if err := c.packFunction(packed, s, d); err != nil {
			return "", nil, fmt.Errorf("pack %s: %w", s.Name, err)
		}
	}
	return packed, missing, nil
}

func (c *Cloud) packFunction(packed string, s services.Service, d lambdaenv.Description) error {
	if err := lambdaenv.Prepare(d.Mode, d.State, d.Tmp); err != nil {
		return err
	}
	built := filepath.Join(c.Root, "build")
	if c.BuiltDir != "" {
		built = c.BuiltDir
	}
	to := filepath.Join(packed, runtime.GOARCH, s.Name)
	if err := lambdaenv.Pack(to, filepath.Join(built, runtime.GOARCH, s.Name), c.launcherPath(), d); err != nil {
		return err
	}
	if !slices.ContainsFunc(s.Permissions, func(p services.Permission) bool {
		return p.Action == services.ConnectOutbound
	}) {
		return nil
	}
	text, err := os.ReadFile(originCertPath(c.Root))
	if err != nil {
		return err
	}
	cert, _ := pem.Decode(text) // its key comes behind it
	if cert == nil {
		return errors.New("there is no certificate of servers on this machine")
	}
	return os.WriteFile(filepath.Join(to, "task", originCAFile), pem.EncodeToMemory(cert), 0o644)
}
