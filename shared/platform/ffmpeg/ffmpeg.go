// Package ffmpeg runs ffmpeg and ffprobe, which read files that strangers have sent us, in a sandbox. It needs no AWS
// rights and gives the tools none.
//
// There are two sets of sandbox layers. InitSandbox tries in a child process what the kernel allows, and takes the full
// set if it can (docs/security.md says what each protects from what):
//
//   - In both sets the environment is empty, the tool inherits descriptors 0 to 3 alone, memory, CPU time, output and
//     open files have limits, and the input is limited: a local file or a pipe, one demuxer, known decoders, a number
//     of pixels and of streams. A process that the tool could read secrets from can't be looked into.
//   - full: a launcher, which is this same program, run again, puts on a seccomp filter, Landlock (where the kernel has
//     it), and no_new_privs, and then becomes the tool: no sockets, no other processes to make, signal or look into, no
//     files but the job's own. The kernel ends the tool with its parent.
//   - lambda: for where those calls are refused, as on AWS Lambda. A supervisor, this program too, ends the tool with
//     its parent or at the deadline, and what it has left behind. The tool can reach the network and what its user may
//     read and write.
//
// A layer that can't be put up is an error; nothing runs without. Linux on amd64 and arm64 only.
//
// A program that uses this package calls InitSandbox first thing in main.
package ffmpeg

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/ffmpeg/buffer"
	"sluice/shared/platform/ffmpeg/pipes"
)

// MaxPixels is the largest frame that is decoded: 8192 × 4320.
const MaxPixels = 8192 * 4320

const (
	maxProbeBytes  = 1 << 20
	maxPacketBytes = 256 << 10 // about the last 5,000 packets
)

// Tools runs the programs of a folder.
type Tools struct {
	Dir string // holds ffmpeg and ffprobe
}

// Limits are the resources of a run. A zero value stands for the default.
type Limits struct {
	Memory int64         // bytes of address space; default 2560 MiB
	CPU    time.Duration // of all threads together, in whole seconds; default 10 min
	Output int64         // bytes of each file; default 8 GiB
	Stall  time.Duration // without progress; default 60 s
}

func (l Limits) withDefaults() Limits {
	return Limits{
		Memory: cmp.Or(l.Memory, 2560<<20),
		CPU:    cmp.Or(l.CPU, 10*time.Minute),
		Output: cmp.Or(l.Output, 8<<30),
		Stall:  cmp.Or(l.Stall, time.Minute),
	}
}

// Command is one run of ffmpeg over one input.
type Command struct {
	Dir       string    // the job's folder: all that the run may read and write, and its working directory
	File      string    // name of the input in Dir
	Stdin     io.Reader // the input, instead of File; it can't be sought in. nil: File is
	Stdout    io.Writer // takes what is written to "pipe:1"; nil: nothing does
	Container string    // the only demuxer that may open it: "mov"
	Codecs    []string  // ffmpeg's names of the codecs that may be decoded; nil: all that CanDecode allows
	Input     []string  // options of the input: "-ss", "3.2"
	Output    []string  // arguments after the input: filters, outputs and their options
	Limits    Limits
	Progress  func(Progress) // called at each change, by one goroutine and not after Run has returned; may be nil
	CPU       *time.Duration // set to the CPU time of all threads, user and system, when the run has ended; may be nil
}

// Run runs ffmpeg and waits for its end. Errors: Invalid if the input is at fault (decode_failed, codec_unsupported,
// pixels_too_many, ffmpeg_killed, ffmpeg_crashed, cpu_exhausted, output_too_large), Transient if another attempt may
// succeed (encode_timeout, encode_cancelled, encode_stalled, disk_full), and Internal if Sluice is (cage_unavailable,
// or a Command with invalid arguments). The error's cause contains the last 4 KiB of ffmpeg's messages, for logs.
func (t Tools) Run(ctx context.Context, r Command) error {
	const op = "ffmpeg.Run"
	args, err := r.buildArgs()
	if err != nil {
		return errs.E(op, errs.Internal, err)
	}
	limits := r.Limits.withDefaults()
	progress, w, err := os.Pipe()
	if err != nil {
		return errs.E(op, errs.Internal, err)
	}
	defer progress.Close()
	ctx, stop := watchProgress(ctx, progress, limits.Stall, r.Progress)
	c := sandboxedProcess{dir: r.Dir, tool: filepath.Join(t.Dir, "ffmpeg"), args: args, limits: limits, progressPipe: w}
	streams, err := pipes.Connect(r.Stdin, r.Stdout)
	if err != nil {
		w.Close()
		stop()
		return errs.E(op, errs.Internal, err)
	}
	c.stdin, c.stdout = streams.Stdin, streams.Stdout
	end := c.startAndWait(ctx)
	_ = streams.Close()
	w.Close() // the last descriptor of the write end, unless a process that could not be killed has one
	if err := progress.SetReadDeadline(time.Now().Add(cancelDelay)); err != nil {
		progress.Close()
	}
	stop()
	if r.CPU != nil && end.exit != nil {
		*r.CPU = end.exit.cpu
	}
	if r.Codecs != nil { // other streams may have other codecs, which is no reason to fail
		end.ignoreWhitelist = true
	}
	return end.toError(op, decodeFailed)
}

