package source

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/fileformat"
	"sluice/shared/domain/media"
	"sluice/shared/platform/ffmpeg"
)

// File is an original on a worker's disk.
type File struct {
	Dir, Name string // the job's folder, and the file's name in it
	Container string // ffmpeg's name of the demuxer: "mov"
	size      int64  // bytes
}

// maxRemuxBytes is the size of the largest file of which a worker's disk has room for two.
const maxRemuxBytes = 4 << 30

// DownloadOriginal downloads an original into the folder dir. It determines the container by the first bytes, not by
// the file's name, and rejects a file that is incomplete or in a container that is not supported.
func DownloadOriginal(ctx context.Context, from Originals, key, etag, dir string) (File, error) {
	const op = "source.DownloadOriginal"
	out := File{Dir: dir, Name: "in"}
	f, err := os.Create(filepath.Join(dir, out.Name))
	if err != nil {
		return File{}, errs.E(op, errs.Transient, err)
	}
	defer f.Close()
	if err := from.DownloadObject(ctx, key, etag, f); err != nil {
		return File{}, err
	}
	if out.size, err = f.Seek(0, io.SeekEnd); err != nil {
		return File{}, errs.E(op, errs.Transient, err)
	}
	head := make([]byte, fileformat.HeadBytes)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return File{}, errs.E(op, errs.Transient, err)
	}
	if out.Container, err = fileformat.Sniff(head[:n]); err != nil {
		return File{}, err
	}
	return out, fileformat.CheckComplete(f, out.size, out.Container)
}

// RemuxIfNeeded returns a file that ffmpeg can seek in accurately: f itself, or a copy of its streams in another
// container, which replaces f on the disk. Every worker gets the same result, so that inspect's plan fits what encode
// reads. If ffmpeg can't copy the streams, because of a packet without a timestamp or a codec that the container does
// not support, the result is f itself; then encoding a chunk takes longer.
func (f File) RemuxIfNeeded(ctx context.Context, tools Tools) (File, error) {
	into, needed := media.ChooseRemuxContainer(f.Container)
	if !needed {
		return f, nil
	}
	if f.size > maxRemuxBytes {
		return File{}, errs.New("source.RemuxIfNeeded", errs.Invalid, "source_too_large",
			"A file of this kind may have at most 4 GiB; export it as MP4, and upload that.")
	}
	out := File{Dir: f.Dir, Name: "copy", Container: into}
	args := media.RemuxArgs(into, filepath.Join(f.Dir, out.Name))
	run := ffmpeg.Command{Dir: f.Dir, File: f.Name, Container: f.Container, Input: args.Input, Output: args.Output}
	if err := tools.Run(ctx, run); errs.KindOf(err) == errs.Invalid {
		return f, nil
	} else if err != nil {
		return File{}, err
	}
	if err := os.Remove(filepath.Join(f.Dir, f.Name)); err != nil {
		return File{}, errs.E("source.RemuxIfNeeded", errs.Transient, err)
	}
	return out, nil
}

// Size returns the size of the file in bytes.
func (f File) Size() int64 { return f.size }

// Remove removes the file from the disk.
func (f File) Remove() { _ = os.Remove(filepath.Join(f.Dir, f.Name)) }

// Probe returns the file's properties as ffprobe reports them.
func (f File) Probe(ctx context.Context, tools Tools) (media.Probe, error) {
	doc, err := tools.ProbeStreams(ctx, f.Dir, f.Name, f.Container)
	if err != nil {
		return media.Probe{}, err
	}
	return media.ParseProbe(doc)
}
