// Package walkthroughs executes the walk-throughs docs/add-*.md in a copy of the repository, so that they stay correct.
//
// The fenced blocks of a page are its steps. A block "sh" is run by bash. A block "diff PATH" changes the file at PATH.
// A block with any other language and a PATH creates that file.
package walkthroughs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// step is one fenced block of a page.
type step struct {
	kind, path string // kind: "diff" or "sh", else the language of a new file
	text       string
	line       int // of the opening fence, from 1
}

// parseSteps returns the fenced blocks of a page in order. It fails if the last block has no closing fence.
func parseSteps(page string) (steps []step, err error) {
	var open *step
	for i, line := range strings.Split(page, "\n") {
		fence, isFence := strings.CutPrefix(line, "```")
		switch {
		case open != nil && isFence:
			steps = append(steps, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		case isFence:
			open = &step{line: i + 1}
			open.kind, open.path, _ = strings.Cut(fence, " ")
		}
	}
	if open != nil {
		return nil, fmt.Errorf("the block of line %d has no closing fence", open.line)
	}
	return steps, nil
}

// applyStep executes the step in dir, a copy of the repository.
func (s step) applyStep(ctx context.Context, dir string) error {
	file := filepath.Join(dir, filepath.FromSlash(s.path))
	switch {
	case s.kind == "sh":
		return runShell(ctx, dir, s.text)
	case s.path == "":
		return errors.New("the block has neither commands nor the path of a file")
	case s.kind == "diff":
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		after, err := applyDiff(string(b), s.text)
		if err != nil {
			return fmt.Errorf("%s: %w", s.path, err)
		}
		return os.WriteFile(file, []byte(after), 0o644)
	}
	if _, err := os.Stat(file); err == nil {
		return fmt.Errorf("%s exists already", s.path)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(s.text), 0o644)
}

// runShell runs lines in bash in dir. Its error contains what they printed.
func runShell(ctx context.Context, dir, lines string) error {
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", lines)
	cmd.Dir = dir
	cmd.WaitDelay = time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s\n%s", err, lines, out)
	}
	return nil
}

// applyDiff returns text with a diff applied. The hunks begin with @@ and have no line numbers: the unchanged and
// removed lines of a hunk must occur exactly once in the text. Lines are compared without regard to the amount of white
// space, because gofmt aligns. A line that ends in … matches any line that begins so.
func applyDiff(text, diff string) (string, error) {
	for hunk := range strings.SplitSeq("\n"+diff, "\n@@") {
		if hunk == "" { // before the first @@
			continue
		}
		_, hunk, _ = strings.Cut(hunk, "\n") // the text after @@ is for readers
		var err error
		if text, err = applyHunk(text, strings.Split(strings.TrimSuffix(hunk, "\n"), "\n")); err != nil {
			return "", err
		}
	}
	return text, nil
}

// applyHunk returns text with one hunk applied.
func applyHunk(text string, hunk []string) (string, error) {
	before := slices.DeleteFunc(slices.Clone(hunk), func(l string) bool { return strings.HasPrefix(l, "+") })
	if len(before) == 0 {
		return "", errors.New("a hunk has no line that shows its place")
	}
	lines, at := strings.Split(text, "\n"), -1
	for i := range len(lines) - len(before) + 1 {
		if !slices.EqualFunc(lines[i:i+len(before)], before, matchesLine) {
			continue
		}
		if at >= 0 {
			return "", fmt.Errorf("found twice, in lines %d and %d:\n%s", at+1, i+1, strings.Join(before, "\n"))
		}
		at = i
	}
	if at < 0 {
		return "", fmt.Errorf("not found:\n%s", strings.Join(before, "\n"))
	}
	var after []string
	next := at
	for _, l := range hunk {
		switch {
		case strings.HasPrefix(l, "+"):
			after = append(after, l[1:])
			continue
		case !strings.HasPrefix(l, "-"):
			after = append(after, lines[next])
		}
		next++
	}
	return strings.Join(slices.Concat(lines[:at], after, lines[next:]), "\n"), nil
}

// matchesLine reports whether a line of the text is the one that a line of a diff shows.
func matchesLine(line, shown string) bool {
	got := strings.Join(strings.Fields(line), " ")
	want := ""
	if shown != "" {
		want = strings.Join(strings.Fields(shown[1:]), " ")
	}
	if start, cut := strings.CutSuffix(want, "…"); cut {
		return strings.HasPrefix(got, strings.TrimSpace(start))
	}
	return got == want
}
