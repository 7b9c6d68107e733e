package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"sluice/shared/domain/errs"
)

// ending is how a process ended.
type ending struct {
	err    error            // of starting or waiting; nil is success
	ended  error            // its context's, if that had ended by then
	cause  error            // of that
	state  *os.ProcessState // nil if there was no process at all
	words  *tail            // what it said last
	limits Limits
}

// verdict is what we make of an ending.
type verdict struct {
	kind    errs.Kind
	code    string
	message string
}

const reexport = "Check that it plays on your computer, export it again as MP4 with H.264 and AAC, and upload that."

var (
	decodeFailed = verdict{errs.Invalid, "decode_failed", "The file could not be decoded to its end; it may be damaged. " + reexport}
	unreadable   = verdict{errs.Invalid, "unreadable", "The file could not be read as a video; it may be damaged, cut short, or something else under this name. " + reexport}
	codecUnknown = verdict{errs.Invalid, "codec_unsupported", "The file has a stream in a format that is not supported. Export it as MP4 with H.264 and AAC, and upload that."}
	vast         = verdict{errs.Invalid, "pixels_too_many", "The picture is larger than 8192 × 4320 pixels. Export it with a smaller frame size, and upload that."}
	killed       = verdict{errs.Invalid, "ffmpeg_killed", "The file takes more memory to decode than there is. Export it with a smaller frame size, and upload that."}
	crashed      = verdict{errs.Invalid, "ffmpeg_crashed", "The decoder crashed on this file; it is probably damaged. " + reexport}
	exhausted    = verdict{errs.Invalid, "cpu_exhausted", "The file takes too long to decode. Export it with a smaller frame size or a simpler codec, and upload that."}
	overfull     = verdict{errs.Invalid, "output_too_large", "The file turns into more data than is allowed. Export it shorter or with a lower frame rate, and upload that."}

	// Of these the owner of a video hears only when the last attempt has ended so.
	timedOut    = verdict{errs.Transient, "encode_timeout", "The video takes too long to process. Export it with a smaller frame size or a lower frame rate, and upload that."}
	cancelled   = verdict{errs.Transient, "encode_cancelled", "Processing was interrupted again and again. Upload the video once more; if that does not help, report it."}
	stalled     = verdict{errs.Transient, "encode_stalled", "Processing comes to a halt in this file. " + reexport}
	diskFull    = verdict{errs.Transient, "disk_full", "The file needs more room than a worker has. Export it smaller, and upload that."}
	unavailable = verdict{errs.Internal, "cage_unavailable", "Video can't be processed safely at the moment; it is our fault. Upload it again later."}
)

var errStalled = errors.New("no progress")

// error returns nil for success, and else what we make of the ending; usual is that for an ordinary failure.
func (e ending) error(op string, usual verdict) error {
	if e.err == nil {
		return nil
	}
	return e.verdict(usual).error(op, fmt.Errorf("%w: %s", e.err, strings.TrimSpace(e.words.String())))
}

func (v verdict) error(op string, err error) error {
	return &errs.Error{Op: op, Kind: v.kind, Code: v.code, Message: v.message, Err: err}
}

func (e ending) verdict(usual verdict) verdict {
	switch {
	case errors.Is(e.cause, errStalled):
		return stalled
	case errors.Is(e.ended, context.DeadlineExceeded):
		return timedOut
	case e.ended != nil:
		return cancelled
	case e.state == nil, launcherFailed(e.state.ExitCode(), e.words.String()):
		return unavailable
	}
	if status, ok := e.state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return e.bySignal(status.Signal())
	}
	return e.byCode(usual)
}

// bySignal judges a death. Nobody but the kernel sends signals into the cage.
func (e ending) bySignal(s syscall.Signal) verdict {
	switch {
	case s == unix.SIGXCPU, s == unix.SIGKILL && e.spent():
		return exhausted
	case s == unix.SIGKILL:
		return killed
	case s == unix.SIGXFSZ:
		return overfull
	}
	return crashed
}

// spent reports whether the CPU time is used up, give or take the kernel's two ways to count it.
func (e ending) spent() bool {
	return e.state.UserTime()+e.state.SystemTime() >= e.limits.CPU*9/10
}

// byCode judges an exit. ffmpeg's code is the low byte of its error, which is a negative errno where there is one.
func (e ending) byCode(usual verdict) verdict {
	switch code := e.state.ExitCode(); {
	case code == negative(unix.ENOMEM):
		return killed
	case code == negative(unix.EFBIG):
		return overfull
	case code == negative(unix.ENOSPC):
		return diskFull
	case strings.Contains(e.words.String(), ") not on whitelist"): // Codec (ffv1) not on whitelist '…'
		return codecUnknown
	case strings.Contains(e.words.String(), "exceeds specified max pixel count"):
		return vast
	}
	return usual
}

func negative(e syscall.Errno) int { return int(uint8(-int(e))) }
