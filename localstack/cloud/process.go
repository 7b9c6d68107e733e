package cloud

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// markName is an environment variable of the server. Its functions and their children inherit
// it, so that they are found again, and nothing else is, even when the server was killed and
// its number belongs to another process by now.
const markName = "SLUICE_CLOUD"

func (c *Cloud) mark() string { return markName + "=" + c.build("cloud") }

// processes lists this cloud's processes: those that carry its mark, and those in the sessions
// of these (a caged ffmpeg has no environment).
func (c *Cloud) processes() []int {
	marked := map[int]bool{}
	sessions := map[int]bool{}
	all := sessionsByProcess()
	for pid, session := range all {
		if hasMark(pid, c.mark()) {
			marked[pid] = true
			sessions[session] = true
		}
	}
	var found []int
	for pid, session := range all {
		// Only a session that the server began: never that of a terminal.
		if marked[pid] || sessions[session] && (marked[session] || !exists(session)) {
			found = append(found, pid)
		}
	}
	return found
}

func hasMark(pid int, mark string) bool {
	text, err := os.ReadFile(procFile(pid, "environ")) // empty for the dead and for other people's
	if err != nil {
		return false
	}
	for entry := range bytes.SplitSeq(text, []byte{0}) {
		if string(entry) == mark {
			return true
		}
	}
	return false
}

func sessionsByProcess() map[int]int {
	found := map[int]int{}
	entries, _ := os.ReadDir("/proc")
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if text, err := os.ReadFile(procFile(pid, "stat")); err == nil {
			if session, alive := parseStat(string(text)); alive {
				found[pid] = session
			}
		}
	}
	return found
}

// parseStat reads the session out of /proc/PID/stat; a zombie is not alive.
func parseStat(text string) (session int, alive bool) {
	// The name, in brackets, may hold anything.
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 4 || fields[0] == "Z" {
		return 0, false
	}
	session, err := strconv.Atoi(fields[3])
	return session, err == nil
}

func exists(pid int) bool {
	_, err := os.Stat(procFile(pid, "stat"))
	return err == nil
}

func procFile(pid int, name string) string {
	return filepath.Join("/proc", strconv.Itoa(pid), name)
}

// stopAll asks all processes of this cloud to end, then makes them. It tells whether they have.
func (c *Cloud) stopAll() bool {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		for deadline := time.Now().Add(stopLimit); time.Now().Before(deadline); {
			found := c.processes()
			if len(found) == 0 {
				return true
			}
			for _, pid := range found {
				_ = syscall.Kill(pid, signal) // gone already: just as well
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	return len(c.processes()) == 0
}
