package cloud

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
)

// state is what is saved about the server that was started last.
type state struct {
	PID          int       `json:"pid"`
	Port         int       `json:"port"`
	Bootstrapped bool      `json:"bootstrapped"` // it has the CDK's own resources
	Collector    collector `json:"collector"`
}

func (c *Cloud) statePath() string { return c.dataPath("server.json") }

func (c *Cloud) saveState(s state) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(c.statePath()), 0o755); err != nil {
		return err
	}
	return os.WriteFile(c.statePath(), append(text, '\n'), 0o644)
}

// readServerState returns the state of the server and whether its process lives. A server that this package did not
// start counts as running, and as not bootstrapped.
func (c *Cloud) readServerState() (state, bool) {
	s, err := readJSON[state](c.statePath())
	if err != nil {
		s = state{}
	}
	if c.url != "" {
		s.Bootstrapped = false
		return s, true
	}
	return s, s.PID > 0 && slices.Contains(c.findProcesses(c.serverMark()), s.PID)
}
