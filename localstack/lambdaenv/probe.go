package lambdaenv

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// A package with this file in it runs the launcher itself as its function, to look what a function finds.
const probeFile = "probe"

// eatEnv, in the environment of a probe, has it take so many MiB of memory and nothing else.
const eatEnv = "AWS_LAMBDA_PROBE_EATS"

// Findings are what a function found.
type Findings struct {
	UserID, GroupID int
	Dir             string
	Env             []string
	Writable        []string          // folders in which a file can be made
	Tmp             int               // MiB that /tmp has free
	SharedMemory    bool              // there is a /dev/shm
	CodeOwner       int               // user that owns the function's code
	Processes       int               // how many there are, as far as it can see
	Limited         bool              // a process that took twice the memory of the function was killed
	Calls           map[string]string // the name of a system call, and its answer
}

// probedDirs are the folders in which a probe tries to make a file.
var probedDirs = []string{
	"/", "/bin", "/dev", "/dev/shm", "/etc", "/home", "/mnt", "/opt", "/opt/bin", "/proc", "/root", "/run", "/srv",
	"/sys", "/tmp", "/usr", "/usr/local", "/var", "/var/lib", "/var/runtime", "/var/task", "/var/tmp",
}

// probedCalls are system calls with arguments that do no harm where they are allowed.
var probedCalls = []struct {
	name   string
	number uintptr
	args   [3]uintptr
}{
	{"prctl", unix.SYS_PRCTL, [3]uintptr{unix.PR_SET_NO_NEW_PRIVS, 1}},
	{"seccomp", unix.SYS_SECCOMP, [3]uintptr{unix.SECCOMP_GET_ACTION_AVAIL, 1}},
	{"ptrace", unix.SYS_PTRACE, [3]uintptr{unix.PTRACE_TRACEME}},
	{"chroot", unix.SYS_CHROOT, [3]uintptr{}},
	{"unshare", unix.SYS_UNSHARE, [3]uintptr{}},
	{"fallocate", unix.SYS_FALLOCATE, [3]uintptr{}},
	{
		"landlock_create_ruleset", unix.SYS_LANDLOCK_CREATE_RULESET,
		[3]uintptr{0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION},
	},
	{"landlock_add_rule", unix.SYS_LANDLOCK_ADD_RULE, [3]uintptr{}},
	{"landlock_restrict_self", unix.SYS_LANDLOCK_RESTRICT_SELF, [3]uintptr{}},
	{"setpgid", unix.SYS_SETPGID, [3]uintptr{}},
	{"kill", unix.SYS_KILL, [3]uintptr{}},
}

// isProbe reports whether this process is the function of a probe's package.
func isProbe() bool {
	exe, err := os.Executable()
	if err != nil {
		return false
	}
	_, err = os.Stat(filepath.Join(filepath.Dir(exe), probeFile))
	return err == nil
}

// runProbe prints Findings as JSON.
func runProbe() {
	if amount, err := strconv.Atoi(os.Getenv(eatEnv)); err == nil {
		eatMemory(amount)
		return
	}
	_ = json.NewEncoder(os.Stdout).Encode(look())
}

func look() Findings {
	f := Findings{UserID: os.Getuid(), GroupID: os.Getgid(), Env: os.Environ(), Calls: map[string]string{}}
	slices.Sort(f.Env)
	f.Dir, _ = os.Getwd()
	for _, dir := range append(probedDirs, os.TempDir()) {
		file, err := os.CreateTemp(dir, "probe-")
		if err == nil {
			f.Writable = append(f.Writable, dir)
			_ = errors.Join(file.Close(), os.Remove(file.Name()))
		}
	}
	slices.Sort(f.Writable)
	f.Writable = slices.Compact(f.Writable)
	var disk unix.Statfs_t
	if unix.Statfs(os.TempDir(), &disk) == nil {
		f.Tmp = int(disk.Bavail * uint64(disk.Bsize) >> 20)
	}
	_, err := os.Stat("/dev/shm")
	f.SharedMemory = err == nil
	var code unix.Stat_t
	if unix.Stat("bootstrap", &code) == nil {
		f.CodeOwner = int(code.Uid)
	}
	processes, _ := filepath.Glob("/proc/[0-9]*")
	f.Processes = len(processes)
	f.Limited = hitsLimit()
	for _, call := range probedCalls {
		f.Calls[call.name] = "ok"
		if _, _, e := unix.RawSyscall(call.number, call.args[0], call.args[1], call.args[2]); e != 0 {
			f.Calls[call.name] = unix.ErrnoName(e)
		}
	}
	return f
}

// hitsLimit has a child take twice the memory of the function.
func hitsLimit() bool {
	size, err := strconv.Atoi(os.Getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"))
	if err != nil {
		return false
	}
	child := exec.Command("/proc/self/exe")
	child.Env = []string{eatEnv + "=" + strconv.Itoa(2*size)}
	_ = child.Run()
	status, ok := child.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == unix.SIGKILL
}

func eatMemory(amount int) {
	const page = 4096
	taken := make([]byte, amount<<20)
	for i := 0; i < len(taken); i += page {
		taken[i] = 1
	}
	fmt.Println(len(taken))
}

// Condition is one of Lambda's conditions.
type Condition struct {
	Name   string
	Held   bool
	Detail string // what was found instead
}

// Conditions compares what a function found with what it would have found on Lambda, where it has tmp MiB of /tmp.
func (f Findings) Conditions(tmp int) []Condition {
	wrong := []string{}
	for _, call := range probedCalls {
		want := "EPERM"
		switch {
		case strings.HasPrefix(call.name, "landlock"):
			want = "ENOSYS"
		case call.name == "setpgid" || call.name == "kill":
			want = "ok"
		}
		if f.Calls[call.name] != want {
			wrong = append(wrong, call.name+": "+f.Calls[call.name])
		}
	}
	foreign := slices.DeleteFunc(slices.Clone(f.Env), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains(lambdaVariables, entry) || IsFunctionVariable(name)
	})
	return []Condition{
		{"system calls answer as there", len(wrong) == 0, strings.Join(wrong, ", ")},
		{"the user is not root", f.UserID != 0, fmt.Sprintf("uid %d, gid %d", f.UserID, f.GroupID)},
		{"nothing but /tmp is writable", slices.Equal(f.Writable, []string{"/tmp"}), strings.Join(f.Writable, " ")},
		{
			"/tmp has the size in the map", f.Tmp >= tmp && f.Tmp <= tmp+tmp/20+8,
			fmt.Sprintf("%d MiB for %d", f.Tmp, tmp),
		},
		{"memory is limited as in the map", f.Limited, "no limit"},
		{"there is no /dev/shm", !f.SharedMemory, "/dev/shm"},
		{
			"code is at /var/task and root's", f.Dir == TaskRoot && f.CodeOwner == 0,
			fmt.Sprintf("%s, uid %d", f.Dir, f.CodeOwner),
		},
		{"the environment is Lambda's and its own", len(foreign) == 0, strings.Join(foreign, " ")},
		{"no process of others is seen", f.Processes <= 3, fmt.Sprintf("%d processes", f.Processes)},
	}
}
