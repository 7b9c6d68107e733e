package lambdaenv

import (
	"fmt"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The user and group that functions run as, as on Lambda (sbx_user1051).
const (
	UserID  = 993
	GroupID = 990
)

// deniedSyscalls are the system calls that Lambda's filter answers with EPERM, as far as reports tell: AWS publishes no
// list. Among them is all that a sandbox inside a function would begin with.
var deniedSyscalls = []uint32{
	unix.SYS_PRCTL, unix.SYS_SECCOMP, unix.SYS_PTRACE, unix.SYS_CHROOT, unix.SYS_UNSHARE, unix.SYS_FALLOCATE,
}

// missingSyscalls answer with ENOSYS: Lambda's kernel is 5.10, and Landlock came with 5.13.
var missingSyscalls = []uint32{
	unix.SYS_LANDLOCK_CREATE_RULESET, unix.SYS_LANDLOCK_ADD_RULE, unix.SYS_LANDLOCK_RESTRICT_SELF,
}

// Offsets in struct seccomp_data (linux/seccomp.h).
const (
	offsetNumber = 0
	offsetArch   = 4
)

// buildFilter returns the program that judges each system call by its number:
// https://docs.kernel.org/userspace-api/seccomp_filter.html. A call of another architecture is refused.
func buildFilter() []unix.SockFilter {
	const (
		load = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		jeq  = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		ret  = unix.BPF_RET | unix.BPF_K
	)
	answer := func(e unix.Errno) unix.SockFilter {
		return unix.SockFilter{Code: ret, K: unix.SECCOMP_RET_ERRNO | uint32(e)}
	}
	p := []unix.SockFilter{
		{Code: load, K: offsetArch}, {Code: jeq, K: auditArch, Jt: 1}, answer(unix.EPERM),
		{Code: load, K: offsetNumber},
	}
	for _, number := range slices.Concat(deniedSyscalls, missingSyscalls) {
		e := unix.EPERM
		if slices.Contains(missingSyscalls, number) {
			e = unix.ENOSYS
		}
		p = append(p, unix.SockFilter{Code: jeq, K: number, Jf: 1}, answer(e))
	}
	return append(p, unix.SockFilter{Code: ret, K: unix.SECCOMP_RET_ALLOW})
}

// RestrictThread puts Lambda's system call filter on the calling thread and on every process that it starts from now
// on. The caller has locked its goroutine to the thread (runtime.LockOSThread), which can't be used for anything else
// afterwards. It needs CAP_SYS_ADMIN or no_new_privs.
//
// To run a program as a function would run, a root process calls RestrictThread and then starts the program, from the
// same goroutine, with exec.Cmd and Credential{Uid: UserID, Gid: GroupID}.
func RestrictThread() error {
	p := buildFilter()
	program := unix.SockFprog{Len: uint16(len(p)), Filter: &p[0]}
	_, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&program)))
	if e != 0 {
		return fmt.Errorf("put Lambda's system call filter on: %w", e)
	}
	return nil
}
