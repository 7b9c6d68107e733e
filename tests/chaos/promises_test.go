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
)

var (
	from  = flag.Uint64("from", 1, "the first seed")
	seeds = flag.Uint64("seeds", 0, "how many seeds; 0: as many as the test wants")
)

// each runs a test for as many seeds as it wants.
func each(t *testing.T, n uint64, run func(t *testing.T, seed uint64)) {
	t.Helper()
	if *seeds > 0 {
		n = *seeds
	}
	for seed := *from; seed < *from+n; seed++ {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			run(t, seed)
		})
	}
}

// same fails unless a world has become what another has.
func same(t *testing.T, calm, w *world) {
	t.Helper()
	want, got := calm.state(), w.state()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("not as once and in order (-want +got):\n%s", diff)
	}
	w.t = t
	w.report()
}

// Whatever becomes of the API while a client uploads: once it has had its 2xx, what follows from the row is done.
func TestPromise01_WhatIsAcceptedIsDone(t *testing.T) {
	body := setup(t)
	calm := run(t, shape{files: [][]byte{body}})
	each(t, 20, func(t *testing.T, seed uint64) {
		w := run(t, shape{seed: seed, files: [][]byte{body}, faults: 20, rate: 0.5, wild: true, only: "api: "})
		same(t, calm, w)
	})
}

// A message is lost for ever, after it was accepted: when the deadline of its video passes, it follows from the row once
// more.
func TestPromise01_WhatIsLostIsSentAgain(t *testing.T) {
	body := setup(t)
	files := [][]byte{body}
	calm := run(t, shape{files: files})
	for i, c := range calm.calls {
		if !slices.Contains(c.can, halve) { // no message
			continue
		}
		t.Run(fmt.Sprintf("call=%d", i+1), func(t *testing.T) {
			t.Parallel()
			w := run(t, shape{files: files, at: i + 1, what: vanish})
			same(t, calm, w)
			t.Logf("%s: mended after %v", c.point, w.lasted)
		})
	}
	t.Run("S3 says nothing", func(t *testing.T) {
		t.Parallel()
		same(t, calm, run(t, shape{files: files, mute: true}))
	})
	t.Run("nobody says anything", func(t *testing.T) {
		t.Parallel()
		said := slices.IndexFunc(calm.calls, func(c *call) bool { return c.point == "api: Send to publish" })
		same(t, calm, run(t, shape{files: files, mute: true, at: said + 1, what: vanish}))
	})
}

// One video, a thousand deliveries: duplicated, out of order, and with processes that die between any two steps.
func TestPromise02_AnyDeliveryLeadsToTheSameRowsAndObjects(t *testing.T) {
	body := setup(t)
	calm := run(t, shape{files: [][]byte{body}})
	var total atomic.Int64
	t.Run("run", func(t *testing.T) {
		each(t, 40, func(t *testing.T, seed uint64) {
			w := run(t, shape{seed: seed, files: [][]byte{body}, faults: 60, rate: 0.1, wild: true, swift: seed%2 == 0})
			same(t, calm, w)
			total.Add(int64(w.delivered))
		})
	})
	t.Logf("%d deliveries", total.Load())
	if *seeds == 0 && total.Load() < 1000 {
		t.Errorf("%d deliveries, want 1000", total.Load())
	}
}

