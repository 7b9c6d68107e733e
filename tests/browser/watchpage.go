// Package browser plays a watch page to its end in Chromium, as the last proof that a video can be watched: its H.264
// and AAC go through Media Source Extensions, as in any browser.
//
// It needs Chromium and Node.js 20 on the machine, and the npm registry for one package at its first use, which it
// installs under build/browser. It refuses nothing: what a page asks for outside of its origin is in the report.
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

// WatchOptions of Watch.
type WatchOptions struct {
	Rate       float64       // of playback; 1 if zero
	Screenshot string        // file to write the last picture to, a PNG; none if empty
	Timeout    time.Duration // for the video; 5 minutes if zero
}

// WatchReport is what the browser saw.
type WatchReport struct {
	Duration        float64  `json:"duration"` // seconds
	Ended           bool     `json:"ended"`
	CurrentTime     float64  `json:"currentTime"` // seconds
	StartedAt       int64    `json:"began"`       // Unix milliseconds at which the first picture moved; 0: never
	Stalls          int      `json:"stalls"`      // times it waited for data once it had begun
	Errors          []string `json:"errors"`      // of the player
	Frames          int      `json:"frames"`      // decoded
	DroppedFrames   int      `json:"droppedFrames"`
	AudioBytes      int64    `json:"audioBytes"` // decoded
	Width           int      `json:"width"`      // pixels, of the rendition played last
	Height          int      `json:"height"`
	ConsoleErrors   []string `json:"consoleErrors"`
	ForeignRequests []string `json:"requestsOutsideOrigin"` // URLs without queries, each once
}

const (
	minNodeVersion = 20              // of playwright-core 1.65
	setupTimeout   = 2 * time.Minute // beside the video: start, page, end
)

// CheckAvailable returns nil if Watch can run here, or else a sentence that says what is missing.
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

// findChromium returns the browser that CHROMIUM names, or else the first one on PATH.
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
	return "", errors.New("there is no Chromium: install it (on Debian: apt install chromium) or set CHROMIUM to its path")
}

// PlayWatchPage opens the page at url and plays its <video id="player">, muted, from start to end. The repository is at root.
// The report is as far as it came; the error says why the video did not end.
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

// runScript runs the script and reads its report.
func runScript(node *exec.Cmd) (WatchReport, error) {
	var out, errs bytes.Buffer
	node.Stdout, node.Stderr = &out, &errs
	// At SIGTERM, Playwright ends Chromium, which has a process group of its own.
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
