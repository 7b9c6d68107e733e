// Package ffmpeg is the cage in which ffmpeg and ffprobe read what strangers have sent us. It needs no AWS rights and
// gives its children none.
//
// A tool is started through a launcher: this same program, run again, which puts walls around itself and then becomes
// the tool. Inside there are no credentials (the environment is PATH), no sockets, no other processes to make, signal
// or look into, no files but the job's own (where the kernel has Landlock), and limits on memory, CPU time and output.
// What an input may be is limited too: one demuxer, known decoders, local files, a number of pixels and of streams.
// A wall that can't be put up is an error; nothing runs outside. Linux on amd64 and arm64 only.
//
// A program that uses this package calls Enter first thing in main.
package ffmpeg

import (
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
)

// MaxPixels is the largest frame that is decoded: 8192 × 4320.
const MaxPixels = 8192 * 4320

const (
	maxProbeBytes  = 1 << 20
	maxPacketBytes = 256 << 10 // the last 5,000 packets or so
)

// Tools is where the programs are.
type Tools struct {
	Dir string // holds ffmpeg and ffprobe
}

// Limits end a run that asks for too much. Zero values stand for the defaults.
type Limits struct {
	Memory int64         // bytes of address space; 2560 MiB
	CPU    time.Duration // over all threads, in whole seconds; 10 min
	Output int64         // bytes of any one file; 8 GiB
	Stall  time.Duration // without progress; 60 s
}

func (l Limits) withDefaults() Limits {
	return Limits{
		Memory: valueOrDefault(l.Memory, 2560<<20),
		CPU:    valueOrDefault(l.CPU, 10*time.Minute),
		Output: valueOrDefault(l.Output, 8<<30),
		Stall:  valueOrDefault(l.Stall, time.Minute),
	}
}

func valueOrDefault[T int64 | time.Duration](v, standard T) T {
	if v == 0 {
		return standard
	}
	return v
}

// Command is one run of ffmpeg over one input.
type Command struct {
	Dir       string   // the job's directory: what the run may read and write, and where names start
	File      string   // the input's name, in Dir
	Container string   // the only demuxer that may open it: "mov"
	Input     []string // options of the input: "-ss", "3.2"
	Output    []string // all that follows the input: filters, outputs and their options
	Limits    Limits
	Progress  func(Progress) // told of each change, from one goroutine and never after Run; may be nil
}

// Run runs ffmpeg to its end. Its errors: Invalid when the input is at fault (decode_failed, codec_unsupported,
// pixels_too_many, ffmpeg_killed, ffmpeg_crashed, cpu_exhausted, output_too_large), Transient when another try may work
// (encode_timeout, encode_cancelled, encode_stalled, disk_full), and Internal when we are (cage_unavailable, or a Run
// that makes no sense). The cause of an error has the end of ffmpeg's own words, for logs.
func (t Tools) Run(ctx context.Context, r Command) error {
	const op = "ffmpeg.Run"
	args, err := r.buildArgs()
	if err != nil {
		return errs.E(op, errs.Internal, err)
	}
	limits := r.Limits.withDefaults()
	reports, w, err := os.Pipe()
	if err != nil {
		return errs.E(op, errs.Internal, err)
	}
	defer reports.Close()
	ctx, stop := watchProgress(ctx, reports, limits.Stall, r.Progress)
	c := sandboxedProcess{dir: r.Dir, tool: filepath.Join(t.Dir, "ffmpeg"), args: args, limits: limits, progressPipe: w}
	end := c.startAndWait(ctx)
	w.Close() // ours, the last one; the reader now sees the end
	stop()
	return end.toError(op, decodeFailed)
}

