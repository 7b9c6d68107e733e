// Package landlock restricts the files that a process can open, by Landlock, a part of Linux from 5.13 on.
package landlock

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Sets of Landlock's access rights; see https://docs.kernel.org/userspace-api/landlock.html.
const (
	accessRead      = unix.LANDLOCK_ACCESS_FS_READ_FILE
	accessExecute   = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_EXECUTE
	accessLibraries = accessExecute | unix.LANDLOCK_ACCESS_FS_READ_DIR
	accessWorkDir   = accessRead | unix.LANDLOCK_ACCESS_FS_READ_DIR | unix.LANDLOCK_ACCESS_FS_WRITE_FILE |
		unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_REFER |
		unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE |
		unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR
)

// libraryDirs are read by tools that are linked dynamically, such as a test binary with the race detector.
var libraryDirs = []string{"/lib", "/lib64", "/usr/lib", "/usr/lib64"}

// DetectVersion returns the version of the kernel's Landlock ABI; 0 if it has none, or if it is disabled.
func DetectVersion() int {
	v, _, e := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if e != 0 {
		return 0
	}
	return int(v)
}

// buildRuleset returns a ruleset that forbids all that a version of Landlock can forbid: access to files from version
// 1, moving files between directories from 2, truncating from 3, TCP from 4, ioctl of devices from 5, signals and
// abstract sockets from 6.
func buildRuleset(version int) (a unix.LandlockRulesetAttr) {
	a.Handled_access_fs = unix.LANDLOCK_ACCESS_FS_REFER - 1
	for v, right := range map[int]uint64{
		2: unix.LANDLOCK_ACCESS_FS_REFER, 3: unix.LANDLOCK_ACCESS_FS_TRUNCATE, 5: unix.LANDLOCK_ACCESS_FS_IOCTL_DEV,
	} {
		if version >= v {
			a.Handled_access_fs |= right
		}
	}
	if version >= 4 {
		a.Handled_access_net = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
	}
	if version >= 6 {
		a.Scoped = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
	}
	return a
}

// RestrictFileAccess allows this thread, and the program that it becomes, only the job's folder, the tool and its
// libraries. It does nothing if the kernel has no Landlock: then ffmpeg's whitelists, one folder for each job and the
// user's rights remain.
func RestrictFileAccess(dir, tool string) error {
	version := DetectVersion()
	if version == 0 {
		return nil
	}
	attr := buildRuleset(version)
	fd, _, e := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0)
	if e != 0 {
		return e
	}
	rules := map[string]uint64{dir: accessWorkDir, tool: accessExecute, "/dev/urandom": accessRead}
	for _, path := range libraryDirs {
		rules[path] = accessLibraries
	}
	for path, rights := range rules {
		if err := allowPath(int(fd), path, rights&attr.Handled_access_fs); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	if _, _, e := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0); e != 0 {
		return e
	}
	return nil
}

// allowPath adds rights to a path and what is below it. A path that does not exist is ignored.
func allowPath(ruleset int, path string, rights uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOENT) {
		return nil
	} else if err != nil {
		return err
	}
	defer unix.Close(fd)
	rule := unix.LandlockPathBeneathAttr{Allowed_access: rights, Parent_fd: int32(fd)}
	_, _, e := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset), unix.LANDLOCK_RULE_PATH_BENEATH,
		uintptr(unsafe.Pointer(&rule)), 0, 0, 0)
	if e != 0 {
		return e
	}
	return nil
}
