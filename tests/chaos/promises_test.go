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

// checkSameState fails unless w has the same final state as calm, a run without faults.
func checkSameState(t *testing.T, calm, sim *simulation) {
	t.Helper()
	want, got := calm.captureState(), sim.captureState()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the state differs from a run without faults (-want +got):\n%s", diff)
	}
	sim.t = t
	sim.reportProblems()
}

// TestPromise01_AcceptedUploadIsProcessed injects faults into the API. Once the client has received a 2xx response, the
// video must be processed.
func TestPromise01_AcceptedUploadIsProcessed(t *testing.T) {
	body := setUpShortVideo(t)
	calm := runScenario(t, scenario{files: [][]byte{body}})
	runSeeds(t, 20, func(t *testing.T, seed uint64) {
		sim := runScenario(
			t,
			scenario{
				seed: seed, files: [][]byte{body}, maxFaults: 20, faultRate: 0.5, unordered: true, faultPrefix: "api: ",
			},
		)
		checkSameState(t, calm, sim)
	})
}

// TestPromise01_LostMessageIsSentAgainAfterDeadline loses each message once after it was accepted. It must be sent
// again when the deadline of its video passes.
func TestPromise01_LostMessageIsSentAgainAfterDeadline(t *testing.T) {
	body := setUpShortVideo(t)
	files := [][]byte{body}
	calm := runScenario(t, scenario{files: files})
	for i, c := range calm.calls {
		if !slices.Contains(c.outcomes, callHalfAccepted) { // sends no message
			continue
		}
		t.Run(fmt.Sprintf("call=%d", i+1), func(t *testing.T) {
			t.Parallel()
			sim := runScenario(t, scenario{files: files, faultAt: i + 1, faultOutcome: callVanishes})
			checkSameState(t, calm, sim)
			t.Logf("%s: recovered after %v", c.point, sim.duration)
		})
	}
	t.Run("S3 sends nothing", func(t *testing.T) {
		t.Parallel()
		checkSameState(t, calm, runScenario(t, scenario{files: files, noS3Events: true}))
	})
	t.Run("neither S3 nor the API sends anything", func(t *testing.T) {
		t.Parallel()
		said := slices.IndexFunc(calm.calls, func(c *pendingCall) bool { return c.point == "api: Send to publish" })
		checkSameState(
			t, calm,
			runScenario(t, scenario{files: files, noS3Events: true, faultAt: said + 1, faultOutcome: callVanishes}),
		)
	})
}

// TestPromise02_AnyDeliveryOrderLeadsToSameRowsAndObjects processes one video with at least a thousand deliveries,
// duplicated and out of order, and with processes that die.
func TestPromise02_AnyDeliveryOrderLeadsToSameRowsAndObjects(t *testing.T) {
	body := setUpShortVideo(t)
	calm := runScenario(t, scenario{files: [][]byte{body}})
	var total atomic.Int64
	t.Run("run", func(t *testing.T) {
		runSeeds(t, 80, func(t *testing.T, seed uint64) {
			sim := runScenario(
				t,
				scenario{
					seed: seed, files: [][]byte{body}, maxFaults: 60, faultRate: 0.1, unordered: true,
					instantEncode: seed%2 == 0,
				},
			)
			checkSameState(t, calm, sim)
			total.Add(int64(sim.deliveredMessages))
		})
	})
	t.Logf("%d deliveries", total.Load())
	if *seedCount == 0 && total.Load() < 1000 {
		t.Errorf("%d deliveries, want 1000", total.Load())
	}
}

// TestPromise02_AnySingleFaultIsRecovered injects each possible fault at each call, once per run and without
// duplicates.
func TestPromise02_AnySingleFaultIsRecovered(t *testing.T) {
	body := setUpShortVideo(t)
	calm := runScenario(t, scenario{files: [][]byte{body}})
	for i, c := range calm.calls {
		if c.point == "encode: Put a segment" && !longtest.InSample(i, 10) {
			continue
		}
		t.Run(fmt.Sprintf("call=%d", i+1), func(t *testing.T) {
			t.Parallel()
			for _, o := range c.outcomes {
				checkSameState(
					t, calm, runScenario(t, scenario{files: [][]byte{body}, faultAt: i + 1, faultOutcome: o}),
				)
				if t.Failed() {
					t.Fatalf("%s %s", c.point, o)
				}
			}
		})
	}
}