// ProbeStreams returns what ffprobe prints about a file in dir: the JSON of -show_format and -show_streams, including
// side data such as rotation, at most 1 MiB. Its errors are those of Run, with unreadable instead of decode_failed.
func (t Tools) ProbeStreams(ctx context.Context, dir, file, container string) ([]byte, error) {
	const op = "ffmpeg.ProbeStreams"
	out := buffer.Head{Room: maxProbeBytes}
	show := []string{"-print_format", "json", "-show_format", "-show_streams"}
	if err := t.runProbe(ctx, op, dir, file, container, show, &out); err != nil {
		return nil, err
	}
	if out.Room < 0 {
		return nil, unreadable.toError(op,
			fmt.Errorf("ffprobe prints more than %d bytes about the file", maxProbeBytes))
	}
	return out.Data, nil
}

// ProbePackets returns the packets of the first video stream from a time in seconds to the end of the stream, one line
// each: "pts,dts,duration,pos,flags", with times in ticks and the position in the file. It returns the last 256 KiB if
// there are more. In a container that does not support seeking the packets begin at another time; below 0 they are all
// that the file has. Its errors are those of ProbeStreams.
func (t Tools) ProbePackets(ctx context.Context, dir, file, container string, from float64) ([]byte, error) {
	out := buffer.Tail{MaxBytes: maxPacketBytes}
	show := []string{
		"-print_format", "csv=p=0", "-select_streams", "V:0", "-show_entries", "packet=pts,dts,duration,pos,flags",
	}
	if from >= 0 { // to seek to 0 would skip packets without a time
		show = append(show, "-read_intervals", strconv.FormatFloat(from, 'f', 3, 64)+"%")
	}
	if err := t.runProbe(ctx, "ffmpeg.ProbePackets", dir, file, container, show, &out); err != nil {
		return nil, err
	}
	return out.Data, nil
}

// runProbe runs ffprobe on a file with the options show and writes its output to out.
func (t Tools) runProbe(ctx context.Context, op, dir, file, container string, show []string, out io.Writer) error {
	in, err := buildInputArgs(container, input{protocol: "file", name: file}, allowedDecoders, nil)
	if err != nil {
		return errs.E(op, errs.Internal, err)
	}
	limits := Limits{CPU: time.Minute}.withDefaults()
	ctx, cancel := context.WithTimeoutCause(ctx, limits.Stall, errStalled) // ffprobe reports no progress
	defer cancel()
	args := slices.Concat([]string{"-hide_banner", "-loglevel", "error"}, show, in)
	c := sandboxedProcess{dir: dir, tool: filepath.Join(t.Dir, "ffprobe"), args: args, limits: limits, stdout: out}
	return c.startAndWait(ctx).toError(op, unreadable)
}

// buildArgs returns ffmpeg's arguments. A second input is refused, as the restrictions apply to the input that follows
// them.
func (r Command) buildArgs() ([]string, error) {
	if slices.Contains(slices.Concat(r.Input, r.Output), "-i") {
		return nil, errors.New("a second input would not be restricted")
	}
	decoders := allowedDecoders
	if r.Codecs != nil {
		decoders = findDecoders(r.Codecs)
	}
	from := input{protocol: "file", name: r.File}
	if r.Stdin != nil {
		from = input{protocol: "pipe", name: "0"}
	}
	in, err := buildInputArgs(r.Container, from, decoders, r.Input)
	if err != nil {
		return nil, err
	}
	return slices.Concat([]string{"-hide_banner", "-nostdin", "-y", "-loglevel", "error", "-progress", "pipe:3"}, in,
		r.Output), nil
}

// input is what a run reads: a file, or the descriptor of a pipe.
type input struct{ protocol, name string }

// buildInputArgs returns the arguments that open one input and nothing that the input refers to. The format whitelist
// rejects playlists, and the prefix "file:" names such as "concat:a|b"; see
// https://ffmpeg.org/ffmpeg-formats.html#Format-Options. Its errors mean an invalid container or file name.
func buildInputArgs(container string, from input, decoders, options []string) ([]string, error) {
	if container == "" || strings.Contains(container, ",") {
		return nil, fmt.Errorf("container %q: want one demuxer", container)
	}
	if len(decoders) == 0 { // the empty list would allow all
		return nil, errors.New("no decoder may run")
	}
	if !filepath.IsLocal(from.name) {
		return nil, fmt.Errorf("input %q is not in the job's directory", from.name)
	}
	restrictions := []string{
		"-protocol_whitelist", from.protocol, "-format_whitelist", container,
		"-codec_whitelist", strings.Join(decoders, ","),
		"-max_pixels", fmt.Sprint(MaxPixels), "-max_streams", "32", "-probesize", "10M", "-analyzeduration", "10M",
	}
	return slices.Concat(restrictions, options, []string{"-i", from.protocol + ":" + from.name}), nil
}
