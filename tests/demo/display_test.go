package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/tests/terminal"
)

func TestLiveDisplayShowsLastProgress(t *testing.T) {
	t.Parallel()
	var term strings.Builder
	look := rowStyle{terminal.Style{Width: 59}}
	moments := scenarios()["broken"]
	last := moments[len(moments)-1]
	l := newLiveDisplay(&term, func() rowStyle { return look }, func() time.Time { return last.now })
	l.Draw()
	if term.Len() > 0 {
		t.Errorf("drew %q of nothing", term.String())
	}
	for _, v := range moments {
		l.showProgress(v.progressView)
	}
	l.close()
	got := strings.NewReplacer("\r", "", "\x1b[K", "", "\x1b[J", "").Replace(term.String())
	if diff := cmp.Diff(strings.Join(look.renderRows(last.buildRows(last.now)), "\n")+"\n", got); diff != "" {
		t.Errorf("on the terminal (-want +got):\n%s", diff)
	}
}

func TestDisplayOfFileIsPlain(t *testing.T) {
	t.Parallel()
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, ok := chooseDisplay(file)().(*plainDisplay); !ok {
		t.Error("a file got the screen of a terminal")
	}
}