// TestPromise02_FaultsLeaveNoTaskQueuedOrInFlight lets two tenants share the encode queue. One has several videos, each
// with more tasks than its in-flight limit. Faults in the calls that publish makes to share the queue must not leave a
// video in the wait queue or a task in flight.
func TestPromise02_FaultsLeaveNoTaskQueuedOrInFlight(t *testing.T) {
	body := setUpShortVideo(t)
	files := [][]byte{body, body, body, body}
	calm := runScenario(t, scenario{files: files, otherTenants: 1})
	t.Run("one fault", func(t *testing.T) {
		for i, c := range calm.calls {
			if _, call, _ := strings.Cut(c.point, ": "); !slices.Contains(
				[]string{"Get WINDOW", "Write WINDOW", "Write WAIT", "Query WAIT", "Delete WAIT", "Send to encode"},
				call,
			) || !longtest.InSample(i, 3) {
				continue
			}
			t.Run(fmt.Sprintf("call=%d", i+1), func(t *testing.T) {
				t.Parallel()
				for _, o := range c.outcomes {
					checkSameState(
						t, calm,
						runScenario(t, scenario{files: files, otherTenants: 1, faultAt: i + 1, faultOutcome: o}),
					)
					if t.Failed() {
						t.Fatalf("%s %s", c.point, o)
					}
				}
			})
		}
	})
	runSeeds(t, 20, func(t *testing.T, seed uint64) {
		checkSameState(
			t, calm,
			runScenario(
				t,
				scenario{
					seed: seed, files: files, otherTenants: 1, maxFaults: 100, faultRate: 0.3, unordered: true,
					faultPrefix: "publish: ",
				},
			),
		)
	})
}

// TestPromise02_DeletedVideoLeavesOnlyItsRow deletes a video at a random time, with other faults. Another video must
// not be affected.
func TestPromise02_DeletedVideoLeavesOnlyItsRow(t *testing.T) {
	body := setUpShortVideo(t)
	runSeeds(t, 25, func(t *testing.T, seed uint64) {
		sim := runScenario(
			t,
			scenario{
				seed: seed, files: [][]byte{body, body}, maxFaults: 60, faultRate: 0.1, unordered: true,
				deletesFirst: true,
			},
		)
		sim.t = t
		sim.checkDeletedVideo(sim.clients[0])
		if v, err := sim.store.LoadVideo(t.Context(), "acme", sim.clients[1].video); err != nil ||
			v.State != video.Ready {
			t.Errorf("the other video is %s, %v", v.State, err)
		}
		sim.reportProblems()
	})
}

// TestPromise03_EveryMessageHasExactlyOneOutcome processes several videos, one of which is invalid, with poison
// messages among them. Each message must be advanced, ignored, or a dead letter with a reason.
func TestPromise03_EveryMessageHasExactlyOneOutcome(t *testing.T) {
	body := setUpShortVideo(t)
	files := [][]byte{body, []byte("no video at all"), body}
	calm := runScenario(t, scenario{files: files})
	runSeeds(t, 20, func(t *testing.T, seed uint64) {
		sim := runScenario(
			t, scenario{seed: seed, files: files, maxFaults: 100, faultRate: 0.1, unordered: true, poisonMessages: 20},
		)
		checkSameState(t, calm, sim)
		t.Logf("%d deliveries: %v", sim.deliveredMessages, sim.ledger.outcomes)
		if sim.ledger.outcomes[messageDeadLetter] < 15 {
			t.Errorf("%v: too few dead letters of poison messages", sim.ledger.outcomes)
		}
	})
}

// TestPromise03_EveryVideoReachesFinalState injects so many faults that messages exhaust their attempts. No message may
// be lost, and each video must be ready or have failed with a reason.
func TestPromise03_EveryVideoReachesFinalState(t *testing.T) {
	body := setUpShortVideo(t)
	runSeeds(t, 40, func(t *testing.T, seed uint64) {
		sim := runScenario(
			t,
			scenario{
				seed: seed, files: [][]byte{body}, maxFaults: 250, faultRate: 0.35, unordered: true,
				faultsToTheEnd: true,
			},
		)
		v, err := sim.store.LoadVideo(t.Context(), "acme", sim.clients[0].video)
		if err != nil || v.State != video.Ready && v.State != video.Failed ||
			v.State == video.Failed && v.Problem.Code == "" {
			t.Errorf("ends %s %v %v", v.State, v.Problem, err)
		}
		t.Logf("%s %v after %v: %v", v.State, v.Problem, sim.duration, sim.ledger.outcomes)
	})
}

