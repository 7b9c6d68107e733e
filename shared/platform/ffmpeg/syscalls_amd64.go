package ffmpeg

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_X86_64

// archAllowedSyscalls are calls that arm64 does not have.
var archAllowedSyscalls = []uint32{
	unix.SYS_ARCH_PRCTL, unix.SYS_OPEN, unix.SYS_STAT, unix.SYS_LSTAT, unix.SYS_NEWFSTATAT, unix.SYS_ACCESS,
	unix.SYS_READLINK, unix.SYS_MKDIR, unix.SYS_UNLINK, unix.SYS_RENAME, unix.SYS_PIPE, unix.SYS_DUP2, unix.SYS_POLL,
	unix.SYS_SELECT, unix.SYS_EPOLL_WAIT,
}
