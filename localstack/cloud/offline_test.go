package cloud_test

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"unsafe"
)

// networkEnv is set in the process in which the tests with the real programs run.
const (
	networkEnv = "SLUICE_TEST_NETWORK"
	noNetwork  = "none" // other than loopback
)

// runOffline runs TestReal in a process without a network, other than loopback.
func runOffline(t *testing.T) {
	proc := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestReal$", "-test.v")
	proc.Env = append(os.Environ(), networkEnv+"="+noNetwork, "TMPDIR="+t.TempDir())
	proc.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}},
	}
	out, err := proc.CombinedOutput()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EINVAL) {
		t.Log("with a network: this system gives no namespaces")
		proc = exec.CommandContext(t.Context(), proc.Path, proc.Args[1:]...)
		proc.Env = append(os.Environ(), networkEnv+"=with others", "TMPDIR="+t.TempDir())
		out, err = proc.CombinedOutput()
	}
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}

// raiseLoopback brings up the loopback interface of a new network namespace.
func raiseLoopback(t *testing.T) {
	t.Helper()
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0)
	must(t, err)
	defer syscall.Close(socket)
	request := struct { // ifreq of netdevice(7)
		name  [syscall.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}{flags: syscall.IFF_UP}
	copy(request.name[:], "lo")
	if _, _, errno := syscall.Syscall(
		syscall.SYS_IOCTL, uintptr(socket), syscall.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&request)),
	); errno != 0 {
		t.Fatal(errno)
	}
	if conn, err := net.Dial("udp", "192.0.2.1:9"); err == nil {
		conn.Close()
		t.Fatal("there is a way out")
	}
}
