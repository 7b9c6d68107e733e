// Package browser plays a watch page in Chromium, as the final proof that a video can be watched: its H.264 and AAC go
// through Media Source Extensions. It also plays scenes in the studio.
//
// It needs Chromium and Node.js 20 on the machine. At its first use it installs packages of the npm registry under
// build/browser. It blocks nothing: requests to other origins are in the report.
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

// WatchOptions are the options of PlayWatchPage.
type WatchOptions struct {
	Rate       float64       // of playback; 1 if zero
	Screenshot string        // path of a PNG of the last frame; none if empty
	Timeout    time.Duration // for playback; 5 minutes if zero
}

// WatchReport is what the browser observed.
type WatchReport struct {
	Duration        float64  `json:"duration"` // seconds
	Ended           bool     `json:"ended"`
	CurrentTime     float64  `json:"currentTime"` // seconds
	StartedAt       int64    `json:"began"`       // Unix milliseconds when playback started; 0: never
	Stalls          int      `json:"stalls"`      // number of times that playback waited for data after it had started
	Errors          []string `json:"errors"`      // of the player
	Frames          int      `json:"frames"`      // decoded
	DroppedFrames   int      `json:"droppedFrames"`
	AudioBytes      int64    `json:"audioBytes"` // decoded
	Width           int      `json:"width"`      // of the last rendition played, in pixels
	Height          int      `json:"height"`
	ConsoleErrors   []string `json:"consoleErrors"`
	ForeignRequests []string `json:"requestsOutsideOrigin"` // URLs without queries, each once
}

const (
	minNodeVersion = 20              // for playwright-core 1.65
	setupTimeout   = 2 * time.Minute // for starting and ending the browser and loading the page
)

// CheckAvailable returns nil if PlayWatchPage can run on this machine, or an error that says what to install.
func CheckAvailable() error {
	if _, err := findChromium(); err != nil {
		return err
	}
	for _, name := range []string{"node", "npm"} {
		if _, err := exec.LookPath(name); err != nil {
			return fmt.Errorf("there is no %s on PATH: install Node.js %d or newer", name, minNodeVersion)
		}
	}
	text, err := exec.Command("node", "--version").Output()
	if err != nil {
		return fmt.Errorf("node does not run: %w", err)
	}
	major, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(string(text)), "v"), ".")
	if n, err := strconv.Atoi(major); err != nil || n < minNodeVersion {
		return fmt.Errorf("node is %s: install Node.js %d or newer", strings.TrimSpace(string(text)), minNodeVersion)
	}
	return nil
}

// findChromium returns the browser named by CHROMIUM, or the first one on PATH.
func findChromium() (string, error) {
	if path := os.Getenv("CHROMIUM"); path != "" {
		if _, err := exec.LookPath(path); err != nil {
			return "", fmt.Errorf("CHROMIUM is %s, which can't be run", path)
		}
		return path, nil
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New(
		"there is no Chromium: install it (on Debian: apt install chromium) or set CHROMIUM to its path",
	)
}

// PlayWatchPage opens the page at url and plays its <video id="player">, muted, from start to end. The repository is at
// root. If the video does not end, the error says why, and the report has what was observed until then.
func PlayWatchPage(ctx context.Context, root, url string, o WatchOptions) (WatchReport, error) {
	if err := CheckAvailable(); err != nil {
		return WatchReport{}, err
	}
	program, err := findChromium()
	if err != nil {
		return WatchReport{}, err
	}
	folder, err := installScripts(ctx, root)
	if err != nil {
		return WatchReport{}, err
	}
	limit := cmp.Or(o.Timeout, 5*time.Minute)
	ctx, cancel := context.WithTimeout(ctx, limit+setupTimeout)
	defer cancel()
	args := []string{"watch.mjs", "--rate", fmt.Sprint(cmp.Or(o.Rate, 1)), "--timeout", fmt.Sprint(limit.Seconds())}
	if o.Screenshot != "" {
		args = append(args, "--screenshot", o.Screenshot)
	}
	node := exec.CommandContext(ctx, "node", append(args, "--", url)...)
	node.Dir = folder
	node.Env = append(os.Environ(), "CHROMIUM="+program)
	report, err := runScript(node)
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return report, err
}

// runScript runs the script and decodes its report.
func runScript(node *exec.Cmd) (WatchReport, error) {
	var out, errs bytes.Buffer
	node.Stdout, node.Stderr = &out, &errs
	// At SIGTERM, Playwright ends Chromium, which has its own process group.
	node.Cancel = func() error { return node.Process.Signal(syscall.SIGTERM) }
	node.WaitDelay = 10 * time.Second
	failed := node.Run()
	var report WatchReport
	if err := json.Unmarshal(out.Bytes(), &report); err != nil && failed == nil {
		return report, fmt.Errorf("the browser's report can't be read: %w", err)
	}
	if failed != nil {
		return report, errors.New(cmp.Or(strings.TrimSpace(errs.String()), failed.Error()))
	}
	return report, nil
}
