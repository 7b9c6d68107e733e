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
	name   string        // as its makers write it
	venv   string        // of its Python, below build
	folder string        // of the running one, below build: its state, logs and temporary files
	url    string        // of one that we neither start nor stop; "": we do
	port   int           // when SLUICE_PORT does not say otherwise
	health string        // the path that answers {"services": {…}}
	limit  time.Duration // from its start to its first answer
	// needs says all that this machine lacks for it, beyond what needs.sh looks for.
	needs func(context.Context) error
	// install puts it under build, as pinned, unless it is there.
	install func(*Cloud, context.Context) error
	// command returns what starts it, and all of its environment.
	command func(*Cloud, context.Context) (argv, env []string, err error)
}

// emulators are what CLOUD may name; the first is the default.
var emulators = []*emulator{&miniStack, &localStack}

// chosen returns the emulator that the environment variable CLOUD names.
func chosen() (*emulator, error) {
	text := os.Getenv("CLOUD")
	if text == "endpoint" {
		return elsewhere()
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

// log names the file, in its folder, of what it prints.
func (e *emulator) log() string { return strings.ToLower(e.name) + ".log" }

// Needs fails with all that this machine lacks for the emulator, a sentence each.
func (c *Cloud) Needs(ctx context.Context) error { return c.emulator.needs(ctx) }

// existing returns the chosen cloud of the repository at root, to look at.
func existing(root string) (*Cloud, error) {
	e, err := chosen()
	if err != nil {
		return nil, err
	}
	return &Cloud{Root: root, emulator: e, url: e.url}, nil
}
