package lambdaenv

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// systemDirs hold the programs and libraries of the machine that a function may run, as it may those of Lambda's image.
var systemDirs = []string{"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}

// systemFiles are what a function finds in /etc, beside passwd and group.
var systemFiles = []string{
	"resolv.conf", "hosts", "nsswitch.conf", "protocols", "services", "localtime", "ld.so.cache", "ld.so.conf",
	"ld.so.conf.d", "ssl", "pki", "ca-certificates", "alternatives",
}

// devices are what a function finds in /dev. There is no /dev/shm, as on Lambda.
var devices = []string{"null", "zero", "full", "random", "urandom"}

var deviceLinks = map[string]string{
	"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2",
}

// enterRoot makes the root file system of a function and enters it. The caller is alone in a new mount namespace, and
// the init of a new pid namespace. tmp is a folder to be /tmp where an image can't be mounted.
func enterRoot(d Description, pkg, tmp string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	root := filepath.Join(d.State, "root")
	if err := unix.Mount("tmpfs", root, "tmpfs", unix.MS_NOSUID, "size=1m,mode=755"); err != nil {
		return fmt.Errorf("mount a root: %w", err)
	}
	if err := buildRoot(root, d, pkg, tmp); err != nil {
		return err
	}
	if err := os.Chdir(root); err != nil {
		return err
	}
	// The old root is mounted over the new one, and then taken away: pivot_root(2).
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("pivot_root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("unmount the old root: %w", err)
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	return setReadOnly("/", 0)
}

func buildRoot(root string, d Description, pkg, tmp string) error {
	at := func(path string) string { return filepath.Join(root, path) }
	for _, dir := range []string{TaskRoot, ToolsDir, "/var/runtime", "/proc", "/sys", "/dev", "/etc", "/tmp"} {
		if err := os.MkdirAll(at(dir), 0o755); err != nil {
			return err
		}
	}
	if err := errors.Join(bindSystem(root), bindDevices(at("dev")), writeUsers(at("etc"))); err != nil {
		return err
	}
	if err := bindReadOnly(filepath.Join(pkg, taskDir), at(TaskRoot)); err != nil {
		return err
	}
	if d.Tools != "" {
		if err := bindReadOnly(d.Tools, at(ToolsDir)); err != nil {
			return err
		}
	}
	if err := unix.Mount("proc", at("proc"), "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	if d.Mode == ModeRoot {
		return mountImage(d.State, d.Tmp, at("tmp"))
	}
	return bind(tmp, at("tmp"))
}

func bindSystem(root string) error {
	for _, dir := range systemDirs {
		info, err := os.Lstat(dir)
		switch {
		case errors.Is(err, os.ErrNotExist):
			continue
		case err != nil:
			return err
		case info.Mode()&os.ModeSymlink != 0: // such as /lib, which is /usr/lib
			target, err := os.Readlink(dir)
			if err != nil {
				return err
			}
			if err := os.Symlink(target, filepath.Join(root, dir)); err != nil {
				return err
			}
		default:
			if err := bindReadOnly(dir, filepath.Join(root, dir)); err != nil {
				return err
			}
		}
	}
	for _, name := range systemFiles {
		from, err := filepath.EvalSymlinks(filepath.Join("/etc", name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		} else if err != nil {
			return err
		}
		if err := bindReadOnly(from, filepath.Join(root, "etc", name)); err != nil {
			return err
		}
	}
	return nil
}

func bindDevices(dev string) error {
	for _, name := range devices {
		if err := bind(filepath.Join("/dev", name), filepath.Join(dev, name)); err != nil {
			return err
		}
	}
	for name, target := range deviceLinks {
		if err := os.Symlink(target, filepath.Join(dev, name)); err != nil {
			return err
		}
	}
	return nil
}

func writeUsers(etc string) error {
	return errors.Join(
		os.WriteFile(filepath.Join(etc, "passwd"), fmt.Appendf(nil,
			"root:x:0:0:root:/root:/bin/bash\nsbx_user1051:x:%d:%d::/home/sbx_user1051:/sbin/nologin\n", UserID,
			GroupID), 0o644),
		os.WriteFile(filepath.Join(etc, "group"), fmt.Appendf(nil, "root:x:0:\nsbx_group:x:%d:\n", GroupID), 0o644))
}

func bindReadOnly(from, to string) error {
	if err := bind(from, to); err != nil {
		return err
	}
	return setReadOnly(to, unix.AT_RECURSIVE)
}

// bind mounts the file or folder from at to, which is made.
func bind(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if info.IsDir() {
		err = os.MkdirAll(to, 0o755)
	} else {
		err = os.WriteFile(to, nil, 0o644)
	}
	if err != nil {
		return err
	}
	if err := unix.Mount(from, to, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("bind %s: %w", from, err)
	}
	return nil
}

func setReadOnly(path string, flags uint) error {
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID}
	if err := unix.MountSetattr(-1, path, flags, &attr); err != nil {
		return fmt.Errorf("make %s read-only: %w", path, err)
	}
	return nil
}