// TestPromise04_PoisonMessageDoesNotAffectOthers puts poison messages into the batches and the group of a video. They
// must become dead letters at once, and no other message may be delivered again.
func TestPromise04_PoisonMessageDoesNotAffectOthers(t *testing.T) {
	body := setUpShortVideo(t)
	calm := runScenario(t, scenario{files: [][]byte{body}})
	runSeeds(t, 20, func(t *testing.T, seed uint64) {
		sim := runScenario(t, scenario{seed: seed, files: [][]byte{body}, unordered: true, poisonMessages: 30})
		checkSameState(t, calm, sim)
		if sim.ledger.redeliveries > 0 {
			t.Errorf("%d messages were delivered again", sim.ledger.redeliveries)
		}
	})
}

// TestPromise05_PlaylistsReferenceOnlyExistingSegments lets publish die between its writes and lets some writes arrive
// late. After each write, the playlists must be valid.
func TestPromise05_PlaylistsReferenceOnlyExistingSegments(t *testing.T) {
	body := setUpVideo(t, longVideo)
	calm := runScenario(t, scenario{files: [][]byte{body}})
	var steps atomic.Int64
	t.Run("run", func(t *testing.T) {
		runSeeds(t, 30, func(t *testing.T, seed uint64) {
			sim := runScenario(
				t,
				scenario{
					seed: seed, files: [][]byte{body}, maxFaults: 40, faultRate: 0.3, unordered: true,
					instantEncode: true, faultPrefix: "publish: ",
				},
			)
			checkSameState(t, calm, sim)
			steps.Add(int64(sim.playlistWrites - 3)) // without the final ones
		})
	})
	if *seedCount == 0 && steps.Load() < 20 {
		t.Errorf("%d growing playlists were written, want 20", steps.Load())
	}
	t.Logf("%d growing playlists", steps.Load())
}

// TestPromise05_FailedVideoPlaylistsAreClosed lets a video fail, often after it was playable, and checks its playlists.
func TestPromise05_FailedVideoPlaylistsAreClosed(t *testing.T) {
	body := setUpVideo(t, longVideo)
	var closed atomic.Int64
	t.Run("run", func(t *testing.T) {
		runSeeds(t, 30, func(t *testing.T, seed uint64) {
			sim := runScenario(
				t,
				scenario{
					seed: seed, files: [][]byte{body}, maxFaults: 40, faultRate: 0.3, unordered: seed%2 == 0,
					instantEncode: true, lastChunkFails: true, faultPrefix: "publish: ",
				},
			)
			if sim.checkFailedVideo(sim.clients[0]) {
				closed.Add(1)
			}
			sim.t = t
			sim.reportProblems()
		})
	})
	if *seedCount == 0 && closed.Load() == 0 {
		t.Error("no video has failed after it was playable")
	}
	t.Logf("%d have failed after they were playable", closed.Load())
}

// TestPromise07_InvocationEndsInTimeWhenCallHangs lets each call hang once. The invocation must end before its timeout,
// and the work must be done later.
func TestPromise07_InvocationEndsInTimeWhenCallHangs(t *testing.T) {
	body := setUpShortVideo(t)
	calm := runScenario(t, scenario{files: [][]byte{body}})
	for i, c := range calm.calls {
		if len(c.outcomes) == 0 || strings.HasSuffix(c.point, "Delete") ||
			c.point == "encode: Put a segment" && !longtest.InSample(i, 10) {
			continue
		}
		t.Run(fmt.Sprintf("call=%d", i+1), func(t *testing.T) {
			t.Parallel()
			checkSameState(
				t, calm, runScenario(t, scenario{files: [][]byte{body}, faultAt: i + 1, faultOutcome: callHangs}),
			)
			if t.Failed() {
				t.Fatalf("%s %s", c.point, callHangs)
			}
		})
	}
}

// TestRunIsDeterministicForItsSeed compares the logs of two runs with the same seed.
func TestRunIsDeterministicForItsSeed(t *testing.T) {
	body := setUpShortVideo(t)
	s := scenario{
		seed: 7, files: [][]byte{body, body}, maxFaults: 60, faultRate: 0.1, unordered: true, poisonMessages: 5,
	}
	runScenario(t, scenario{files: s.files}) // fills the cache of tool outputs
	if diff := cmp.Diff(runScenario(t, s).log, runScenario(t, s).log); diff != "" {
		t.Error(diff)
	}
}
