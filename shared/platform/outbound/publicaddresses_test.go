package outbound

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"sluice/shared/domain/errs"
)

// specialAddresses are not public, in any notation.
var specialAddresses = []string{
	"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.1.2.3",
	"169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.170", "192.0.2.1",
	"192.31.196.1",
	"192.52.193.1", "192.88.99.1", "192.168.0.1", "192.175.48.1", "198.18.0.1", "198.19.255.255", "198.51.100.1",
	"203.0.113.1",
	"224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
	"::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
	"64:ff9b:1::a00:1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "3fff::1", "5f00::1",
	"fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1",
}

// Promise 8: connections go to public addresses only, whether a URL, a name or a redirect leads to another one.
func TestPromise08_OutboundConnectionsGoToPublicAddressesOnly(t *testing.T) {
	t.Parallel()
	var target string
	s := startTestServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/moved" {
			http.Redirect(w, r, target, http.StatusFound)
			return
		}
		fmt.Fprint(w, "film")
	})
	s.names["films.example.com"] = []string{"127.0.0.1"}
	c := s.newTestClient(defaultLimits)
	if got, err := readAll(t.Context(), c, s.urlFor("films.example.com", "/film.mp4"), 9); got != "film" || err != nil {
		t.Fatalf("the server that stands for the internet: %q, %v", got, err)
	}
	for i, a := range specialAddresses {
		host := a
		if strings.Contains(a, ":") {
			host = "[" + a + "]"
		}
		name := fmt.Sprintf("special%d.example.com", i)
		s.mu.Lock()
		s.names[name] = []string{a}
		s.mu.Unlock()
		for _, url := range []string{"https://" + host + ":" + "443/?sig=secret", "https://" + name + "/?sig=secret"} {
			for how, from := range map[string]string{
				"asked for": url, "redirected to": s.urlFor("films.example.com", "/moved"),
			} {
				target = url
				s.dialedAddresses = nil
				if _, err := readAll(t.Context(), c, from, 9); err == nil {
					t.Fatalf("%s: %s: the request has succeeded", url, how)
				} else {
					wantError(t, err, errs.Invalid, "url_not_public")
				}
				if len(s.dialedAddresses) == 0 {
					t.Errorf(
						"%s: %s: it was rejected before the connection: the check of the address was not tested", url,
						how,
					)
				}
			}
		}
	}
}

// Public addresses are allowed.
func TestPublicAddressesAreAllowed(t *testing.T) {
	t.Parallel()
	for _, a := range []string{
		"1.1.1.1", "8.8.8.8", "52.218.0.1", "172.32.0.1", "192.167.255.255", "2606:4700::1111", "2a05:d014::1",
	} {
		to := netip.AddrPortFrom(netip.MustParseAddr(a), 443)
		network := map[bool]string{true: "tcp4", false: "tcp6"}[to.Addr().Is4()]
		if err := allowPublic(network, to.String(), nil); err != nil {
			t.Errorf("%s: %v", a, err)
		}
	}
}

// A name may resolve to another address each time: the check applies to the address of the connection.
func TestPromise08_DNSRebindingIsRejected(t *testing.T) {
	t.Parallel()
	s := startTestServer(t, nil)
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://rebinds.example.com/", http.StatusTemporaryRedirect)
	})
	s.names["rebinds.example.com"] = []string{"127.0.0.1", "169.254.169.254"}
	_, err := readAll(t.Context(), s.newTestClient(defaultLimits), s.urlFor("rebinds.example.com", "/?sig=secret"), 9)
	wantError(t, err, errs.Invalid, "url_not_public")
	if len(s.dialedAddresses) != 2 || s.dialedAddresses[1] != "169.254.169.254:443" {
		t.Errorf("connected to %v", s.dialedAddresses)
	}
}

// Numbers that libc would accept as addresses are treated as names, which do not exist.
func TestPromise08_NumericHostNamesAreRejected(t *testing.T) {
	t.Parallel()
	s := startTestServer(t, nil)
	for _, host := range []string{"127.1", "0x7f.1", "0177.0.0.1", "127.0.0.1.", "2130706433."} {
		_, err := readAll(t.Context(), s.newTestClient(defaultLimits), "https://"+host+"/", 9)
		if p := errs.ProblemOf(err); errs.KindOf(err) != errs.Invalid ||
			p.Code != "url_host_unknown" && p.Code != "url_not_public" {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func TestPromise08_RedirectsAreChecked(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, to, code string
	}{
		{"three", "/2", ""},
		{"four", "/3", "url_redirects"},
		{"a loop", "/loop", "url_redirects"},
		{"to http", "http://films.example.com/", "url_not_https"},
		{"to a file", "file:///etc/passwd", "url_not_https"},
		{"with a password", "https://me:secret@films.example.com/?sig=secret", "url_has_password"},
		{"to what is no URL", "https://films.example.com/%zz?sig=secret", "url_invalid"},
		{"to another port", "https://1.1.1.1:8443/?sig=secret", "url_port_refused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := startTestServer(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Referer() != "" {
					t.Errorf("the Referer header is %s", r.Referer())
				}
				to := map[string]string{"/": tt.to, "/loop": "/loop", "/3": "/2", "/2": "/1", "/1": "/0"}[r.URL.Path]
				if to == "" {
					fmt.Fprint(w, "film")
					return
				}
				w.Header().Set("Location", to)
				w.WriteHeader(http.StatusMovedPermanently)
			})
			s.names["films.example.com"] = []string{"127.0.0.1"}
			got, err := readAll(
				t.Context(), s.newTestClient(defaultLimits), s.urlFor("films.example.com", "/?sig=secret"), 9,
			)
			if tt.code != "" {
				wantError(t, err, errs.Invalid, tt.code)
			} else if got != "film" || err != nil {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}
