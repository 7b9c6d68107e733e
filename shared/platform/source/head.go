package source

import (
	"context"
	"io"
	"os"
	"path/filepath"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/fileformat"
	"sluice/shared/domain/media"
	"sluice/shared/domain/sampletable"
)

// firstPacketBytes is how much of an original has the first packets: at 100 kbit/s, 80 seconds.
const firstPacketBytes = 1 << 20

// Head is what ffprobe reads at the beginning of an original. The durations in it are not to be relied on.
type Head struct {
	Container string
	Probe     media.Probe
	Packets   []byte // of the video, as lines of "pts,dts,duration,pos,flags"
}

// ProbeHead downloads the beginning of an original of size bytes into the folder dir, and returns what ffprobe reads of
// it. It fails with Invalid for a container that needs no copy, with the errors of fileformat.Sniff and
// fileformat.CheckComplete, and as Probe does.
func ProbeHead(
	ctx context.Context, from Originals, tools Tools, key, etag string, size int64, dir string,
) (h Head, err error) {
	const op = "source.ProbeHead"
	head, err := readAtMost(ctx, from, key, etag, sampletable.Range{To: min(size, probeBytes)})
	if err != nil {
		return h, err
	}
	if h.Container, err = fileformat.Sniff(head); err != nil {
		return h, err
	}
	if _, needed := media.ChooseRemuxContainer(h.Container); !needed {
		return h, errs.E(op, errs.Invalid, errNoIndex)
	}
	r := objectReader{ctx: ctx, from: from, key: key, etag: etag, size: size, head: head}
	if err := fileformat.CheckComplete(r, size, h.Container); err != nil {
		return h, err
	}
	f := File{Dir: dir, Name: "head", Container: h.Container, size: int64(len(head))}
	defer f.Remove()
	if err := os.WriteFile(filepath.Join(dir, f.Name), head, 0o600); err != nil {
		return h, errs.E(op, errs.Transient, err)
	}
	if h.Probe, err = f.Probe(ctx, tools); err != nil {
		return h, err
	}
	if err := os.Truncate(filepath.Join(dir, f.Name), min(f.size, firstPacketBytes)); err != nil {
		return h, errs.E(op, errs.Transient, err)
	}
	h.Packets, err = tools.ProbePackets(ctx, f.Dir, f.Name, f.Container, -1)
	return h, err
}

// objectReader reads an object of size bytes whose beginning is in memory.
type objectReader struct {
	ctx       context.Context
	from      Originals
	key, etag string
	size      int64
	head      []byte
}

// ReadAt implements io.ReaderAt.
func (r objectReader) ReadAt(p []byte, at int64) (int, error) {
	if at >= r.size {
		return 0, io.EOF
	}
	want := sampletable.Range{From: at, To: min(at+int64(len(p)), r.size)}
	b := r.head[min(at, int64(len(r.head))):min(want.To, int64(len(r.head)))]
	if int64(len(b)) < want.Len() {
		var err error
		if b, err = readRange(r.ctx, r.from, r.key, r.etag, want); err != nil {
			return 0, err
		}
	}
	n := copy(p, b)
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
