package pipeline

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

// file is a source on a worker's disk.
type file struct {
	dir, name string // the job's folder, and the name in it
	container string
	size      int64 // bytes
}

// maxRemux is the largest source, in bytes, that a worker's disk has room for twice.
const maxRemux = 4 << 30

// fetch downloads an original into dir and tells its container by its bytes, not by its name.
func fetch(ctx context.Context, from Originals, key, etag, dir string) (file, error) {
	const op = "pipeline.fetch"
	out := file{dir: dir, name: "in"}
	f, err := os.Create(filepath.Join(dir, out.name))
	if err != nil {
		return file{}, errs.E(op, errs.Transient, err)
	}
	defer f.Close()
	if err := from.Download(ctx, key, etag, f); err != nil {
		return file{}, err
	}
	if out.size, err = f.Seek(0, io.SeekEnd); err != nil {
		return file{}, errs.E(op, errs.Transient, err)
	}
	head := make([]byte, media.HeadBytes)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return file{}, errs.E(op, errs.Transient, err)
	}
	if out.container, err = media.Sniff(head[:n]); err != nil {
		return file{}, err
	}
	return out, media.CheckWhole(f, out.size, out.container)
}

// remux returns the file as one that can be cut: itself, or a copy in another container that takes its place. It is
// the same for every worker, so that what inspect says of it holds for encode. A file that can't be copied, for a
// packet without a time or a stream that the container does not take, is cut as it is, which is slow.
func (f file) remux(ctx context.Context, tools Tools) (file, error) {
	into, needed := media.Remux(f.container)
	if !needed {
		return f, nil
	}
	if f.size > maxRemux {
		return file{}, errs.Refuse("pipeline.remux", errs.Invalid, "source_too_large", "A file of this kind may have at most 4 GiB; export it as MP4, and upload that.")
	}
	out := file{dir: f.dir, name: "copy", container: into}
	args := media.RemuxArgs(into, filepath.Join(f.dir, out.name))
	run := ffmpeg.Run{Dir: f.dir, File: f.name, Container: f.container, Input: args.Input, Output: args.Output}
	if err := tools.Run(ctx, run); errs.KindOf(err) == errs.Invalid {
		return f, nil
	} else if err != nil {
		return file{}, err
	}
	if err := os.Remove(filepath.Join(f.dir, f.name)); err != nil {
		return file{}, errs.E("pipeline.remux", errs.Transient, err)
	}
	return out, nil
}

// probe returns what ffprobe says of it.
func (f file) probe(ctx context.Context, tools Tools) (media.Probe, error) {
	doc, err := tools.Probe(ctx, f.dir, f.name, f.container)
	if err != nil {
		return media.Probe{}, err
	}
	return media.ParseProbe(doc)
}
