// Package studio_test plays scenes in the studio, against a made-up Sluice.
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

// playScene plays a scene and checks that there were no console errors and no requests to other hosts.
func playScene(t *testing.T, f *fakeServer, s browser.Scene) browser.SceneReport {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	if err := browser.CheckAvailable(); err != nil {
		t.Skip(err)
	}
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	s.ScreenshotFolder = os.Getenv("SHOTS") // a folder to keep the screenshots
	seen, err := browser.PlayStudioScene(t.Context(), root, f.URL+"/studio", s)
	if err != nil {
		t.Fatalf("%s: %v", s.Name, err)
	}
	if all := slices.Concat(seen.ConsoleErrors, seen.ForeignRequests); len(all) > 0 {
		t.Errorf("%s: errors or requests elsewhere: %q", s.Name, all)
	}
	return seen
}

func newStockedServer(t *testing.T) *fakeServer {
	t.Helper()
	f := newFakeServer(t)
	for i, title := range []string{
		"The last tide", "Winter market, second cut", "Interview with the lock keeper", "Cut short", "From the roof",
	} {
		f.addVideoInState(
			title, []string{"ready", "ready", "processing", "failed", "waiting"}[i],
			time.Duration(i*i*i*3+1)*20*time.Minute,
		)
	}
	return f
}

func TestTokenIsKeptInMemoryOnly(t *testing.T) {
	t.Parallel()
	playScene(t, newFakeServer(t), browser.Scene{Name: "tokenSecrecy", Token: memberToken})
}

func TestUploadCanBeCancelled(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t)
	playScene(t, f, browser.Scene{Name: "cancelUpload", Token: memberToken})
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.videos) != 1 || f.videos[0].state != "cancelled" {
		t.Errorf("the API has %+v", f.videos)
	}
}

// TestFailedPartsAreSentAgain checks that only failed parts are sent again, first by the page and then by the user.
func TestFailedPartsAreSentAgain(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t)
	f.failingParts["2"], f.failingParts["3"] = 2, 1000
	playScene(t, f, browser.Scene{Name: "retryParts", Token: memberToken, Timeout: time.Minute})
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.parts["1"] != 1 || f.parts["2"] != 3 || f.parts["3"] < 3 {
		t.Errorf("parts were sent %v times", f.parts)
	}
}

func TestVideoListIsPaged(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t)
	for i := range 25 {
		f.addVideoInState(
			"Film", []string{"ready", "ready", "ready", "ready", "failed"}[i%5], time.Duration(i)*time.Hour,
		)
	}
	playScene(t, f, browser.Scene{Name: "videoListPages", Token: memberToken})
}

// TestVideoPlaysWhileItIsEncoded plays a video from playable to ready without interruption.
func TestVideoPlaysWhileItIsEncoded(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t)
	f.slowdown = 5
	playScene(t, f, browser.Scene{Name: "growingVideo", Token: memberToken, Timeout: time.Minute})
}

func TestDroppedFilesAreUploaded(t *testing.T) {
	t.Parallel()
	playScene(t, newFakeServer(t), browser.Scene{Name: "droppedFiles", Token: memberToken})
}

func TestRevokedTokenIsRequestedAgain(t *testing.T) {
	t.Parallel()
	playScene(t, newFakeServer(t), browser.Scene{Name: "revokedToken", Token: memberToken})
}

func TestActionsWithoutScopeAreHidden(t *testing.T) {
	t.Parallel()
	playScene(t, newStockedServer(t), browser.Scene{Name: "readOnlyToken", Token: readerToken})
}

func TestPollingIsLimitedWhenIdleHiddenOrThrottled(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t)
	f.addVideoInState("Film", "ready", time.Hour)
	playScene(t, f, browser.Scene{Name: "limitedPolling", Token: memberToken, Timeout: time.Minute})
}

func TestHostileNamesAreShownAsText(t *testing.T) {
	t.Parallel()
	playScene(t, newFakeServer(t), browser.Scene{Name: "hostileNames", Token: memberToken})
}

func TestStudioWorksWithKeyboardOnly(t *testing.T) {
	t.Parallel()
	playScene(t, newFakeServer(t), browser.Scene{Name: "keyboardOnly", Token: memberToken})
}

func TestOperatorManagesMapAndDeadLetters(t *testing.T) {
	t.Parallel()
	f := newStockedServer(t)
	f.addDeadLetters("encode", 3)
	f.addDeadLetters("inspect", 1)
	playScene(t, f, browser.Scene{Name: "operatorPages", Token: operatorToken})
}

// TestFirstViewIsBelow40KB checks the compressed size, and that the player is not loaded yet.
func TestFirstViewIsBelow40KB(t *testing.T) {
	t.Parallel()
	seen := playScene(t, newStockedServer(t), browser.Scene{Name: "firstViewSize", Token: memberToken})
	sum := func(sizes map[string]int) (n int) {
		for name, size := range sizes {
			if strings.HasPrefix(name, "hls.") {
				t.Errorf("%s is fetched before it is needed", name)
			}
			n += size
		}
		return n
	}
	first, all := sum(seen.FirstViewBytes), sum(seen.FileBytes)
	t.Logf(
		"%d bytes before the token in %d files, %d in %d with the list of videos", first, len(seen.FirstViewBytes), all,
		len(seen.FileBytes),
	)
	if first == 0 || first > 40_000 || all > 40_000 {
		t.Errorf("%v", seen.FileBytes)
	}
}

// TestEveryViewPassesAccessibilityChecks runs axe in every view and checks that nothing is wider than the window.
func TestEveryViewPassesAccessibilityChecks(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		width int
		dark  bool
	}{{"phone", 320, false}, {"desktop, dark", 1280, true}} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			playScene(
				t, newStockedServer(t),
				browser.Scene{Name: "allViews", Token: memberToken, Width: row.width, DarkMode: row.dark},
			)
		})
	}
}
