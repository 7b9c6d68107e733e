// Package leftovers finds the processes that a job of the sandbox's lambda set has left behind, and kills them.
//
// A job has a mark: a number that its processes have as their hard limit of RLIMIT_LOCKS, which Linux keeps and does
// not use. All that the tool starts inherits it, whatever its session, its parent, its environment and its program, and
// nobody but root can raise a hard limit. A process that lowers it can still be told by having one at all, together
// with the other limits of the sandbox: nothing else sets it.
package leftovers

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	RLimit         = 10                  // RLIMIT_LOCKS (asm-generic/resource.h): the limit that is the mark
	MaxOpenFiles   = 256                 // limit of descriptors that each marked process has, beside no core dumps
	SupervisorName = "sluice-supervisor" // argv[0] of the process that a job's processes are below
)

// NewMark returns the mark of a job.
func NewMark() uint64 { return 1<<40 + rand.Uint64N(1<<60) }

// processInfo is what /proc says of a process to everybody.
type processInfo struct {
	state      byte // 'Z' is a zombie
	parent     int
	user       int
	locks      uint64 // hard limits; ^0 is none
	core       uint64 // bytes
	files      uint64
	supervisor bool // it calls itself one
}

// readProcess returns what is known of a process; ok is false if it is gone.
func readProcess(pid int) (p processInfo, ok bool) {
	dir := fmt.Sprintf("/proc/%d/", pid)
	status, err := os.ReadFile(dir + "status")
	if err != nil {
		return p, false
	}
	for line := range strings.Lines(string(status)) {
		key, value, _ := strings.Cut(line, ":")
		fields := strings.Fields(value)
		if len(fields) == 0 {
			continue
		}
		switch key {
		case "State":
			p.state = fields[0][0]
		case "PPid":
			p.parent, _ = strconv.Atoi(fields[0])
		case "Uid":
			p.user, _ = strconv.Atoi(fields[0])
		}
	}
	if p.user != os.Getuid() { // nothing of it matters but that it is not sandboxed
		p.locks, p.core, p.files = ^uint64(0), ^uint64(0), ^uint64(0)
		return p, true
	}
	limits, err := os.ReadFile(dir + "limits")
	if err != nil {
		return p, false
	}
	p.locks = parseHardLimit(string(limits), "Max file locks")
	p.core = parseHardLimit(string(limits), "Max core file size")
	p.files = parseHardLimit(string(limits), "Max open files")
	args, _ := os.ReadFile(dir + "cmdline")
	p.supervisor = bytes.HasPrefix(args, []byte(SupervisorName+"\x00"))
	return p, true
}

// parseHardLimit returns a hard limit of /proc/<pid>/limits, where a line is a name, the soft limit and the hard one.
func parseHardLimit(limits, name string) uint64 {
	for line := range strings.Lines(limits) {
		if rest, is := strings.CutPrefix(line, name); is {
			if f := strings.Fields(rest); len(f) > 1 {
				if n, err := strconv.ParseUint(f[1], 10, 64); err == nil {
					return n
				}
			}
		}
	}
	return ^uint64(0)
}

// isSandboxed reports whether the process has the limits of a tool of the lambda set whose mark is not above a number.
func (p processInfo) isSandboxed(mark uint64) bool {
	return p.locks <= mark && p.core == 0 && p.files <= MaxOpenFiles
}

// isLeftover reports whether a process belongs to the job of a mark, whose supervisor is or was a process. It does not
// if it is a zombie, another user's, or below another job's supervisor. That one can't be a tool that has taken its
// name: it has no limits.
func isLeftover(pid int, mark uint64, supervisor int) bool {
	p, ok := readProcess(pid)
	if !ok || p.state == 'Z' || p.state == 'X' || p.user != os.Getuid() || !p.isSandboxed(mark) {
		return false
	}
	for depth := 0; depth < 1000 && p.parent > 1; depth++ {
		above := p.parent
		if p, ok = readProcess(above); !ok {
			return true // its parent has just died
		}
		if !p.isSandboxed(^uint64(0) - 1) {
			return !p.supervisor || above == supervisor
		}
	}
	return true
}

// leftoverPatience is how long Kill tries.
const leftoverPatience = 3 * time.Second

// Kill kills the processes of a job that are left, wherever they have gone, until there are none. It returns
// how many it has met, and whether some are alive all the same. Other processes are never killed: each is looked at
// once more when a handle holds its number.
func Kill(mark uint64, supervisor int) (met int, alive bool) {
	seen := map[int]bool{}
	for end := time.Now().Add(leftoverPatience); ; time.Sleep(5 * time.Millisecond) {
		left := 0
		for _, pid := range listProcesses() {
			if killLeftover(pid, mark, supervisor) {
				seen[pid] = true
				left++
			}
		}
		if left == 0 || time.Now().After(end) {
			return len(seen), left > 0
		}
	}
}

// killLeftover kills a process if it is a leftover, and reports that.
func killLeftover(pid int, mark uint64, supervisor int) bool {
	if !isLeftover(pid, mark, supervisor) {
		return false
	}
	p, err := os.FindProcess(pid) // a pidfd
	if err != nil {
		return false
	}
	defer p.Release()
	if !isLeftover(pid, mark, supervisor) {
		return false
	}
	_ = p.Signal(unix.SIGKILL)
	return true
}

// listProcesses returns the numbers of all processes, without this one's.
func listProcesses() (pids []int) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil && pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}
