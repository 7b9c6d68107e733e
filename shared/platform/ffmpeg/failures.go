package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/ffmpeg/buffer"
)

// processResult says how a process has ended.
type processResult struct {
	err      error        // of starting or waiting, or the way the tool failed; nil if it succeeded
	ctxErr   error        // error of the context when the process ended
	ctxCause error        // cause of ctxErr
	exit     *exitStatus  // nil if no tool was started
	stderr   *buffer.Tail // its last messages
	limits   Limits

	ignoreWhitelist bool // a decoder that is not allowed says nothing about the failure

	leftovers      int  // processes that the tool left behind
	alive          bool // some of them could not be killed
	supervisorLost bool // the supervisor ended without a report, and was not cancelled
}

// exitStatus is how a tool ended, and what it took.
type exitStatus struct {
	wait syscall.WaitStatus
	cpu  time.Duration // user and system time of all its threads
}

// toError returns nil if the tool has succeeded.
func (s exitStatus) toError() error {
	switch {
	case s.wait.Signaled():
		return fmt.Errorf("signal: %v", s.wait.Signal())
	case s.wait.ExitStatus() != 0:
		return fmt.Errorf("exit status %d", s.wait.ExitStatus())
	}
	return nil
}

// failure is the kind, code and message of an error of this package.
type failure struct {
	kind    errs.Kind
	code    errs.Code
	message string
}

const reexportAdvice = "Check that it plays on your computer, export it again as MP4 with H.264 and AAC, and upload that."

var (
	decodeFailed = failure{
		errs.Invalid, "decode_failed", "The file could not be decoded to its end; it may be damaged. " + reexportAdvice,
	}
	unreadable = failure{
		errs.Invalid, "unreadable",
		"The file could not be read as a video; it may be damaged, cut short, or something else under this name. " +
			reexportAdvice,
	}
	codecUnsupported = failure{
		errs.Invalid, "codec_unsupported",
		"The file has a stream in a format that is not supported. Export it as MP4 with H.264 and AAC, and upload that.",
	}
	pixelsTooMany = failure{
		errs.Invalid, "pixels_too_many",
		"The picture is larger than 8192 × 4320 pixels. Export it with a smaller frame size, and upload that.",
	}
	outOfMemory = failure{
		errs.Invalid, "ffmpeg_killed",
		"The file takes more memory to decode than there is. Export it with a smaller frame size, and upload that.",
	}
	decoderCrashed = failure{
		errs.Invalid, "ffmpeg_crashed", "The decoder crashed on this file; it is probably damaged. " + reexportAdvice,
	}
	cpuExhausted = failure{
		errs.Invalid, "cpu_exhausted",
		"The file takes too long to decode. Export it with a smaller frame size or a simpler codec, and upload that.",
	}
	outputTooLarge = failure{
		errs.Invalid, "output_too_large",
		"The file turns into more data than is allowed. Export it shorter or with a lower frame rate, and upload that.",
	}

	// The owner of a video gets these only if the last attempt has ended with them.
	timedOut = failure{
		errs.Transient, "encode_timeout",
		"The video takes too long to process. Export it with a smaller frame size or a lower frame rate, and upload that.",
	}
	cancelled = failure{
		errs.Transient, "encode_cancelled",
		"Processing was interrupted again and again. Upload the video once more; if that does not help, report it.",
	}
	stalled  = failure{errs.Transient, "encode_stalled", "Processing comes to a halt in this file. " + reexportAdvice}
	diskFull = failure{
		errs.Transient, "disk_full", "The file needs more room than a worker has. Export it smaller, and upload that.",
	}
	sandboxUnavailable = failure{
		errs.Internal, "cage_unavailable",
		"Video can't be processed safely at the moment; it is our fault. Upload it again later.",
	}
)

var errStalled = errors.New("no progress")

// toError returns nil if the process succeeded, and else the error of its failure: usual, unless something else is
// known.
func (e processResult) toError(op string, usual failure) error {
	if e.err == nil {
		return nil
	}
	return e.classifyFailure(usual).toError(op, fmt.Errorf("%w: %s", e.err, strings.TrimSpace(e.stderr.String())))
}

func (v failure) toError(op string, err error) error {
	return &errs.Error{Op: op, Kind: v.kind, Code: v.code, Message: v.message, Err: err}
}

// classifyFailure returns why the process has failed.
func (e processResult) classifyFailure(usual failure) failure {
	switch {
	case errors.Is(e.ctxCause, errStalled):
		return stalled
	case errors.Is(e.ctxErr, context.DeadlineExceeded):
		return timedOut
	case e.ctxErr != nil:
		return cancelled
	case e.exit == nil, launcherFailed(e.exit.wait.ExitStatus(), e.stderr.String()):
		return sandboxUnavailable
	}
	if e.exit.wait.Signaled() {
		return e.classifySignal(e.exit.wait.Signal())
	}
	return e.classifyExitCode(usual)
}

// classifySignal returns the failure of a process that a signal has killed. Only the kernel sends signals to the
// sandbox.
func (e processResult) classifySignal(s syscall.Signal) failure {
	switch {
	case s == unix.SIGXCPU, s == unix.SIGKILL && e.usedAllCPUTime():
		return cpuExhausted
	case s == unix.SIGKILL:
		return outOfMemory
	case s == unix.SIGXFSZ:
		return outputTooLarge
	}
	return decoderCrashed
}

// usedAllCPUTime reports whether the process has used its CPU time. The tolerance is for the limit being counted in
// another way than the times.
func (e processResult) usedAllCPUTime() bool {
	return e.exit.cpu >= e.limits.CPU*9/10
}

// classifyExitCode returns the failure of a process that has exited with an error. ffmpeg's exit code is the low byte
// of its error, which is a negative errno for errors of the system.
func (e processResult) classifyExitCode(usual failure) failure {
	switch code := e.exit.wait.ExitStatus(); {
	case code == errnoExitCode(unix.ENOMEM):
		return outOfMemory
	case code == errnoExitCode(unix.EFBIG):
		return outputTooLarge
	case code == errnoExitCode(unix.ENOSPC):
		return diskFull
	// Codec (ffv1) not on whitelist '…'
	case !e.ignoreWhitelist && strings.Contains(e.stderr.String(), ") not on whitelist"):
		return codecUnsupported
	case strings.Contains(e.stderr.String(), "exceeds specified max pixel count"):
		return pixelsTooMany
	}
	return usual
}

// errnoExitCode returns the exit code of ffmpeg for an errno.
func errnoExitCode(e syscall.Errno) int { return int(uint8(-int(e))) }