// ProbeStreams returns what ffprobe knows of a file of dir: the JSON of -show_format and -show_streams, side data such as
// rotation included, at most 1 MiB. Its errors are those of Run, with unreadable in place of decode_failed.
func (t Tools) ProbeStreams(ctx context.Context, dir, file, container string) ([]byte, error) {
	const op = "ffmpeg.Probe"
	out := cappedBuffer{remaining: maxProbeBytes}
	show := []string{"-print_format", "json", "-show_format", "-show_streams"}
	if err := t.runProbe(ctx, op, dir, file, container, show, &out); err != nil {
		return nil, err
	}
	if out.remaining < 0 {
		return nil, unreadable.toError(op, fmt.Errorf("over %d bytes about the file", maxProbeBytes))
	}
	return out.data, nil
}

// ProbePackets returns the last packets of the first video stream from a time in seconds on, or of those the last 256 KiB:
// a line each, "pts,dts,duration,flags" in ticks. Where a container can't be sought in they begin elsewhere; their end
// is that of the stream. Its errors are those of Probe.
func (t Tools) ProbePackets(ctx context.Context, dir, file, container string, from float64) ([]byte, error) {
	out := tailBuffer{maxBytes: maxPacketBytes}
	show := []string{
		"-print_format", "csv=p=0", "-select_streams", "V:0", "-show_entries", "packet=pts,dts,duration,flags",
		"-read_intervals", strconv.FormatFloat(from, 'f', 3, 64) + "%",
	}
	if err := t.runProbe(ctx, "ffmpeg.Packets", dir, file, container, show, &out); err != nil {
		return nil, err
	}
	return out.data, nil
}

// runProbe has ffprobe show something of a file.
func (t Tools) runProbe(ctx context.Context, op, dir, file, container string, show []string, out io.Writer) error {
	in, err := buildInputArgs(container, file, nil)
	if err != nil {
		return errs.E(op, errs.Internal, err)
	}
	limits := Limits{CPU: time.Minute}.withDefaults()
	ctx, cancel := context.WithTimeoutCause(ctx, limits.Stall, errStalled) // it reports no progress
	defer cancel()
	args := slices.Concat([]string{"-hide_banner", "-loglevel", "error"}, show, in)
	c := sandboxedProcess{dir: dir, tool: filepath.Join(t.Dir, "ffprobe"), args: args, limits: limits, stdout: out}
	return c.startAndWait(ctx).toError(op, unreadable)
}

// buildArgs returns the command line. The walls of the input are options of the input, so they stand before its -i.
func (r Command) buildArgs() ([]string, error) {
	if slices.Contains(slices.Concat(r.Input, r.Output), "-i") {
		return nil, errors.New("a second input would be outside the input's walls")
	}
	in, err := buildInputArgs(r.Container, r.File, r.Input)
	if err != nil {
		return nil, err
	}
	return slices.Concat([]string{"-hide_banner", "-nostdin", "-y", "-loglevel", "error", "-progress", "pipe:3"}, in, r.Output), nil
}

// buildInputArgs returns the options that open an input, and nothing but it. The format list is what stops playlists, the
// file: prefix names such as "concat:a|b"; https://ffmpeg.org/ffmpeg-formats.html#Format-Options.
func buildInputArgs(container, file string, options []string) ([]string, error) {
	if container == "" || strings.Contains(container, ",") {
		return nil, fmt.Errorf("container %q: want one demuxer", container)
	}
	if !filepath.IsLocal(file) {
		return nil, fmt.Errorf("input %q is not in the job's directory", file)
	}
	walls := []string{
		"-protocol_whitelist", "file",
		"-format_whitelist", container,
		"-codec_whitelist", strings.Join(allowedDecoders, ","),
		"-max_pixels", fmt.Sprint(MaxPixels),
		"-max_streams", "32",
		"-probesize", "10M",
		"-analyzeduration", "10M",
	}
	return slices.Concat(walls, options, []string{"-i", "file:" + file}), nil
}

// cappedBuffer keeps what is written, up to left bytes, and drops the rest.
type cappedBuffer struct {
	data      []byte
	remaining int // negative once something was dropped
}

func (c *cappedBuffer) Write(p []byte) (int, error) {
	if c.remaining -= len(p); c.remaining >= 0 {
		c.data = append(c.data, p...)
	}
	return len(p), nil
}
