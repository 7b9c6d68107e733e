package source

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/media"
	"sluice/shared/platform/ffmpeg"
)

// File is a source on a worker's disk.
type File struct {
	Dir, Name string // the job's folder, and the name in it
	Container string
	size      int64 // bytes
}

// maxRemuxBytes is the largest source, in bytes, that a worker's disk has room for twice.
const maxRemuxBytes = 4 << 30

// FetchOriginal downloads an original into dir and tells its container by its bytes, not by its name.
func FetchOriginal(ctx context.Context, from Originals, key, etag, dir string) (File, error) {
	const op = "pipeline.fetch"
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
	head := make([]byte, media.HeadBytes)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return File{}, errs.E(op, errs.Transient, err)
	}
	if out.Container, err = media.SniffContainer(head[:n]); err != nil {
		return File{}, err
	}
	return out, media.CheckComplete(f, out.size, out.Container)
}

// RemuxIfNeeded returns the file as one that can be cut: itself, or a copy in another container that takes its place. It is
// the same for every worker, so that what inspect says of it holds for encode. A file that can't be copied, for a
// packet without a time or a stream that the container does not take, is cut as it is, which is slow.
func (f File) RemuxIfNeeded(ctx context.Context, tools Tools) (File, error) {
	into, needed := media.ChooseRemuxContainer(f.Container)
	if !needed {
		return f, nil
	}
	if f.size > maxRemuxBytes {
		return File{}, errs.New("pipeline.remux", errs.Invalid, "source_too_large", "A file of this kind may have at most 4 GiB; export it as MP4, and upload that.")
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
		return File{}, errs.E("pipeline.remux", errs.Transient, err)
	}
	return out, nil
}

// Probe returns what ffprobe says of it.
func (f File) Probe(ctx context.Context, tools Tools) (media.Probe, error) {
	doc, err := tools.ProbeStreams(ctx, f.Dir, f.Name, f.Container)
	if err != nil {
		return media.Probe{}, err
	}
	return media.ParseProbe(doc)
}
