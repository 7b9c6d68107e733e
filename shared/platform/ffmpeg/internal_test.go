package ffmpeg

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func TestCommandArguments(t *testing.T) {
	t.Parallel()
	restrictions := "-protocol_whitelist file -format_whitelist mov -codec_whitelist " +
		strings.Join(allowedDecoders, ",") +
		" -max_pixels 35389440 -max_streams 32 -probesize 10M -analyzeduration 10M"
	r := Command{
		File: "in", Container: "mov", Input: []string{"-ss", "3.2"}, Output: []string{"-map", "0:v:0", "file:out.mp4"},
	}
	got, err := r.buildArgs()
	want := "-hide_banner -nostdin -y -loglevel error -progress pipe:3 " + restrictions +
		" -ss 3.2 -i file:in -map 0:v:0 file:out.mp4"
	if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestInvalidCommandIsRejected(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		run  Command
	}{
		{"no container", Command{File: "in"}},
		{"two containers", Command{File: "in", Container: "mov,hls"}},
		{"no input", Command{Container: "mov"}},
		{"absolute input", Command{File: "/etc/passwd", Container: "mov"}},
		{"input above", Command{File: "../other/in", Container: "mov"}},
		{"second input", Command{File: "in", Container: "mov", Output: []string{"-i", "x"}}},
	} {
		if args, err := tt.run.buildArgs(); err == nil {
			t.Errorf("%s: %q", tt.name, args)
		}
	}
}

// evaluateFilter evaluates the filter as the kernel does.
func evaluateFilter(t *testing.T, arch, number, arg0 uint32) uint32 {
	t.Helper()
	data := map[uint32]uint32{offsetArch: arch, offsetNumber: number, offsetArg0: arg0}
	p, a := buildSyscallFilter(), uint32(0)
	for i := 0; i < len(p); i++ {
		hit := false
		switch c := p[i]; c.Code {
		case bpfLoad:
			a = data[c.K]
			continue
		case bpfReturn:
			return c.K
		case bpfJumpIfEqual:
			hit = a == c.K
		case bpfJumpIfAnySet:
			hit = a&c.K != 0
		default:
			t.Fatalf("instruction %+v", c)
		}
		if hit {
			i += int(p[i].Jt)
		} else {
			i += int(p[i].Jf)
		}
	}
	t.Fatal("the filter does not return")
	return 0
}

func TestSyscallFilter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name               string
		arch, number, arg0 uint32
		want               uint32
	}{
		{"another architecture", unix.AUDIT_ARCH_I386, unix.SYS_READ, 0, seccompKill},
		{"x32", auditArch, x32Bit | unix.SYS_READ, 0, seccompEPERM},
		{"thread", auditArch, unix.SYS_CLONE, unix.CLONE_THREAD | unix.CLONE_VM, seccompAllow},
		{"process", auditArch, unix.SYS_CLONE, unix.CLONE_VM | unix.CLONE_VFORK, seccompEPERM},
		{"clone3", auditArch, unix.SYS_CLONE3, 0, seccompErrno | uint32(unix.ENOSYS)},
		{"limits of the process", auditArch, unix.SYS_PRLIMIT64, 0, seccompAllow},
		{"limits of another process", auditArch, unix.SYS_PRLIMIT64, 1, seccompEPERM},
		{"becoming the tool", auditArch, unix.SYS_EXECVE, 0, seccompAllow},
		{"naming a thread", auditArch, unix.SYS_PRCTL, unix.PR_SET_NAME, seccompAllow},
		{"reading the last allowed setting", auditArch, unix.SYS_PRCTL, unix.PR_GET_NO_NEW_PRIVS, seccompAllow},
		{"surviving the parent", auditArch, unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, seccompEPERM},
	} {
		if got := evaluateFilter(t, tt.arch, tt.number, tt.arg0); got != tt.want {
			t.Errorf("%s: %#x, want %#x", tt.name, got, tt.want)
		}
	}
	special := []uint32{unix.SYS_CLONE, unix.SYS_CLONE3, unix.SYS_PRLIMIT64, unix.SYS_PRCTL}
	for number := range uint32(512) {
		if slices.Contains(special, number) {
			continue
		}
		want := uint32(seccompEPERM)
		if slices.Contains(allowedSyscalls, number) {
			want = seccompAllow
		}
		if got := evaluateFilter(t, auditArch, number, 1); got != want {
			t.Errorf("call %d: %#x, want %#x", number, got, want)
		}
	}
}

