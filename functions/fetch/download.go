package fetch

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// maxParallelUploads are the parts that are sent to S3 at once. One more is in memory, being read.
const maxParallelUploads = 3

// downloadURL uploads what a URL leads to, from the first byte that is not there yet if its host can give that.
func (f Fetcher) downloadURL(ctx context.Context, u *upload, address string) error {
	have := u.countWholeBytes()
	res, err := f.Web.Get(ctx, address, buildRangeHeader(have), video.MaxSourceBytes)
	if errs.KindOf(err) == errs.TooLarge {
		return checkSize(video.MaxSourceBytes + 1)
	} else if err != nil {
		return err
	}
	defer res.Body.Close()
	if err := statusError(res.StatusCode); err != nil {
		return err
	}
	from, err := parseStartOffset(res, have)
	if err != nil {
		return err
	}
	if from+res.ContentLength > video.MaxSourceBytes {
		return checkSize(from + res.ContentLength)
	}
	if err := u.requireSameVersion(ctx, strongValidator(res.Header)); err != nil {
		return err
	}
	if _, err := io.CopyN(io.Discard, res.Body, have-from); err == io.EOF { // it was longer
		return replaced.ToError("fetch.download", errs.Conflict, nil)
	} else if err != nil {
		return err
	}
	return u.uploadBody(ctx, res.Body, have)
}

// countWholeBytes returns how many bytes from the first there are in whole parts of a known version.
func (u *upload) countWholeBytes() int64 {
	n := 0
	for u.hasVersionPart() && u.hasPart(n+1, partSize) {
		n++
	}
	return int64(n) * partSize
}

// buildRangeHeader asks for what follows the bytes that are there, and for the last of them: there is always an answer to that.
func buildRangeHeader(have int64) http.Header {
	h := http.Header{"Accept-Encoding": {"identity"}}
	if have > 0 {
		h.Set("Range", fmt.Sprintf("bytes=%d-", have-1))
	}
	return h
}

// parseStartOffset returns the offset of the first byte of an answer, which is what was asked for or, where the host does not do
// that, 0 (RFC 9110, section 14.2).
func parseStartOffset(res *http.Response, have int64) (int64, error) {
	if res.StatusCode == http.StatusOK {
		return 0, nil
	}
	at, _, _ := strings.Cut(strings.TrimPrefix(res.Header.Get("Content-Range"), "bytes "), "-")
	from, err := strconv.ParseInt(at, 10, 64)
	if err != nil || have == 0 || from != have-1 {
		return 0, wrongRange.ToError("fetch.begins", errs.Invalid, nil)
	}
	return from, nil
}

// strongValidator returns what no other version of the file has, "" if the host says no such thing: a strong validator as of RFC
// 9110, section 8.8. A date is one if it was a minute ago when it was said.
func strongValidator(h http.Header) string {
	if etag := h.Get("ETag"); strings.HasPrefix(etag, `"`) {
		return etag
	}
	modified, err := http.ParseTime(h.Get("Last-Modified"))
	if err != nil {
		return ""
	}
	said, err := http.ParseTime(h.Get("Date"))
	if err != nil || said.Sub(modified) < time.Minute {
		return ""
	}
	return modified.UTC().Format(time.RFC3339)
}

// requireSameVersion makes all parts those of a version. Of a file whose versions can't be told apart nothing is kept: it must come in
// one go.
func (u *upload) requireSameVersion(ctx context.Context, version string) error {
	switch {
	case version != "":
		return u.pinVersion(ctx, version)
	case u.hasVersionPart():
		return replaced.ToError("fetch.same", errs.Conflict, nil)
	}
	clear(u.parts)
	return nil
}

// uploadBody uploads all that r gives after the bytes that are there, and completes the upload.
func (u *upload) uploadBody(ctx context.Context, r io.Reader, have int64) error {
	last, size, err := u.uploadParts(ctx, r, int(have/partSize))
	if err != nil {
		return err
	}
	if err := checkSize(have + size); err != nil {
		return err
	}
	return u.completeUpload(ctx, last)
}

// uploadParts uploads what r gives as the parts that follow a number; it returns the number of the last one, and how many
// bytes there were. If r breaks off, the parts that were whole by then are kept.
func (u *upload) uploadParts(ctx context.Context, r io.Reader, last int) (_ int, size int64, err error) {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(maxParallelUploads)
	for err == nil {
		var part []byte
		if part, err = readPart(gctx, r); len(part) == 0 {
			break
		}
		last, size = last+1, size+int64(len(part))
		n := last
		g.Go(func() error { return u.writePart(gctx, n, part) })
	}
	if werr := g.Wait(); werr != nil {
		return 0, 0, werr
	}
	if err != io.EOF {
		return 0, 0, err
	}
	return last, size, nil
}

// readPart reads one part, and says io.EOF with the last one. Of a part that breaks off there is nothing.
func readPart(ctx context.Context, r io.Reader) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, errs.E("fetch.next", errs.Transient, err)
	}
	part := make([]byte, partSize)
	n, err := io.ReadFull(r, part)
	switch err { // and not what it wraps: that would be r's own error
	case nil:
		return part, nil
	case io.EOF, io.ErrUnexpectedEOF:
		return part[:n], io.EOF
	}
	return nil, err
}
