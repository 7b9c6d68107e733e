package source_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"testing"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/source"
	"sluice/shared/platform/source/sourcetest"
)

// requestCounter counts the ranges that are read.
type requestCounter struct {
	*blob.Memory
	requests int
}

func (c *requestCounter) DownloadRange(
	ctx context.Context, key, etag string, from, length int64, to io.Writer,
) error {
	c.requests++
	return c.Memory.DownloadRange(ctx, key, etag, from, length, to)
}

// A file of small boxes without end is not read box by box.
func TestManyTopBoxesAreNotRead(t *testing.T) {
	t.Parallel()
	fileType := []byte("\x00\x00\x00\x10ftypisom\x00\x00\x02\x00")
	body := bytes.Repeat(fileType, 10_000)
	bucket, e := sourcetest.NewBucket(t, body, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	o := e.Data.(video.StoredObject)
	c := &requestCounter{Memory: bucket}
	s, err := source.DownloadSparse(t.Context(), c, o.Key, o.ETag, int64(len(body)), t.TempDir())
	if err == nil {
		s.Close()
	}
	if errs.KindOf(err) != errs.Invalid || c.requests > 100 {
		t.Errorf("%v after %d requests", err, c.requests)
	}
}

// largeOriginal is an original that has zeros behind its first bytes.
type largeOriginal struct {
	source.Originals
	first    []byte
	requests int
}

func (o *largeOriginal) DownloadRange(
	_ context.Context, _, _ string, from, length int64, to io.Writer,
) error {
	o.requests++
	b := make([]byte, length)
	if from < int64(len(o.first)) {
		copy(b, o.first[from:])
	}
	_, err := to.Write(b)
	return err
}

// box returns a box with a body of numbers of 32 bits and other boxes.
func box(name string, numbers []uint32, boxes ...[]byte) []byte {
	body := bytes.Join(boxes, nil)
	b := append(binary.BigEndian.AppendUint32(nil, uint32(8+4*len(numbers)+len(body))), name...)
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return append(b, body...)
}

// A file whose samples lie far apart is not read sample by sample.
func TestScatteredSamplesAreNotRead(t *testing.T) {
	t.Parallel()
	const samples, distance = 30_000, 100 << 10
	offsets := []uint32{0, samples}
	for i := range uint32(samples) {
		offsets = append(offsets, 2<<20+i*distance)
	}
	none := make([]uint32, 30)
	moov := box("moov", nil, box("mvhd", []uint32{0, 0, 0, 1000, 0, 0, 0}), box(
		"trak", nil, box("tkhd", []uint32{0, 0, 0, 1, 0, 0}), box("mdia", nil,
			box("mdhd", []uint32{0, 0, 0, 1000, 0, 0}), box("hdlr", none), box("minf", nil, box("stbl", nil,
				box("stsd", []uint32{0, 1}, box("avc1", none)), box("stts", []uint32{0, 1, samples, 0}),
				box("stss", []uint32{0, 1, 1}), box("stsc", []uint32{0, 1, 1, 1, 1}),
				box("stsz", []uint32{0, 1, samples}), box("stco", offsets))))))
	const size = 2<<20 + samples*distance
	first := append([]byte("\x00\x00\x00\x10ftypisom\x00\x00\x02\x00"), moov...)
	first = append(first, box("mdat", nil)...)
	binary.BigEndian.PutUint32(first[len(first)-8:], uint32(size-len(first)+8))
	o := &largeOriginal{first: first}
	s, err := source.DownloadSparse(t.Context(), o, "k", "e", size, t.TempDir())
	if err == nil {
		s.Close()
	}
	if errs.KindOf(err) != errs.Invalid || o.requests > 100 {
		t.Errorf("%v after %d requests", err, o.requests)
	}
}
