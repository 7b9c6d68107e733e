package ffmpeg

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_AARCH64

// archAllowedSyscalls are calls that amd64 has under another name.
var archAllowedSyscalls = []uint32{unix.SYS_FSTATAT}
