package cloud

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Each of these marks is an environment variable of what we start: of the server, and of the steps
// of a deployment. Their children inherit it, so that they are found again, and nothing else is,
// even when the server or we were killed, and the number belongs to another process by now.
func (c *Cloud) serverMark() string { return "SLUICE_CLOUD=" + c.dataPath() }
func (c *Cloud) deployMark() string { return "SLUICE_DEPLOY=" + c.dataPath() }

// findProcesses lists those that carry one of the marks, and those in the sessions of these (a caged
// ffmpeg has no environment).
func (c *Cloud) findProcesses(marks ...string) []int {
	marked := map[int]bool{}
	sessions := map[int]bool{}
	all := sessionsByProcess()
	for pid, session := range all {
		if hasMark(pid, marks) {
			marked[pid] = true
			sessions[session] = true
		}
	}
	var found []int
	for pid, session := range all {
		// Only a session that one of them began: never that of a terminal.
		if marked[pid] || sessions[session] && (marked[session] || !processExists(session)) {
			found = append(found, pid)
		}
	}
	return found
}

func hasMark(pid int, marks []string) bool {
	text, err := os.ReadFile(procFile(pid, "environ")) // empty for the dead and for other people's
	if err != nil {
		return false
	}
	for entry := range bytes.SplitSeq(text, []byte{0}) {
		if slices.Contains(marks, string(entry)) {
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

func processExists(pid int) bool {
	_, err := os.Stat(procFile(pid, "stat"))
	return err == nil
}

func procFile(pid int, name string) string {
	return filepath.Join("/proc", strconv.Itoa(pid), name)
}

// stopAllProcesses ends the server, its functions, and what is left of a deployment.
func (c *Cloud) stopAllProcesses() bool { return c.endProcesses(c.serverMark(), c.deployMark()) }

// endProcesses asks all processes with one of the marks to end, then makes them. It tells whether they have.
func (c *Cloud) endProcesses(marks ...string) bool {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		for deadline := time.Now().Add(stopTimeout); time.Now().Before(deadline); {
			found := c.findProcesses(marks...)
			if len(found) == 0 {
				return true
			}
			for _, pid := range found {
				_ = syscall.Kill(pid, signal) // gone already: just as well
				_ = syscall.Kill(pid, syscall.SIGCONT)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	return len(c.findProcesses(marks...)) == 0
}
