package ffmpeg

import (
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// allowedSyscalls are the system calls that the sandbox allows whatever their arguments are, with those of the
// architecture; most calls are of the first. They are what ffmpeg and ffprobe 8.1 call for the files of the tests, what
// the launcher calls until it becomes the tool, and harmless relatives of these: calls on memory, threads, clocks and
// open files of the process, and on files by name, which Landlock and permissions limit. All others fail with EPERM.
var allowedSyscalls = slices.Concat([]uint32{
	unix.SYS_FUTEX, unix.SYS_MMAP, unix.SYS_MUNMAP, unix.SYS_READ, unix.SYS_WRITE,
	// memory
	unix.SYS_MPROTECT, unix.SYS_MREMAP, unix.SYS_MADVISE, unix.SYS_BRK,
	// threads and signal handlers; execve, because the launcher becomes the tool by it
	unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY, unix.SYS_SET_TID_ADDRESS, unix.SYS_SET_ROBUST_LIST,
	unix.SYS_RSEQ, unix.SYS_MEMBARRIER, unix.SYS_GETTID, unix.SYS_GETPID, unix.SYS_EXIT, unix.SYS_EXIT_GROUP,
	unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK,
	unix.SYS_RESTART_SYSCALL, unix.SYS_EXECVE,
	// clocks and numbers about the process
	unix.SYS_CLOCK_GETTIME, unix.SYS_CLOCK_GETRES, unix.SYS_GETTIMEOFDAY, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP,
	unix.SYS_GETRUSAGE, unix.SYS_GETRLIMIT, unix.SYS_SETRLIMIT, unix.SYS_UNAME, unix.SYS_GETRANDOM,
	unix.SYS_GETUID, unix.SYS_GETEUID, unix.SYS_GETGID, unix.SYS_GETEGID, unix.SYS_CAPGET,
	// open files
	unix.SYS_READV, unix.SYS_WRITEV, unix.SYS_PREAD64, unix.SYS_PWRITE64, unix.SYS_LSEEK, unix.SYS_CLOSE,
	unix.SYS_FSTAT, unix.SYS_FCNTL, unix.SYS_FADVISE64, unix.SYS_FTRUNCATE, unix.SYS_FALLOCATE,
	unix.SYS_FSYNC, unix.SYS_FDATASYNC,
	unix.SYS_DUP, unix.SYS_DUP3, unix.SYS_PIPE2, unix.SYS_PPOLL, unix.SYS_PSELECT6,
	unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT, unix.SYS_EVENTFD2, // the launcher's runtime
	// files by name
	unix.SYS_OPENAT, unix.SYS_STATX, unix.SYS_FACCESSAT, unix.SYS_READLINKAT, unix.SYS_GETDENTS64, unix.SYS_GETCWD,
	unix.SYS_MKDIRAT, unix.SYS_UNLINKAT, unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2,
}, archAllowedSyscalls)

// allowedPrctls are the operations of prctl that the sandbox allows: naming a thread, and reading its restrictions.
var allowedPrctls = []uint32{unix.PR_SET_NAME, unix.PR_GET_PDEATHSIG, unix.PR_GET_NO_NEW_PRIVS}

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
	for _, number := range allowedSyscalls {
		p = append(p, unix.SockFilter{Code: bpfJumpIfEqual, K: number, Jf: 1},
			unix.SockFilter{Code: bpfReturn, K: seccompAllow})
	}
	p = append(p, allowIfArg0(unix.SYS_CLONE, bpfJumpIfAnySet, unix.CLONE_THREAD)...) // threads, but no processes
	p = append(p, allowIfArg0(unix.SYS_PRLIMIT64, bpfJumpIfEqual, 0)...)              // of the process itself only
	p = append(p, allowIfArg0(unix.SYS_PRCTL, bpfJumpIfEqual, allowedPrctls...)...)
	return append(p, // after ENOSYS the C libraries use clone, whose flags are an argument and can be checked
		unix.SockFilter{Code: bpfJumpIfEqual, K: unix.SYS_CLONE3, Jf: 1},
		unix.SockFilter{Code: bpfReturn, K: seccompErrno | uint32(unix.ENOSYS)},
		unix.SockFilter{Code: bpfReturn, K: seccompEPERM})
}

// allowIfArg0 returns instructions that allow a system call if the test of its first argument against one of the values
// succeeds, and deny it if not. They leave other calls to what follows.
func allowIfArg0(number uint32, test uint16, values ...uint32) []unix.SockFilter {
	p := []unix.SockFilter{
		{Code: bpfJumpIfEqual, K: number, Jf: uint8(2 + 2*len(values))}, {Code: bpfLoad, K: offsetArg0},
	}
	for _, v := range values {
		p = append(p, unix.SockFilter{Code: test, K: v, Jf: 1}, unix.SockFilter{Code: bpfReturn, K: seccompAllow})
	}
	return append(p, unix.SockFilter{Code: bpfReturn, K: seccompEPERM})
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
