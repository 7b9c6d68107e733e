package ffmpeg

import (
	"fmt"
	"slices"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// crashSignals are what a tool dies of that goes wrong or was made to. Nothing of ours sends them.
var crashSignals = []syscall.Signal{unix.SIGSEGV, unix.SIGILL, unix.SIGBUS, unix.SIGABRT, unix.SIGSYS}

var suspicion atomic.Pointer[string]

// CompromiseReason returns why this process's environment should not be used any more: the first of its tools that died
// of a signal that we did not send, left processes behind, or ended its supervisor. It returns "" as long as there was
// none.
func CompromiseReason() string {
	if s := suspicion.Load(); s != nil {
		return *s
	}
	return ""
}

// noteSuspicion keeps what is suspicious about an ending.
func (e processResult) noteSuspicion() {
	reason := ""
	switch {
	case e.alive:
		reason = fmt.Sprintf("%d processes of a tool could not be ended", e.leftovers)
	case e.leftovers > 0:
		reason = fmt.Sprintf("a tool left %d processes behind", e.leftovers)
	case e.supervisorLost:
		reason = "the supervisor of a tool was ended"
	case e.exit != nil && e.exit.wait.Signaled() && slices.Contains(crashSignals, e.exit.wait.Signal()):
		reason = fmt.Sprintf("a tool died of %s", unix.SignalName(e.exit.wait.Signal()))
	}
	if reason != "" {
		suspicion.CompareAndSwap(nil, &reason)
	}
}
