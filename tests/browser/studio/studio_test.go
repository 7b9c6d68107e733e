// Package studio_test plays what people do in the studio, against a Sluice that is made up.
package studio_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/tests/browser"
)

// play plays a scene and holds it to what holds of all: no errors, no other hosts.
func play(t *testing.T, f *fake, s browser.Scene) browser.Seen {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	if err := browser.Available(); err != nil {
		t.Skip(err)
	}
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	s.Shots = os.Getenv("SHOTS") // a folder, for people who want to see
	seen, err := browser.Studio(t.Context(), root, f.URL+"/studio", s)
	if err != nil {
		t.Fatalf("%s: %v", s.Name, err)
	}
	if all := slices.Concat(seen.Console, seen.Outside); len(all) > 0 {
		t.Errorf("%s: errors or requests elsewhere: %q", s.Name, all)
	}
	return seen
}

func stocked(t *testing.T) *fake {
	t.Helper()
	f := newFake(t)
	for i, title := range []string{"The last tide", "Winter market, second cut", "Interview with the lock keeper", "Cut short", "From the roof"} {
		f.stock(title, []string{"ready", "ready", "processing", "failed", "waiting"}[i], time.Duration(i*i*i*3+1)*20*time.Minute)
	}
	return f
}

func TestTheTokenIsKeptInMemoryOnly(t *testing.T) {
	t.Parallel()
	play(t, newFake(t), browser.Scene{Name: "secret", Token: member})
}

func TestAnUploadIsCancelled(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	play(t, f, browser.Scene{Name: "cancel", Token: member})
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.videos) != 1 || f.videos[0].state != "cancelled" {
		t.Errorf("the API has %+v", f.videos)
	}
}

// TestPartsAreSentAgain: those that failed and no others, by the page itself and then by hand.
func TestPartsAreSentAgain(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.broken["2"], f.broken["3"] = 2, 1000
	play(t, f, browser.Scene{Name: "recover", Token: member, Timeout: time.Minute})
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.parts["1"] != 1 || f.parts["2"] != 3 || f.parts["3"] < 3 {
		t.Errorf("parts were sent %v times", f.parts)
	}
}

func TestTheListHasPages(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	for i := range 25 {
		f.stock("Film", []string{"ready", "ready", "ready", "ready", "failed"}[i%5], time.Duration(i)*time.Hour)
	}
	play(t, f, browser.Scene{Name: "pages", Token: member})
}

// TestAVideoIsWatchedWhileItGrows: from playable to ready, in one go.
func TestAVideoIsWatchedWhileItGrows(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.slow = 5
	play(t, f, browser.Scene{Name: "growing", Token: member, Timeout: time.Minute})
}

func TestFilesAreDropped(t *testing.T) {
	t.Parallel()
	play(t, newFake(t), browser.Scene{Name: "dropped", Token: member})
}

func TestATokenThatIsLostIsAskedForAgain(t *testing.T) {
	t.Parallel()
	play(t, newFake(t), browser.Scene{Name: "lost", Token: member})
}

func TestATokenShowsWhatItMayDo(t *testing.T) {
	t.Parallel()
	play(t, stocked(t), browser.Scene{Name: "poor", Token: reader})
}

func TestThePageAsksPolitely(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.stock("Film", "ready", time.Hour)
	play(t, f, browser.Scene{Name: "polite", Token: member, Timeout: time.Minute})
}

func TestHostileNamesDoNothing(t *testing.T) {
	t.Parallel()
	play(t, newFake(t), browser.Scene{Name: "hostile", Token: member})
}

func TestKeyboardAlone(t *testing.T) {
	t.Parallel()
	play(t, newFake(t), browser.Scene{Name: "keyboard", Token: member})
}

func TestOperators(t *testing.T) {
	t.Parallel()
	f := stocked(t)
	f.mourn("encode", 3)
	f.mourn("inspect", 1)
	play(t, f, browser.Scene{Name: "operate", Token: operator})
}

// TestTheFirstViewIsSmall: below 40 kB compressed, and no player in it.
func TestTheFirstViewIsSmall(t *testing.T) {
	t.Parallel()
	seen := play(t, stocked(t), browser.Scene{Name: "size", Token: member})
	sum := func(sizes map[string]int) (n int) {
		for name, size := range sizes {
			if strings.HasPrefix(name, "hls.") {
				t.Errorf("%s is fetched before it is needed", name)
			}
			n += size
		}
		return n
	}
	first, all := sum(seen.First), sum(seen.Sizes)
	t.Logf("%d bytes before the token in %d files, %d in %d with the list of videos", first, len(seen.First), all, len(seen.Sizes))
	if first == 0 || first > 40_000 || all > 40_000 {
		t.Errorf("%v", seen.Sizes)
	}
}

// TestEverythingIsAccessible: axe finds nothing in any view, and nothing is wider than the window.
func TestEverythingIsAccessible(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		width int
		dark  bool
	}{{"phone", 320, false}, {"desktop, dark", 1280, true}} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			play(t, stocked(t), browser.Scene{Name: "look", Token: member, Width: row.width, Dark: row.dark})
		})
	}
}
