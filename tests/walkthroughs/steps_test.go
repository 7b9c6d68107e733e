package walkthroughs

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseStepsReadsFencedBlocks(t *testing.T) {
	t.Parallel()
	page := "# A page\n```sh\nmake demo\n```\n## One\nText.\n```go a/b.go\npackage b\n```\n\n```sh\ngo vet\n```\n## Two\n"
	got, err := parseSteps(page)
	want := []step{{"sh", "", "make demo\n", 2}, {"go", "a/b.go", "package b\n", 7}, {"sh", "", "go vet\n", 11}}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(step{})); d != "" || err != nil {
		t.Errorf("%v %s", err, d)
	}
	if _, err := parseSteps("```sh\nmake"); err == nil {
		t.Error("no error for a block without a closing fence")
	}
}

func TestApplyDiffReplacesHunks(t *testing.T) {
	t.Parallel()
	const text = "a\n\tb  = 1\n\nc\nd\nc\n"
	for _, tt := range []struct{ name, diff, want, err string }{
		{"added after", " a\n+new\n", "a\nnew\n\tb  = 1\n\nc\nd\nc\n", ""},
		{"added before", "+new\n a\n", "new\na\n\tb  = 1\n\nc\nd\nc\n", ""},
		{"replaced", "-a\n+z\n \tb = 1\n", "z\n\tb  = 1\n\nc\nd\nc\n", ""},
		{"two hunks", "@@ the first\n a\n+x\n@@\n d\n-c\n", "a\nx\n\tb  = 1\n\nc\nd\n", ""},
		{"the beginning of a line", " \tb …\n+x\n", "a\n\tb  = 1\nx\n\nc\nd\nc\n", ""},
		{"twice there", " c\n+x\n", "", "twice"},
		{"not there", " e\n+x\n", "", "not found"},
		{"no place given", "+x\n", "", "its place"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := applyDiff(text, tt.diff)
			if got != tt.want || (err != nil) != (tt.err != "") ||
				err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func TestStepsCreateChangeAndRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, tt := range []struct {
		name string
		step step
		err  string
	}{
		{"a new file", step{kind: "go", path: "new/a.go", text: "package a\n"}, ""},
		{"a new file that exists", step{kind: "go", path: "new/a.go"}, "already"},
		{"a change", step{kind: "diff", path: "new/a.go", text: "-package a\n+package b\n"}, ""},
		{"a change of a missing file", step{kind: "diff", path: "old.go"}, "old.go"},
		{"a command", step{kind: "sh", text: "grep -q 'package b' new/a.go\n"}, ""},
		{"a command that fails", step{kind: "sh", text: "echo why\nfalse\ntrue\n"}, "why"},
		{"neither commands nor path", step{kind: "go"}, "neither"},
	} {
		err := tt.step.applyStep(t.Context(), dir)
		if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
