package httpapi

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ParseWait returns how long the client of a request prefers to wait for what the request leads to, at most limit; 0
// if it does not. It reads the preference "wait", in seconds, of the header Prefer; a value that is no number is
// ignored, as are further ones (https://www.rfc-editor.org/rfc/rfc7240#section-4.3).
func ParseWait(h http.Header, limit time.Duration) time.Duration {
	for p := range strings.SplitSeq(strings.Join(h.Values("Prefer"), ","), ",") {
		p, _, _ = strings.Cut(p, ";") // parameters
		name, value, _ := strings.Cut(p, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "wait") {
			continue
		}
		n, err := strconv.ParseUint(strings.Trim(strings.TrimSpace(value), `"`), 10, 31)
		if err != nil {
			return 0
		}
		return min(time.Duration(n)*time.Second, limit)
	}
	return 0
}
