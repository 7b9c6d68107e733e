package cloud

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// awaitHealth returns nil when the server answers. It returns an error if the server ends or does not answer in time.
func (c *Cloud) awaitHealth(ctx context.Context, ended <-chan error) error {
	ctx, cancel := context.WithTimeout(ctx, c.emulator.startTimeout)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			return fmt.Errorf("the server ended at once (%v)", err)
		case <-ctx.Done():
			return fmt.Errorf("the server did not answer within %v", c.emulator.startTimeout)
		case <-tick.C:
			if c.checkHealth(ctx, c.Port) == nil {
				return nil
			}
		}
	}
}

// checkHealth returns nil if the emulator answers on port. At an endpoint, which may be of another emulator, an HTTP
// server has to answer, with any status.
func (c *Cloud) checkHealth(ctx context.Context, port int) error {
	ctx, cancel := context.WithTimeout(ctx, 4*time.Second)
	defer cancel()
	url := cmp.Or(c.url, fmt.Sprintf("http://127.0.0.1:%d%s", port, c.emulator.healthPath))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // no proxy
	res, err := client.Do(req)
	if err != nil && c.url != "" {
		return fmt.Errorf("nothing answers at AWS_ENDPOINT_URL: %w", err)
	}
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if c.url != "" { // any answer will do
		return nil
	}
	var answer struct {
		Services map[string]string `json:"services"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&answer); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK || len(answer.Services) == 0 {
		return fmt.Errorf("%s answers %s, not as %s does", url, res.Status, c.emulator.name)
	}
	return nil
}
