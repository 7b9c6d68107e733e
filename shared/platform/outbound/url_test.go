package outbound_test

import (
	"strings"
	"testing"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/outbound"
)

func TestParseURL(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, url, code string
	}{
		{"plain", "https://films.example.com/a%20b.mp4?sig=x%2By", ""},
		{"upper case", "HTTPS://Films.Example.com/", ""},
		{"an address", "https://1.1.1.1/film.mp4", ""},
		{"IPv6", "https://[2606:4700::1111]:443/film.mp4", ""},
		{"rooted name", "https://films.example.com./film.mp4", ""},

		{"empty", "", "url_not_https"},
		{"http", "http://films.example.com/", "url_not_https"},
		{"a file", "file:///etc/passwd", "url_not_https"},
		{"no scheme", "//films.example.com/", "url_not_https"},
		{"no host", "https:///film.mp4", "url_invalid"},
		{"opaque", "https:films.example.com", "url_invalid"},
		{"a line break", "https://films.example.com/\r\nHost: x", "url_invalid"},
		{"a space", "https://films.example.com/a b", "url_invalid"},
		{"not ASCII", "https://fílms.example.com/", "url_invalid"},
		{"a zone", "https://[fe80::1%25eth0]/", "url_invalid"},
		{"a bad escape", "https://films.example.com/%zz", "url_invalid"},
		{"too long", "https://films.example.com/" + strings.Repeat("a", 2048), "url_invalid"},
		{"user", "https://me@films.example.com/", "url_has_password"},
		{"looks like another host", "https://films.example.com@169.254.169.254/", "url_has_password"},
		{"single label", "https://intranet/", "url_not_public"},
		{"localhost", "https://localhost/", "url_not_public"},
		{"localhost, rooted", "https://LOCALHOST./", "url_not_public"},
		{"below localhost", "https://a.localhost/", "url_not_public"},
		{"of a VPC", "https://ip-10-0-0-1.ec2.internal/", "url_not_public"},
		{"of a printer", "https://printer.local./", "url_not_public"},
		{"a number", "https://2130706433/", "url_not_public"},
		{"hex", "https://0x7f000001/", "url_not_public"},
		{"octal", "https://017700000001/", "url_not_public"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := outbound.ParseURL(tt.url)
			if tt.code == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if p := errs.ProblemOf(err); string(p.Code) != tt.code || p.Message == "" ||
				errs.KindOf(err) != errs.Invalid {
				t.Errorf("%v, want %s", err, tt.code)
			}
		})
	}
}
