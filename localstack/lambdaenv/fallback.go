package lambdaenv

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// becomeFunction turns this process into the function, with what can be done without a root of its own: the system call
// filter, Lambda's environment but for what names folders of Lambda's, and, by Landlock, a hidden home folder.
func becomeFunction(d Description, pkg string) error {
	runtime.LockOSThread()
	tmp, task := privateTmp(d.State), filepath.Join(pkg, taskDir)
	if err := os.MkdirAll(tmp, 0o700); err != nil {
		return err
	}
	if err := errors.Join(os.Chdir(task), setLimits()); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	if d.Mode == ModeLandlock {
		if err := hideHome(d.Home, tmp, pkg, d.Tools); err != nil {
			return fmt.Errorf("landlock: %w", err)
		}
	}
	if err := RestrictThread(); err != nil {
		return err
	}
	env := []string{"TMPDIR=" + tmp}
	for _, entry := range buildEnvironment(os.Environ()) {
		if !strings.HasPrefix(entry, "PATH=") && !strings.HasPrefix(entry, "LD_LIBRARY_PATH=") {
			entry = strings.Replace(entry, "="+TaskRoot, "="+task, 1)
			entry = strings.Replace(entry, "="+ToolsDir, "="+d.Tools, 1)
		}
		env = append(env, entry)
	}
	bootstrap := filepath.Join(task, "bootstrap")
	return fmt.Errorf("start the function: %w", syscall.Exec(bootstrap, []string{bootstrap}, env))
}

const (
	landlockRead = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR |
		unix.LANDLOCK_ACCESS_FS_EXECUTE
	landlockWrite = landlockRead | unix.LANDLOCK_ACCESS_FS_WRITE_FILE |
		unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE |
		unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_SYM |
		unix.LANDLOCK_ACCESS_FS_MAKE_SOCK | unix.LANDLOCK_ACCESS_FS_MAKE_FIFO
	// landlockHandled are the rights of Landlock's first version: all that is not allowed is refused.
	landlockHandled = unix.LANDLOCK_ACCESS_FS_REFER - 1
)

// hideHome leaves this thread, and what it becomes, no way to the home folder but to those of the given folders that
// are in it, and only tmp to write to. Landlock knows only what is allowed: everything else beside the way to home.
func hideHome(home, tmp string, readable ...string) error {
	attr := unix.LandlockRulesetAttr{Handled_access_fs: landlockHandled}
	fd, _, e := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)),
		unsafe.Sizeof(attr.Handled_access_fs), 0)
	if e != 0 {
		return e
	}
	defer unix.Close(int(fd))
	const useFiles = landlockRead | unix.LANDLOCK_ACCESS_FS_WRITE_FILE
	rules := map[string]uint64{"/dev": useFiles, "/proc": useFiles}
	for _, dir := range readable {
		if dir != "" {
			rules[dir] = landlockRead
		}
	}
	for dir := filepath.Clean(home); dir != "/"; dir = filepath.Dir(dir) {
		siblings, err := os.ReadDir(filepath.Dir(dir))
		if err != nil {
			return err
		}
		for _, s := range siblings {
			if path := filepath.Join(filepath.Dir(dir), s.Name()); path != dir && rules[path] == 0 &&
				s.Type()&os.ModeSymlink == 0 {
				rules[path] = landlockRead
			}
		}
	}
	rules[tmp] = landlockWrite
	for path, rights := range rules {
		if err := allowPath(int(fd), path, rights); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	if _, _, e := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0); e != 0 {
		return e
	}
	return nil
}

// allowPath adds rights to path and what is beneath it; for what can't be opened there are none.
func allowPath(ruleset int, path string, rights uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return err
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFDIR { // a file has no rights of folders
		rights &= unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE |
			unix.LANDLOCK_ACCESS_FS_EXECUTE
	}
	rule := unix.LandlockPathBeneathAttr{Allowed_access: rights, Parent_fd: int32(fd)}
	_, _, e := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset), unix.LANDLOCK_RULE_PATH_BENEATH,
		uintptr(unsafe.Pointer(&rule)), 0, 0, 0)
	if e != 0 {
		return e
	}
	return nil
}
