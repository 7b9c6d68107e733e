package access_test

import (
	"regexp"
	"strings"
	"testing"

	"sluice/shared/domain/access"
)

func TestParseTokenReadsFormattedToken(t *testing.T) {
	id, secret, ok := access.ParseToken(access.FormatToken("abc", "s3cret"))
	if id != "abc" || secret != "s3cret" || !ok {
		t.Errorf("got %q %q %v", id, secret, ok)
	}
	for _, bad := range []string{"", "slc_", "slc_a", "slc__b", "slc_a_", "xyz_a_b"} {
		if _, _, ok := access.ParseToken(bad); ok {
			t.Errorf("%q is taken for a token", bad)
		}
	}
}

func TestTokenMatchesOnlyItsSecret(t *testing.T) {
	tok := access.Token{SecretHash: access.HashSecret("right")}
	if !tok.MatchesSecret("right") || tok.MatchesSecret("wrong") || (access.Token{}).MatchesSecret("") {
		t.Error("a token must match its own secret and nothing else")
	}
}

func TestValidTenantID(t *testing.T) {
	for id, want := range map[string]bool{
		"acme": true, "a1": true, "big-co": true, "": false, "a": false, "1a": false, "Acme": false, "a/b": false,
		"a#b":                   false,
		strings.Repeat("a", 31): true, strings.Repeat("a", 32): false,
	} {
		if got := access.ValidTenantID(id); got != want {
			t.Errorf("%q: %v, want %v", id, got, want)
		}
	}
}

// TestBearerPatternMatchesTokensOnly uses tokens as they are created, and what else clients and scanners send.
func TestBearerPatternMatchesTokensOnly(t *testing.T) {
	t.Parallel()
	pattern := regexp.MustCompile(access.BearerPattern)
	id, secret := strings.Repeat("a2", 6), strings.Repeat("b7", 20)
	token := access.FormatToken(id, secret)
	for header, want := range map[string]bool{
		"Bearer " + token: true, "bearer " + token: true, "BEARER   " + token + " ": true,
		"": false, token: false, "Bearer": false, "Bearer ": false, "Bearer junk": false, "Basic " + token: false,
		"Bearer " + token + "x": false, "Bearer slc_" + id + "_": false, "Bearer slc__" + secret: false,
		"Bearer " + strings.ToUpper(token): false, "x Bearer " + token: false, "Bearer " + token + "\nx": false,
		"Bearer eyJhbGciOiJIUzI1NiJ9.e30.x": false,
	} {
		if got := pattern.MatchString(header); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
}
