package browser

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Scene is what is done in the studio; studio.mjs has all, by name.
type Scene struct {
	Name             string
	Token            string
	File             string        // to upload, where the scene uploads a real one
	ScreenshotFolder string        // folder for pictures; none if empty
	Width            int           // of the window, in pixels; 1280 if zero
	DarkMode         bool          // what the person prefers
	Timeout          time.Duration // for what takes longest; 30 s if zero
}

// SceneReport is what was seen of a scene that went as it should.
type SceneReport struct {
	ConsoleErrors   []string       `json:"consoleErrors"`         // but for those of answers that the scene asks for
	ForeignRequests []string       `json:"requestsOutsideOrigin"` // URLs without queries, each once
	States          []string       `json:"seen"`                  // of an upload, as the page told them
	Seconds         float64        `json:"seconds"`               // from the choice of a file until it was ready
	Spans           int            `json:"hops"`                  // rows of the waterfall
	FirstViewBytes  map[string]int `json:"first"`                 // bytes, compressed, of each file of the first view
	FileBytes       map[string]int `json:"sizes"`                 // of all files until the list of videos is there
}

// PlayStudioScene plays a scene in the studio at url. The error says what was not as it should be.
func PlayStudioScene(ctx context.Context, root, url string, s Scene) (seen SceneReport, err error) {
	if err := CheckAvailable(); err != nil {
		return seen, err
	}
	program, err := findChromium()
	if err != nil {
		return seen, err
	}
	folder, err := installScripts(ctx, root)
	if err != nil {
		return seen, err
	}
	limit := cmp.Or(s.Timeout, 30*time.Second)
	ctx, cancel := context.WithTimeout(ctx, 2*limit+setupTimeout)
	defer cancel()
	args := []string{"studio.mjs", "--timeout", fmt.Sprint(limit.Seconds()), "--width", strconv.Itoa(cmp.Or(s.Width, 1280))}
	for flag, value := range map[string]string{"--file": s.File, "--shots": s.ScreenshotFolder} {
		if value != "" {
			args = append(args, flag, value)
		}
	}
	if s.DarkMode {
		args = append(args, "--dark")
	}
	node := exec.CommandContext(ctx, "node", append(args, "--", url, s.Name)...)
	node.Dir, node.Env = folder, append(os.Environ(), "CHROMIUM="+program, "TOKEN="+s.Token)
	var out, errs bytes.Buffer
	node.Stdout, node.Stderr = &out, &errs
	node.Cancel = func() error { return node.Process.Signal(syscall.SIGTERM) } // Playwright then ends Chromium
	node.WaitDelay = 10 * time.Second
	if err := node.Run(); err != nil {
		return seen, errors.New(cmp.Or(strings.TrimSpace(errs.String()), err.Error()))
	}
	return seen, json.Unmarshal(out.Bytes(), &seen)
}
