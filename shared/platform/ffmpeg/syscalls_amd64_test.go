package ffmpeg_test

import "golang.org/x/sys/unix"

// foreignSyscalls are system calls of the x32 ABI.
var foreignSyscalls = []uint32{0x40000000 | unix.SYS_GETPID, 0x40000000 | unix.SYS_SOCKET}
