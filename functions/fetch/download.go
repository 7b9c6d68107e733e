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

// maxParallelUploads is how many parts are uploaded at once. One more is in memory while it is read.
const maxParallelUploads = 3

// downloadURL uploads the file at a URL, from the first byte that is missing if the host supports range requests, and
// completes the upload.
func (f Fetcher) downloadURL(ctx context.Context, u *upload, address string) error {
	whole := 0 // parts from the start of the file, of a known version
	for u.hasVersionPart() && u.hasPart(whole+1, partSize) {
		whole++
	}
	have, h := int64(whole)*partSize, http.Header{"Accept-Encoding": {"identity"}}
	// also the last byte that is there: a range that began at the end of the file would not be satisfiable
	if have > 0 {
		h.Set("Range", fmt.Sprintf("bytes=%d-", have-1))
	}
	res, err := f.Web.Get(ctx, address, h, video.MaxSourceBytes)
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
	if _, err := io.CopyN(io.Discard, res.Body, have-from); err == io.EOF { // the file has become shorter
		return replaced.ToError("fetch.downloadURL", errs.Conflict, nil)
	} else if err != nil {
		return err
	}
	last, size, err := u.uploadParts(ctx, res.Body, whole)
	if err != nil {
		return err
	}
	if err := checkSize(have + size); err != nil {
		return err
	}
	return u.completeUpload(ctx, last)
}

// parseStartOffset returns the offset in the file of the first byte of a response: that of the requested range, or 0 if
// the host ignores ranges (RFC 9110, section 14.2). Invalid: it is another range.
func parseStartOffset(res *http.Response, have int64) (int64, error) {
	if res.StatusCode == http.StatusOK {
		return 0, nil
	}
	at, _, _ := strings.Cut(strings.TrimPrefix(res.Header.Get("Content-Range"), "bytes "), "-")
	from, err := strconv.ParseInt(at, 10, 64)
	if err != nil || have == 0 || from != have-1 {
		return 0, wrongRange.ToError("fetch.parseStartOffset", errs.Invalid, nil)
	}
	return from, nil
}

// strongValidator returns the ETag or modification date that tells this version of the file from all others; "" if the
// host sends none. By RFC 9110, section 8.8, an ETag is one if it is not weak, and a date if the response is at least a
// minute younger.
func strongValidator(h http.Header) string {
	if etag := h.Get("ETag"); strings.HasPrefix(etag, `"`) {
		return etag
	}
	modified, err := http.ParseTime(h.Get("Last-Modified"))
	if err != nil {
		return ""
	}
	sent, err := http.ParseTime(h.Get("Date"))
	if err != nil || sent.Sub(modified) < time.Minute {
		return ""
	}
	return modified.UTC().Format(time.RFC3339)
}

// requireSameVersion fails with Conflict if the parts are of another version. If versions can't be told apart (version
// is ""), it forgets the parts, so that the file is downloaded as a whole.
func (u *upload) requireSameVersion(ctx context.Context, version string) error {
	switch {
	case version != "":
		return u.pinVersion(ctx, version)
	case u.hasVersionPart():
		return replaced.ToError("fetch.requireSameVersion", errs.Conflict, nil)
	}
	clear(u.parts)
	return nil
}

// uploadParts uploads what r reads as the parts after number last. It returns the number of the last part, and how many
// bytes it has read. If r fails, the whole parts before the failure stay uploaded.
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

// readPart reads one part; with the last one it returns io.EOF. If r fails it returns no part.
func readPart(ctx context.Context, r io.Reader) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, errs.E("fetch.readPart", errs.Transient, err)
	}
	part := make([]byte, partSize)
	n, err := io.ReadFull(r, part)
	switch err { // not errors.Is: an EOF that r has wrapped is an error of the connection
	case nil:
		return part, nil
	case io.EOF, io.ErrUnexpectedEOF:
		return part[:n], io.EOF
	}
	return nil, err
}
