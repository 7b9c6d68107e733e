// Package contributing follows the walk-throughs of CONTRIBUTING.md, so that they stay true.
//
// A walk-through is a section of the second level. Its fenced blocks are its steps: "sh" is run, a block with the path
// of a file after its language is that file, new, and "diff" with a path is a change of the file.
package contributing

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

// step is one fenced block.
type step struct {
	kind, path string // "diff" or "sh", else the language of a new file
	text       string
	line       int
}

// parseSteps returns the steps of each section by its title; sections without any are left out.
func parseSteps(page string) (map[string][]step, error) {
	sections, title := map[string][]step{}, ""
	var open *step
	for i, line := range strings.Split(page, "\n") {
		fence, isFence := strings.CutPrefix(line, "```")
		switch {
		case open != nil && isFence:
			sections[title] = append(sections[title], *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		case isFence:
			open = &step{line: i + 1}
			open.kind, open.path, _ = strings.Cut(fence, " ")
		case strings.HasPrefix(line, "## "):
			title = strings.TrimPrefix(line, "## ")
		}
	}
	if open != nil {
		return nil, fmt.Errorf("the block of line %d has no end", open.line)
	}
	return sections, nil
}

// applyStep takes the step in a copy of the repository.
func (s step) applyStep(ctx context.Context, dir string) error {
	file := filepath.Join(dir, filepath.FromSlash(s.path))
	switch {
	case s.kind == "sh":
		return runShell(ctx, dir, s.text)
	case s.path == "":
		return errors.New("the block says neither what to run nor which file it is of")
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
		return fmt.Errorf("%s is there already", s.path)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(s.text), 0o644)
}

// runShell runs lines of a shell in dir; the error has what they printed.
func runShell(ctx context.Context, dir, lines string) error {
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", lines)
	cmd.Dir = dir
	cmd.WaitDelay = time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s\n%s", err, lines, out)
	}
	return nil
}

// applyDiff returns text after a diff, whose hunks begin with @@ and have no line numbers: what stays and what goes must be
// in the text once. White space at the ends of lines and its amount within them are of no account, since gofmt aligns;
// a line that ends in … is the beginning of one.
func applyDiff(text, diff string) (string, error) {
	for hunk := range strings.SplitSeq("\n"+diff, "\n@@") {
		if hunk == "" { // before the first @@
			continue
		}
		_, hunk, _ = strings.Cut(hunk, "\n") // what follows @@ is for people
		var err error
		if text, err = applyHunk(text, strings.Split(strings.TrimSuffix(hunk, "\n"), "\n")); err != nil {
			return "", err
		}
	}
	return text, nil
}

func applyHunk(text string, hunk []string) (string, error) {
	before := slices.DeleteFunc(slices.Clone(hunk), func(l string) bool { return strings.HasPrefix(l, "+") })
	if len(before) == 0 {
		return "", errors.New("a hunk says nothing of its place")
	}
	lines, at := strings.Split(text, "\n"), -1
	for i := range len(lines) - len(before) + 1 {
		if !slices.EqualFunc(lines[i:i+len(before)], before, matchesLine) {
			continue
		}
		if at >= 0 {
			return "", fmt.Errorf("twice, in lines %d and %d:\n%s", at+1, i+1, strings.Join(before, "\n"))
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

// matchesLine reports whether a line is the one that a line of a diff shows.
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
