package cloud

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
)

// emulator is a program that emulates AWS on this machine.
type emulator struct {
	name         string        // as people write it
	venv         string        // its Python environment, in build
	dataDir      string        // in build, with its state, logs and temporary files while it runs
	url          string        // of a server that this package neither starts nor stops; "": it does
	port         int           // unless SLUICE_PORT is set
	healthPath   string        // the path that answers {"services": {…}}
	startTimeout time.Duration // until its first answer
	// checkNeeds returns an error that names everything that this machine lacks for it, beyond what needs.sh checks.
	checkNeeds func(context.Context) error
	// install installs it into build, as pinned, unless it is installed.
	install func(*Cloud, context.Context) error
	// startCommand returns the command that starts it, and the command's whole environment, with the root user's key.
	startCommand func(*Cloud, context.Context, rootKey) (argv, env []string, err error)
}

// emulators are the emulators that CLOUD can name; the first is the default.
var emulators = []*emulator{&miniStack, &localStack}

// selectEmulator returns the emulator that the environment variable CLOUD names.
func selectEmulator() (*emulator, error) {
	text := os.Getenv("CLOUD")
	if text == "endpoint" {
		return newEndpointEmulator()
	}
	var names []string
	for _, e := range emulators {
		name := strings.ToLower(e.name)
		if text == name || text == "" {
			return e, nil
		}
		names = append(names, name)
	}
	return nil, fmt.Errorf("CLOUD is %q: say %s or endpoint", text, strings.Join(names, ", "))
}

// CheckNeeds returns an error with a sentence for each thing that this machine lacks for the emulator.
func (c *Cloud) CheckNeeds(ctx context.Context) error { return c.emulator.checkNeeds(ctx) }

// findCloud returns the cloud that CLOUD names, of the repository at root, to read its state.
func findCloud(root string) (*Cloud, error) {
	e, err := selectEmulator()
	if err != nil {
		return nil, err
	}
	return &Cloud{Root: root, emulator: e, url: e.url}, nil
}
