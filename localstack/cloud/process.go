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

// serverMark and deployMark are environment variables of the processes that this package starts: the server, and the
// steps of a deployment. Child processes inherit them. So they can be found, and no others, even if their parent was
// killed and its process id belongs to another process.
func (c *Cloud) serverMark() string { return "SLUICE_CLOUD=" + c.dataPath() }
func (c *Cloud) deployMark() string { return "SLUICE_DEPLOY=" + c.dataPath() }

// findProcesses returns the processes that have one of the marks, and the other processes in their sessions (a
// sandboxed ffmpeg has no environment).
func (c *Cloud) findProcesses(marks ...string) []int {
	marked := map[int]bool{}
	sessions := map[int]bool{}
	all := map[int]int{} // sessions, by process
	entries, _ := os.ReadDir("/proc")
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		text, _ := os.ReadFile(procFile(pid, "stat")) // empty if it has ended
		session, alive := parseStat(string(text))
		if !alive {
			continue
		}
		all[pid] = session
		if hasMark(pid, marks) {
			marked[pid] = true
			sessions[session] = true
		}
	}
	var found []int
	for pid, session := range all {
		// Only a session whose leader has the mark or has ended: never that of a terminal.
		_, err := os.Stat(procFile(session, "stat"))
		if marked[pid] || sessions[session] && (marked[session] || err != nil) {
			found = append(found, pid)
		}
	}
	return found
}

func hasMark(pid int, marks []string) bool {
	text, err := os.ReadFile(procFile(pid, "environ")) // empty for zombies, and for other users' processes
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

// parseStat returns the session in the text of /proc/PID/stat. A zombie is not alive.
func parseStat(text string) (session int, alive bool) {
	// The name, in parentheses, may contain any character.
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 4 || fields[0] == "Z" {
		return 0, false
	}
	session, err := strconv.Atoi(fields[3])
	return session, err == nil
}

func procFile(pid int, name string) string {
	return filepath.Join("/proc", strconv.Itoa(pid), name)
}

// stopAllProcesses ends the server, its functions and the rest of a deployment.
func (c *Cloud) stopAllProcesses() bool { return c.endProcesses(c.serverMark(), c.deployMark()) }

// endProcesses sends SIGTERM, then SIGKILL, to all processes with one of the marks. It reports whether they have ended.
func (c *Cloud) endProcesses(marks ...string) bool {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		for deadline := time.Now().Add(stopTimeout); time.Now().Before(deadline); {
			found := c.findProcesses(marks...)
			if len(found) == 0 {
				return true
			}
			for _, pid := range found {
				_ = syscall.Kill(pid, signal) // an error means that it has ended
				_ = syscall.Kill(pid, syscall.SIGCONT)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	return len(c.findProcesses(marks...)) == 0
}
