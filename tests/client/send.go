package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
)

// send sends one part and returns its entity tag. A URL that is refused may have expired: it asks for another, once.
func (c *Client) send(ctx context.Context, s session, f File, p part, m *meter) (string, error) {
	tag, err := c.put(ctx, s, f, p, m)
	var refused *Problem
	if !errors.As(err, &refused) || refused.Status != http.StatusForbidden {
		return tag, err
	}
	fresh, err := c.parts(ctx, s, []int{p.Number})
	if err != nil {
		return "", err
	}
	return c.put(ctx, s, f, fresh[0], m)
}

// put sends one part to its URL, again while that may help.
func (c *Client) put(ctx context.Context, s session, f File, p part, m *meter) (tag string, err error) {
	from := int64(p.Number-1) * s.PartSize
	size := min(s.PartSize, f.Size-from)
	err = c.retry(ctx, func() error {
		try := &metered{Reader: io.NewSectionReader(f.Content, from, size), meter: m}
		if tag, err = c.putOnce(ctx, p.URL, try, size); err != nil {
			try.drop()
		}
		return err
	})
	return tag, err
}

func (c *Client) putOnce(ctx context.Context, url string, body io.Reader, size int64) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, url, body)
	if err != nil {
		return "", errors.New("the API gave a URL that is none")
	}
	req.ContentLength = size // S3 takes no chunked encoding
	res, err := c.HTTP.Do(req)
	if err != nil {
		return "", network(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return "", network(err)
	}
	if res.StatusCode/100 != 2 {
		return "", problem(res, text)
	}
	tag := res.Header.Get("ETag")
	if tag == "" {
		return "", errors.New("the part was taken without an ETag")
	}
	return tag, nil
}

// meter counts the bytes of all parts.
type meter struct {
	total  int64
	report func(sent, total int64)

	mu   sync.Mutex
	sent int64
}

// metered counts the bytes of one try. net/http may go on reading after a try has failed.
type metered struct {
	io.Reader
	meter   *meter
	read    int64
	dropped bool
}

func (t *metered) Read(p []byte) (int, error) {
	n, err := t.Reader.Read(p)
	t.meter.mu.Lock()
	defer t.meter.mu.Unlock()
	if !t.dropped {
		t.read += int64(n)
		t.meter.add(int64(n))
	}
	return n, err
}

// drop takes back what a failed try has counted.
func (t *metered) drop() {
	t.meter.mu.Lock()
	defer t.meter.mu.Unlock()
	t.dropped = true
	t.meter.add(-t.read)
}

func (m *meter) add(n int64) {
	m.sent += n
	if m.report != nil {
		m.report(m.sent, m.total)
	}
}
