package chaos

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/video"
	"sluice/tests/longtest"
)

var (
	firstSeed = flag.Uint64("from", 1, "the first seed")
	seedCount = flag.Uint64("seeds", 0, "how many seeds; 0: as many as the test wants")
)

// runSeeds runs a test with n seeds, in `make test` with half of them, or with as many as the flag -seeds says.
func runSeeds(t *testing.T, n uint64, run func(t *testing.T, seed uint64)) {
	t.Helper()
	switch {
	case *seedCount > 0:
		n = *seedCount
	case !longtest.Enabled():
		n = (n + 1) / 2
	}
	for seed := *firstSeed; seed < *firstSeed+n; seed++ {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			run(t, seed)
		})
	}
}

// checkSameState fails unless a world has become what another has.
func checkSameState(t *testing.T, calm, w *simulation) {
	t.Helper()
	want, got := calm.captureState(), w.captureState()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("not as once and in order (-want +got):\n%s", diff)
	}
	w.t = t
	w.reportProblems()
}

// Whatever becomes of the API while a client uploads: once it has had its 2xx, what follows from the row is done.
func TestPromise01_AcceptedUploadIsProcessed(t *testing.T) {
	body := setUpShortVideo(t)
	calm := runScenario(t, scenario{files: [][]byte{body}})
	runSeeds(t, 20, func(t *testing.T, seed uint64) {
		w := runScenario(t, scenario{seed: seed, files: [][]byte{body}, maxFaults: 20, faultRate: 0.5, unordered: true, faultPrefix: "api: "})
		checkSameState(t, calm, w)
	})
}

// A message is lost for ever, after it was accepted: when the deadline of its video passes, it follows from the row once
// more.
func TestPromise01_LostMessageIsSentAgainAfterDeadline(t *testing.T) {
	body := setUpShortVideo(t)
	files := [][]byte{body}
	calm := runScenario(t, scenario{files: files})
	for i, c := range calm.calls {
		if !slices.Contains(c.outcomes, callHalfAccepted) { // no message
			continue
		}
		t.Run(fmt.Sprintf("call=%d", i+1), func(t *testing.T) {
			t.Parallel()
			w := runScenario(t, scenario{files: files, faultAt: i + 1, faultOutcome: callVanishes})
			checkSameState(t, calm, w)
			t.Logf("%s: mended after %v", c.point, w.duration)
		})
	}
	t.Run("S3 says nothing", func(t *testing.T) {
		t.Parallel()
		checkSameState(t, calm, runScenario(t, scenario{files: files, noS3Events: true}))
	})
	t.Run("nobody says anything", func(t *testing.T) {
		t.Parallel()
		said := slices.IndexFunc(calm.calls, func(c *pendingCall) bool { return c.point == "api: Send to publish" })
		checkSameState(t, calm, runScenario(t, scenario{files: files, noS3Events: true, faultAt: said + 1, faultOutcome: callVanishes}))
	})
}

// One video, a thousand deliveries: duplicated, out of order, and with processes that die between any two steps.
func TestPromise02_AnyDeliveryOrderLeadsToSameRowsAndObjects(t *testing.T) {
	body := setUpShortVideo(t)
	calm := runScenario(t, scenario{files: [][]byte{body}})
	var total atomic.Int64
	t.Run("run", func(t *testing.T) {
		runSeeds(t, 80, func(t *testing.T, seed uint64) {
			w := runScenario(t, scenario{seed: seed, files: [][]byte{body}, maxFaults: 60, faultRate: 0.1, unordered: true, instantEncode: seed%2 == 0})
			checkSameState(t, calm, w)
			total.Add(int64(w.deliveredMessages))
		})
	})
	t.Logf("%d deliveries", total.Load())
	if *seedCount == 0 && total.Load() < 1000 {
		t.Errorf("%d deliveries, want 1000", total.Load())
	}
}

// One video, and one fault: each call there is goes wrong in each way it can. No duplicate helps to mend it.
func TestPromise02_AnySingleFaultIsRecovered(t *testing.T) {
	body := setUpShortVideo(t)
	calm := runScenario(t, scenario{files: [][]byte{body}})
	for i, c := range calm.calls {
		if c.point == "encode: Put a segment" && !longtest.InSample(i, 10) {
			continue
		}
		t.Run(fmt.Sprintf("call=%d", i+1), func(t *testing.T) {
			t.Parallel()
			for _, v := range c.outcomes {
				checkSameState(t, calm, runScenario(t, scenario{files: [][]byte{body}, faultAt: i + 1, faultOutcome: v}))
				if t.Failed() {
					t.Fatalf("%s %s", c.point, v)
				}
			}
		})
	}
}

