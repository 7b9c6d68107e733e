package lambdaenv

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

const (
	imageInodes = 1 << 14
	inodeSize   = 256 // bytes
)

// imageBytes returns how large an image has to be for size MiB of files. Beside them are a 128th for block groups, the
// inodes, and what the kernel keeps free: a 50th, at most 16 MiB.
func imageBytes(size int) int64 {
	free := int64(size) << 20
	return free + free/128 + imageInodes*inodeSize + min(free/50, 16<<20) + 2<<20
}

func imagePath(state string, size int) string {
	return filepath.Join(state, "tmp-"+strconv.Itoa(size)+".ext4")
}

// MakeImage makes, unless it is there, the empty file system that every /tmp of size MiB begins as. It is sparse: on
// disk it takes less than a MiB.
func MakeImage(state string, size int) error {
	path := imagePath(state, size)
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if err := os.MkdirAll(state, 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(state, "new-*.ext4") // others may make the same image at the same time
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	if err := errors.Join(file.Truncate(imageBytes(size)), file.Close()); err != nil {
		return err
	}
	// Without a journal, and with the inode tables left as holes.
	out, err := exec.Command(findMkfs(), "-q", "-F", "-m", "0", "-N", strconv.Itoa(imageInodes), "-I",
		strconv.Itoa(inodeSize), "-O", "^has_journal,^resize_inode", "-E",
		fmt.Sprintf("lazy_itable_init=1,root_owner=%d:%d", UserID, GroupID), file.Name()).CombinedOutput()
	if err != nil {
		return fmt.Errorf("make a file system for /tmp with mkfs.ext4 (Debian's package e2fsprogs): %w\n%s", err, out)
	}
	return os.Rename(file.Name(), path)
}

// findMkfs returns where mkfs.ext4 is: the PATH of root may lack its folder.
func findMkfs() string {
	const name = "mkfs.ext4"
	for _, path := range []string{name, "/usr/sbin/" + name, "/sbin/" + name} {
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	return name
}

// mountImage mounts at target a copy of the empty file system of size MiB. The copy has no name, and the loop device
// frees itself: both are gone when the mount is. On disk it takes what is in it: what a function removes is discarded.
func mountImage(state string, size int, target string) error {
	image, err := copyImage(state, size)
	if err != nil {
		return fmt.Errorf("copy the image of /tmp: %w", err)
	}
	defer image.Close()
	loop, err := attachLoop(image)
	if err != nil {
		return fmt.Errorf("attach a loop device: %w", err)
	}
	defer loop.Close()
	const flags = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOATIME
	if err := unix.Mount(loop.Name(), target, "ext4", flags, "noinit_itable,nobarrier,discard"); err != nil {
		return fmt.Errorf("mount %s: %w", loop.Name(), err)
	}
	if err := os.Remove(filepath.Join(target, "lost+found")); err != nil {
		return err
	}
	return os.Chmod(target, 0o700)
}

// copyImage returns a copy of the image that leaves its holes out.
func copyImage(state string, size int) (*os.File, error) {
	from, err := os.Open(imagePath(state, size))
	if err != nil {
		return nil, err
	}
	defer from.Close()
	info, err := from.Stat()
	if err != nil {
		return nil, err
	}
	to, err := createUnnamed(state)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(to.Truncate(info.Size()), copyData(to, from, info.Size())); err != nil {
		return nil, errors.Join(err, to.Close())
	}
	return to, nil
}

// createUnnamed returns a file that is in no folder.
func createUnnamed(dir string) (*os.File, error) {
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err == nil {
		return os.NewFile(uintptr(fd), "image"), nil
	}
	file, err := os.CreateTemp(dir, "image-") // the file system has no O_TMPFILE
	if err != nil {
		return nil, err
	}
	return file, os.Remove(file.Name())
}

func copyData(to, from *os.File, size int64) error {
	for at := int64(0); at < size; {
		start, err := from.Seek(at, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			return nil // no more data
		}
		if err != nil {
			return err
		}
		end, err := from.Seek(start, unix.SEEK_HOLE)
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.NewOffsetWriter(to, start), io.NewSectionReader(from, start, end-start)); err != nil {
			return err
		}
		at = end
	}
	return nil
}

// attachLoop attaches the file to a free loop device. Others look for one at the same time.
func attachLoop(image *os.File) (*os.File, error) {
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer control.Close()
	config := unix.LoopConfig{
		Fd: uint32(image.Fd()), Info: unix.LoopInfo64{Flags: unix.LO_FLAGS_AUTOCLEAR | unix.LO_FLAGS_DIRECT_IO},
	}
	for range 100 {
		number, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return nil, err
		}
		loop, err := os.OpenFile("/dev/loop"+strconv.Itoa(number), os.O_RDWR, 0)
		if err != nil {
			return nil, err
		}
		if err = unix.IoctlLoopConfigure(int(loop.Fd()), &config); err == nil {
			return loop, nil
		}
		loop.Close()
		if !errors.Is(err, unix.EBUSY) {
			return nil, err
		}
	}
	return nil, errors.New("others were faster a hundred times")
}