// One video, and one fault: each call there is goes wrong in each way it can. No duplicate helps to mend it.
func TestPromise02_AnySingleFaultIsMended(t *testing.T) {
	body := setup(t)
	calm := run(t, shape{files: [][]byte{body}})
	for i, c := range calm.calls {
		if testing.Short() && c.point == "encode: Put a segment" && i%10 > 0 {
			continue
		}
		t.Run(fmt.Sprintf("call=%d", i+1), func(t *testing.T) {
			t.Parallel()
			for _, v := range c.can {
				same(t, calm, run(t, shape{files: [][]byte{body}, at: i + 1, what: v}))
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
func TestPromise02_EveryTaskHasItsTurn(t *testing.T) {
	body := setup(t)
	files := [][]byte{body, body, body, body}
	calm := run(t, shape{files: files, rivals: 1})
	t.Run("one fault", func(t *testing.T) {
		for i, c := range calm.calls {
			if _, call, _ := strings.Cut(c.point, ": "); !slices.Contains([]string{"Window", "SaveWindow", "Wait", "Waiting", "Leave", "Send to encode"}, call) {
				continue
			}
			t.Run(fmt.Sprintf("call=%d", i+1), func(t *testing.T) {
				t.Parallel()
				for _, v := range c.can {
					same(t, calm, run(t, shape{files: files, rivals: 1, at: i + 1, what: v}))
					if t.Failed() {
						t.Fatalf("%s %s", c.point, v)
					}
				}
			})
		}
	})
	each(t, 20, func(t *testing.T, seed uint64) {
		same(t, calm, run(t, shape{seed: seed, files: files, rivals: 1, faults: 100, rate: 0.3, wild: true, only: "publish: "}))
	})
}

// A video is deleted at any moment, with all else going wrong too: in the end nothing is left of it but its row, and
// nothing is missing of its neighbour.
func TestPromise02_NothingIsLeftOfADeletedVideo(t *testing.T) {
	body := setup(t)
	each(t, 25, func(t *testing.T, seed uint64) {
		w := run(t, shape{seed: seed, files: [][]byte{body, body}, faults: 60, rate: 0.1, wild: true, remove: true})
		w.t = t
		w.erased(w.clients[0])
		if v, err := w.rows.Video(t.Context(), "acme", w.clients[1].video); err != nil || v.State != video.Ready {
			t.Errorf("the other is %s, %v", v.State, err)
		}
		w.report()
	})
}

// Several videos at once, one of which is none, with poison among them: each message that went in came out as advanced,
// ignored or a dead letter with its reason, and in one way only.
func TestPromise03_EachMessageEndsInOneWay(t *testing.T) {
	body := setup(t)
	files := [][]byte{body, []byte("no video at all"), body}
	calm := run(t, shape{files: files})
	each(t, 20, func(t *testing.T, seed uint64) {
		w := run(t, shape{seed: seed, files: files, faults: 100, rate: 0.1, wild: true, poison: 20})
		same(t, calm, w)
		t.Logf("%d deliveries: %v", w.delivered, w.ledger.out)
		if w.ledger.out[deadly] < 15 {
			t.Errorf("%v: poison went down", w.ledger.out)
		}
	})
}

// Calls go wrong so often that messages are given up and functions die of them to the last: no message goes missing, and
// each video ends, ready or failed with a reason.
func TestPromise03_NoVideoIsForEver(t *testing.T) {
	body := setup(t)
	each(t, 40, func(t *testing.T, seed uint64) {
		w := run(t, shape{seed: seed, files: [][]byte{body}, faults: 250, rate: 0.35, wild: true, cruel: true})
		v, err := w.rows.Video(t.Context(), "acme", w.clients[0].video)
		if err != nil || v.State != video.Ready && v.State != video.Failed || v.State == video.Failed && v.Problem.Code == "" {
			t.Errorf("ends %s %v %v", v.State, v.Problem, err)
		}
		t.Logf("%s %v after %v: %v", v.State, v.Problem, w.lasted, w.ledger.out)
	})
}

// Poison lies in the batches of a video's messages and in its group: it is a dead letter at once, and nothing else is
// so much as delivered again.
func TestPromise04_PoisonHarmsNoNeighbour(t *testing.T) {
	body := setup(t)
	calm := run(t, shape{files: [][]byte{body}})
	each(t, 20, func(t *testing.T, seed uint64) {
		w := run(t, shape{seed: seed, files: [][]byte{body}, wild: true, poison: 30})
		same(t, calm, w)
		if w.ledger.again > 0 {
			t.Errorf("%d messages were delivered again", w.ledger.again)
		}
	})
}

// Publish dies between any two of its writes, and some of them come after others: at each, what a playlist names is
// there, and what it listed is listed still.
func TestPromise05_APlayerNeverSeesAHalf(t *testing.T) {
	body := setupFor(t, long)
	calm := run(t, shape{files: [][]byte{body}})
	var steps atomic.Int64
	t.Run("run", func(t *testing.T) {
		each(t, 30, func(t *testing.T, seed uint64) {
			w := run(t, shape{seed: seed, files: [][]byte{body}, faults: 40, rate: 0.3, wild: true, swift: true, only: "publish: "})
			same(t, calm, w)
			steps.Add(int64(w.written - 3)) // beyond the last ones
		})
	})
	if *seeds == 0 && steps.Load() < 20 {
		t.Errorf("%d playlists that grow were written, want 20", steps.Load())
	}
	t.Logf("%d playlists that grow", steps.Load())
}

// A video fails, often after it was playable: nobody can begin it any more, and who watches it comes to an end.
func TestPromise05_WhatFailsIsClosed(t *testing.T) {
	body := setupFor(t, long)
	var closed atomic.Int64
	t.Run("run", func(t *testing.T) {
		each(t, 30, func(t *testing.T, seed uint64) {
			w := run(t, shape{seed: seed, files: [][]byte{body}, faults: 40, rate: 0.3, wild: seed%2 == 0, swift: true, broken: true, only: "publish: "})
			if w.closed(w.clients[0]) {
				closed.Add(1)
			}
			w.t = t
			w.report()
		})
	})
	if *seeds == 0 && closed.Load() == 0 {
		t.Error("none has failed after it was playable")
	}
	t.Logf("%d have failed after they were playable", closed.Load())
}

// What is called does not answer, once at each call: whoever waits for it stops in time, and it is done later.
func TestPromise07_EveryInvocationEndsInTime(t *testing.T) {
	body := setup(t)
	calm := run(t, shape{files: [][]byte{body}})
	for i, c := range calm.calls {
		if len(c.can) == 0 || strings.HasSuffix(c.point, "Delete") || c.point == "encode: Put a segment" && i%10 > 0 {
			continue
		}
		t.Run(fmt.Sprintf("call=%d", i+1), func(t *testing.T) {
			t.Parallel()
			same(t, calm, run(t, shape{files: [][]byte{body}, at: i + 1, what: hang}))
			if t.Failed() {
				t.Fatalf("%s %s", c.point, hang)
			}
		})
	}
}

// A run can be repeated, step by step.
func TestARunIsAFunctionOfItsSeed(t *testing.T) {
	body := setup(t)
	s := shape{seed: 7, files: [][]byte{body, body}, faults: 60, rate: 0.1, wild: true, poison: 5}
	run(t, shape{files: s.files}) // so that the tools have run
	if diff := cmp.Diff(run(t, s).log, run(t, s).log); diff != "" {
		t.Error(diff)
	}
}
