package ffmpeg

import (
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// deniedSyscalls are the system calls that fail with EPERM in the sandbox, with those of the architecture. A decoder
// needs none of them; malicious code that runs in a decoder does.
var deniedSyscalls = slices.Concat(archDeniedSyscalls, []uint32{
	// the network
	unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_LISTEN, unix.SYS_ACCEPT,
	unix.SYS_ACCEPT4,
	// other processes
	unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PROCESS_MADVISE, unix.SYS_KCMP,
	unix.SYS_PIDFD_OPEN, unix.SYS_PIDFD_GETFD, unix.SYS_PIDFD_SEND_SIGNAL,
	unix.SYS_KILL, unix.SYS_TKILL, unix.SYS_TGKILL, unix.SYS_RT_SIGQUEUEINFO, unix.SYS_RT_TGSIGQUEUEINFO,
	unix.SYS_SETSID, unix.SYS_SETPGID, unix.SYS_SETPRIORITY,
	// other programs; execve is allowed, because the launcher becomes the tool by it
	unix.SYS_EXECVEAT, unix.SYS_MEMFD_CREATE, unix.SYS_MEMFD_SECRET,
	// other views of the file system
	unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_UNSHARE, unix.SYS_SETNS,
	unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT, unix.SYS_FSPICK, unix.SYS_OPEN_TREE, unix.SYS_MOVE_MOUNT,
	unix.SYS_MOUNT_SETATTR,
	unix.SYS_NAME_TO_HANDLE_AT, unix.SYS_OPEN_BY_HANDLE_AT,
	// large and rarely used parts of the kernel
	unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER, unix.SYS_BPF,
	unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD,
	unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY,
	unix.SYS_KEXEC_LOAD, unix.SYS_KEXEC_FILE_LOAD, unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE,
})

// Offsets in struct seccomp_data (linux/seccomp.h); that of the first argument is its low half, as both architectures
// are little endian.
const (
	offsetNumber = 0
	offsetArch   = 4
	offsetArg0   = 16
)

const (
	bpfLoad         = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
	bpfJumpIfEqual  = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	bpfJumpIfAnySet = unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K
	bpfReturn       = unix.BPF_RET | unix.BPF_K
)

const (
	seccompAllow = unix.SECCOMP_RET_ALLOW
	seccompKill  = unix.SECCOMP_RET_KILL_PROCESS
	seccompErrno = unix.SECCOMP_RET_ERRNO
	seccompEPERM = seccompErrno | uint32(unix.EPERM)
)

// x32Bit is set in the numbers of the x32 ABI's system calls, which have the same architecture as amd64's.
const x32Bit = 0x40000000

// buildSyscallFilter returns the BPF program that allows or denies each system call; see
// https://docs.kernel.org/userspace-api/seccomp_filter.html. Every jump skips one instruction or one block of
// allowIfArg0.
func buildSyscallFilter() []unix.SockFilter {
	p := []unix.SockFilter{
		{Code: bpfLoad, K: offsetArch}, {Code: bpfJumpIfEqual, K: auditArch, Jt: 1}, {Code: bpfReturn, K: seccompKill},
		{Code: bpfLoad, K: offsetNumber}, {Code: bpfJumpIfAnySet, K: x32Bit, Jf: 1}, {Code: bpfReturn, K: seccompEPERM},
	}
	for _, number := range deniedSyscalls {
		p = append(p, unix.SockFilter{Code: bpfJumpIfEqual, K: number, Jf: 1},
			unix.SockFilter{Code: bpfReturn, K: seccompEPERM})
	}
	p = append(p, // after ENOSYS the C libraries use clone, whose flags are an argument and can be checked
		unix.SockFilter{Code: bpfJumpIfEqual, K: unix.SYS_CLONE3, Jf: 1},
		unix.SockFilter{Code: bpfReturn, K: seccompErrno | uint32(unix.ENOSYS)})
	p = append(p, allowIfArg0(unix.SYS_CLONE, bpfJumpIfAnySet, unix.CLONE_THREAD)...) // threads, but no processes
	// limits of the process itself only
	p = append(p, allowIfArg0(unix.SYS_PRLIMIT64, bpfJumpIfEqual, 0)...)
	return append(p, unix.SockFilter{Code: bpfReturn, K: seccompAllow})
}

// allowIfArg0 returns instructions that allow a system call if the test of its first argument against k succeeds, and
// deny it if not. They leave other calls to what follows.
func allowIfArg0(number uint32, test uint16, k uint32) []unix.SockFilter {
	return []unix.SockFilter{
		{Code: bpfJumpIfEqual, K: number, Jf: 4},
		{Code: bpfLoad, K: offsetArg0}, {Code: test, K: k, Jf: 1}, {Code: bpfReturn, K: seccompAllow},
		{Code: bpfReturn, K: seccompEPERM},
	}
}

// restrictSyscalls installs the filter for this thread and the program that it becomes. It needs no_new_privs.
func restrictSyscalls() error {
	p := buildSyscallFilter()
	prog := unix.SockFprog{Len: uint16(len(p)), Filter: &p[0]}
	_, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&prog)))
	if e != 0 {
		return e
	}
	return nil
}
