package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
)

// sendPart sends one part and returns its entity tag. If S3 answers 403, the URL may have expired; sendPart then
// requests another URL once.
func (c *Client) sendPart(
	ctx context.Context, s uploadSession, f File, p signedPart, m *progressMeter,
) (string, error) {
	tag, err := c.putPart(ctx, s, f, p, m)
	var refused *Problem
	if !errors.As(err, &refused) || refused.Status != http.StatusForbidden {
		return tag, err
	}
	fresh, err := c.signParts(ctx, s, []int{p.Number})
	if err != nil {
		return "", err
	}
	return c.putPart(ctx, s, f, fresh[0], m)
}

// putPart sends one part to its URL, with retries.
func (c *Client) putPart(
	ctx context.Context, s uploadSession, f File, p signedPart, m *progressMeter,
) (tag string, err error) {
	from := int64(p.Number-1) * s.PartSize
	size := min(s.PartSize, f.Size-from)
	err = c.retryRequest(ctx, func() error {
		try := &meteredReader{Reader: io.NewSectionReader(f.Content, from, size), meter: m}
		if tag, err = c.putPartOnce(ctx, p.URL, try, size); err != nil {
			try.discardProgress()
		}
		return err
	})
	return tag, err
}

func (c *Client) putPartOnce(ctx context.Context, url string, body io.Reader, size int64) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, url, body)
	if err != nil {
		return "", errors.New("the API returned an invalid URL")
	}
	req.ContentLength = size // S3 rejects chunked transfer encoding
	res, err := c.HTTP.Do(req)
	if err != nil {
		return "", newNetworkError(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxResponseBytes))
	if err != nil {
		return "", newNetworkError(err)
	}
	if res.StatusCode/100 != 2 {
		return "", parseProblem(res, text)
	}
	tag := res.Header.Get("ETag")
	if tag == "" {
		return "", errors.New("S3 answered without an ETag")
	}
	return tag, nil
}

// progressMeter counts the bytes that were sent of all parts.
type progressMeter struct {
	total  int64
	report func(sent, total int64)

	mu   sync.Mutex
	sent int64
}

// meteredReader counts the bytes of one attempt. net/http can go on reading after an attempt has failed.
type meteredReader struct {
	io.Reader
	meter     *progressMeter
	read      int64
	discarded bool
}

func (r *meteredReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.meter.mu.Lock()
	defer r.meter.mu.Unlock()
	if !r.discarded {
		r.read += int64(n)
		r.meter.addBytes(int64(n))
	}
	return n, err
}

// discardProgress subtracts what a failed attempt has counted.
func (r *meteredReader) discardProgress() {
	r.meter.mu.Lock()
	defer r.meter.mu.Unlock()
	r.discarded = true
	r.meter.addBytes(-r.read)
}

func (m *progressMeter) addBytes(n int64) {
	m.sent += n
	if m.report != nil {
		m.report(m.sent, m.total)
	}
}