// Two tenants share the encode queue, one with several videos, each of which has more tasks than its tenant may have in
// flight. Whatever becomes of the calls by which publish keeps that so: no video is forgotten, and nothing is left in
// flight.
func TestPromise02_FaultsLeaveNoTaskQueuedOrInFlight(t *testing.T) {
	body := setUpShortVideo(t)
	files := [][]byte{body, body, body, body}
	calm := runScenario(t, scenario{files: files, otherTenants: 1})
	t.Run("one fault", func(t *testing.T) {
		for i, c := range calm.calls {
			if _, call, _ := strings.Cut(c.point, ": "); !slices.Contains([]string{"Get WINDOW", "Write WINDOW", "Write WAIT", "Query WAIT", "Delete WAIT", "Send to encode"}, call) || !longtest.InSample(i, 3) {
				continue
			}
			t.Run(fmt.Sprintf("call=%d", i+1), func(t *testing.T) {
				t.Parallel()
				for _, v := range c.outcomes {
					checkSameState(t, calm, runScenario(t, scenario{files: files, otherTenants: 1, faultAt: i + 1, faultOutcome: v}))
					if t.Failed() {
						t.Fatalf("%s %s", c.point, v)
					}
				}
			})
		}
	})
	runSeeds(t, 20, func(t *testing.T, seed uint64) {
		checkSameState(t, calm, runScenario(t, scenario{seed: seed, files: files, otherTenants: 1, maxFaults: 100, faultRate: 0.3, unordered: true, faultPrefix: "publish: "}))
	})
}

// A video is deleted at any moment, with all else going wrong too: in the end nothing is left of it but its row, and
// nothing is missing of its neighbour.
func TestPromise02_DeletedVideoLeavesOnlyItsRow(t *testing.T) {
	body := setUpShortVideo(t)
	runSeeds(t, 25, func(t *testing.T, seed uint64) {
		w := runScenario(t, scenario{seed: seed, files: [][]byte{body, body}, maxFaults: 60, faultRate: 0.1, unordered: true, deletesFirst: true})
		w.t = t
		w.checkDeletedVideo(w.clients[0])
		if v, err := w.store.LoadVideo(t.Context(), "acme", w.clients[1].video); err != nil || v.State != video.Ready {
			t.Errorf("the other is %s, %v", v.State, err)
		}
		w.reportProblems()
	})
}

// Several videos at once, one of which is none, with poison among them: each message that went in came out as advanced,
// ignored or a dead letter with its reason, and in one way only.
func TestPromise03_EveryMessageHasExactlyOneOutcome(t *testing.T) {
	body := setUpShortVideo(t)
	files := [][]byte{body, []byte("no video at all"), body}
	calm := runScenario(t, scenario{files: files})
	runSeeds(t, 20, func(t *testing.T, seed uint64) {
		w := runScenario(t, scenario{seed: seed, files: files, maxFaults: 100, faultRate: 0.1, unordered: true, poisonMessages: 20})
		checkSameState(t, calm, w)
		t.Logf("%d deliveries: %v", w.deliveredMessages, w.ledger.outcomes)
		if w.ledger.outcomes[messageDeadLetter] < 15 {
			t.Errorf("%v: poison went down", w.ledger.outcomes)
		}
	})
}

// Calls go wrong so often that messages are given up and functions die of them to the last: no message goes missing, and
// each video ends, ready or failed with a reason.
func TestPromise03_EveryVideoReachesFinalState(t *testing.T) {
	body := setUpShortVideo(t)
	runSeeds(t, 40, func(t *testing.T, seed uint64) {
		w := runScenario(t, scenario{seed: seed, files: [][]byte{body}, maxFaults: 250, faultRate: 0.35, unordered: true, faultsToTheEnd: true})
		v, err := w.store.LoadVideo(t.Context(), "acme", w.clients[0].video)
		if err != nil || v.State != video.Ready && v.State != video.Failed || v.State == video.Failed && v.Problem.Code == "" {
			t.Errorf("ends %s %v %v", v.State, v.Problem, err)
		}
		t.Logf("%s %v after %v: %v", v.State, v.Problem, w.duration, w.ledger.outcomes)
	})
}

