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

// Scene is a sequence of actions in the studio. studio.mjs has the scenes by name.
type Scene struct {
	Name             string
	Token            string
	File             string        // path of the file to upload, for scenes that upload a real one
	ScreenshotFolder string        // folder for screenshots; none if empty
	Width            int           // of the window in pixels; 1280 if zero
	DarkMode         bool          // prefers-color-scheme: dark
	Timeout          time.Duration // for the longest step; 30 s if zero
}

// SceneReport is the result of a scene that succeeded.
type SceneReport struct {
	ConsoleErrors   []string `json:"consoleErrors"`         // without those that the scene expects
	ForeignRequests []string `json:"requestsOutsideOrigin"` // URLs without queries, each once
	States          []string `json:"seen"`                  // of an upload, as the page showed them
	Seconds         float64  `json:"seconds"`               // from choosing a file until the video was ready
	Spans           int      `json:"spans"`                 // rows of the trace
	// compressed size of each file that is loaded before the token is entered
	FirstViewBytes map[string]int `json:"first"`
	FileBytes      map[string]int `json:"sizes"` // compressed size of each file until the list of videos is shown
}

// PlayStudioScene plays a scene in the studio at url. The repository is at root. The error says which step failed.
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
	args := []string{
		"studio.mjs", "--timeout", fmt.Sprint(limit.Seconds()), "--width", strconv.Itoa(cmp.Or(s.Width, 1280)),
	}
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
