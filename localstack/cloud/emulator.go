package cloud

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
)

// emulator is a program that stands in for AWS on this machine.
type emulator struct {
	name         string        // as its makers write it
	venv         string        // of its Python, below build
	dataDir      string        // of the running one, below build: its state, logs and temporary files
	url          string        // of one that we neither start nor stop; "": we do
	port         int           // when SLUICE_PORT does not say otherwise
	healthPath   string        // the path that answers {"services": {…}}
	startTimeout time.Duration // from its start to its first answer
	// checkNeeds says all that this machine lacks for it, beyond what needs.sh looks for.
	checkNeeds func(context.Context) error
	// install puts it under build, as pinned, unless it is there.
	install func(*Cloud, context.Context) error
	// startCommand returns what starts it, and all of its environment.
	startCommand func(*Cloud, context.Context) (argv, env []string, err error)
}

// emulators are what CLOUD may name; the first is the default.
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

// logName names the file, in its folder, of what it prints.
func (e *emulator) logName() string { return strings.ToLower(e.name) + ".log" }

// CheckNeeds fails with all that this machine lacks for the emulator, a sentence each.
func (c *Cloud) CheckNeeds(ctx context.Context) error { return c.emulator.checkNeeds(ctx) }

// findCloud returns the chosen cloud of the repository at root, to look at.
func findCloud(root string) (*Cloud, error) {
	e, err := selectEmulator()
	if err != nil {
		return nil, err
	}
	return &Cloud{Root: root, emulator: e, url: e.url}, nil
}
