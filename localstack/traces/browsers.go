package traces

import (
	"net"
	"net/http"
	"strings"
)

// refuseBrowsers passes on the requests of programs. It answers 403 to those that a page in a browser could have sent:
// with a header that only browsers send (Origin, Referer, Sec-Fetch-Site), or to a Host other than a loopback address
// or localhost with the port of api, as in DNS rebinding.
func refuseBrowsers(api net.Addr, next http.Handler) http.Handler {
	_, ownPort, _ := net.SplitHostPort(api.String())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, port, err := net.SplitHostPort(r.Host)
		isOwn := err == nil && port == ownPort &&
			(strings.EqualFold(host, "localhost") || net.ParseIP(host).IsLoopback())
		for _, name := range []string{"Origin", "Referer", "Sec-Fetch-Site"} {
			isOwn = isOwn && r.Header.Get(name) == ""
		}
		if !isOwn {
			http.Error(w, "refused: this is not for browsers", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
