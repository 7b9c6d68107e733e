package ffmpeg_test

import "golang.org/x/sys/unix"

// foreignSyscalls are system calls of the x32 ABI.
var foreignSyscalls = []uint32{0x40000000 | unix.SYS_GETPID, 0x40000000 | unix.SYS_SOCKET}

// unfilteredSyscalls are uretprobe and uprobe, which the kernel runs before the filter. Outside a probe they end the
// process with SIGILL (https://man7.org/linux/man-pages/man2/uretprobe.2.html).
var unfilteredSyscalls = []uint32{335, 336}