// Poison lies in the batches of a video's messages and in its group: it is a dead letter at once, and nothing else is
// so much as delivered again.
func TestPromise04_PoisonMessageDoesNotAffectOthers(t *testing.T) {
	body := setUpShortVideo(t)
	calm := runScenario(t, scenario{files: [][]byte{body}})
	runSeeds(t, 20, func(t *testing.T, seed uint64) {
		w := runScenario(t, scenario{seed: seed, files: [][]byte{body}, unordered: true, poisonMessages: 30})
		checkSameState(t, calm, w)
		if w.ledger.redeliveries > 0 {
			t.Errorf("%d messages were delivered again", w.ledger.redeliveries)
		}
	})
}

// Publish dies between any two of its writes, and some of them come after others: at each, what a playlist names is
// there, and what it listed is listed still.
func TestPromise05_PlaylistsReferenceOnlyExistingSegments(t *testing.T) {
	body := setUpVideo(t, longVideo)
	calm := runScenario(t, scenario{files: [][]byte{body}})
	var steps atomic.Int64
	t.Run("run", func(t *testing.T) {
		runSeeds(t, 30, func(t *testing.T, seed uint64) {
			w := runScenario(t, scenario{seed: seed, files: [][]byte{body}, maxFaults: 40, faultRate: 0.3, unordered: true, instantEncode: true, faultPrefix: "publish: "})
			checkSameState(t, calm, w)
			steps.Add(int64(w.playlistWrites - 3)) // beyond the last ones
		})
	})
	if *seedCount == 0 && steps.Load() < 20 {
		t.Errorf("%d playlists that grow were written, want 20", steps.Load())
	}
	t.Logf("%d playlists that grow", steps.Load())
}

// A video fails, often after it was playable: nobody can begin it any more, and who watches it comes to an end.
func TestPromise05_FailedVideoPlaylistsAreClosed(t *testing.T) {
	body := setUpVideo(t, longVideo)
	var closed atomic.Int64
	t.Run("run", func(t *testing.T) {
		runSeeds(t, 30, func(t *testing.T, seed uint64) {
			w := runScenario(t, scenario{seed: seed, files: [][]byte{body}, maxFaults: 40, faultRate: 0.3, unordered: seed%2 == 0, instantEncode: true, lastChunkFails: true, faultPrefix: "publish: "})
			if w.checkFailedVideo(w.clients[0]) {
				closed.Add(1)
			}
			w.t = t
			w.reportProblems()
		})
	})
	if *seedCount == 0 && closed.Load() == 0 {
		t.Error("none has failed after it was playable")
	}
	t.Logf("%d have failed after they were playable", closed.Load())
}

// What is called does not answer, once at each call: whoever waits for it stops in time, and it is done later.
func TestPromise07_InvocationEndsInTimeWhenCallHangs(t *testing.T) {
	body := setUpShortVideo(t)
	calm := runScenario(t, scenario{files: [][]byte{body}})
	for i, c := range calm.calls {
		if len(c.outcomes) == 0 || strings.HasSuffix(c.point, "Delete") || c.point == "encode: Put a segment" && !longtest.InSample(i, 10) {
			continue
		}
		t.Run(fmt.Sprintf("call=%d", i+1), func(t *testing.T) {
			t.Parallel()
			checkSameState(t, calm, runScenario(t, scenario{files: [][]byte{body}, faultAt: i + 1, faultOutcome: callHangs}))
			if t.Failed() {
				t.Fatalf("%s %s", c.point, callHangs)
			}
		})
	}
}

// A run can be repeated, step by step.
func TestRunIsDeterministicForItsSeed(t *testing.T) {
	body := setUpShortVideo(t)
	s := scenario{seed: 7, files: [][]byte{body, body}, maxFaults: 60, faultRate: 0.1, unordered: true, poisonMessages: 5}
	runScenario(t, scenario{files: s.files}) // so that the tools have run
	if diff := cmp.Diff(runScenario(t, s).log, runScenario(t, s).log); diff != "" {
		t.Error(diff)
	}
}