func TestParseProgressReportsChangesOnly(t *testing.T) {
	t.Parallel()
	report := func(frame, clock string) string {
		return "frame=" + frame + "\nfps=" + clock + "\nout_time_us= 40000\ntotal_size=N/A\nspeed=" + clock +
			"x\nprogress=continue\n"
	}
	in := report("1", "1") + report("1", "2") + report("2", "3") +
		"frame=3\nout_time_us=80000\ntotal_size=7\nprogress=end\nframe=9"
	var got []Progress
	parseProgress(strings.NewReader(in), func(p Progress) { got = append(got, p) })
	want := []Progress{
		{Frames: 1, Time: 40 * time.Millisecond}, {Frames: 2, Time: 40 * time.Millisecond},
		{Frames: 3, Time: 80 * time.Millisecond, Bytes: 7},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNoProgressCancelsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		began := time.Now()
		ctx, stop := watchProgress(t.Context(), r, time.Minute, nil)
		time.Sleep(59 * time.Second)
		io.WriteString(w, "frame=1\nprogress=continue\n")
		time.Sleep(30 * time.Second)
		io.WriteString(w, "frame=1\nfps=3\nprogress=continue\n") // only fps has changed
		<-ctx.Done()
		if took := time.Since(began); took != 119*time.Second || !errors.Is(context.Cause(ctx), errStalled) {
			t.Errorf("after %v: %v", took, context.Cause(ctx))
		}
		w.Close()
		stop()
	})
}

func TestCodecsLimitDecoders(t *testing.T) {
	t.Parallel()
	for codecs, want := range map[string]string{
		"h264 aac": "h264,aac", "av1 opus": "libdav1d,av1,opus,libopus", "mp3": "mp3float,mp3", "ffv1 h264": "h264",
		"ffv1": "", "mp1": "",
	} {
		r := Command{File: "in", Container: "mov", Codecs: strings.Fields(codecs)}
		args, err := r.buildArgs()
		if want == "" {
			if err == nil {
				t.Errorf("%s: %q", codecs, args)
			}
			continue
		}
		if i := slices.Index(args, "-codec_whitelist"); err != nil || args[i+1] != want {
			t.Errorf("%s: %q (%v), want %s", codecs, args, err, want)
		}
	}
}

func TestCrashesAndLeftoversAreSuspicious(t *testing.T) { // not parallel: the suspicion is the process's
	defer suspicion.Store(suspicion.Load())
	exited := func(wait uint32) *exitStatus { return &exitStatus{wait: syscall.WaitStatus(wait)} }
	for _, tt := range []struct {
		name string
		end  processResult
		want string
	}{
		{"no process", processResult{}, ""},
		{"success", processResult{exit: exited(0)}, ""},
		{"exit code 11", processResult{exit: exited(11 << 8)}, ""},
		{"killed", processResult{exit: exited(uint32(unix.SIGKILL))}, ""},
		{"output too large", processResult{exit: exited(uint32(unix.SIGXFSZ))}, ""},
		{"SIGSEGV", processResult{exit: exited(uint32(unix.SIGSEGV))}, "a tool died of SIGSEGV"},
		{"SIGILL", processResult{exit: exited(uint32(unix.SIGILL))}, "a tool died of SIGILL"},
		{"SIGBUS", processResult{exit: exited(uint32(unix.SIGBUS))}, "a tool died of SIGBUS"},
		{"SIGABRT", processResult{exit: exited(uint32(unix.SIGABRT))}, "a tool died of SIGABRT"},
		{"SIGSYS", processResult{exit: exited(uint32(unix.SIGSYS))}, "a tool died of SIGSYS"},
		{"leftovers", processResult{exit: exited(0), leftovers: 2}, "a tool left 2 processes behind"},
		{
			"leftovers that stay", processResult{exit: exited(0), leftovers: 2, alive: true},
			"2 processes of a tool could not be ended",
		},
		{"no supervisor", processResult{supervisorLost: true}, "the supervisor of a tool was ended"},
	} {
		suspicion.Store(nil)
		tt.end.noteSuspicion()
		if got := CompromiseReason(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
