package studio

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// playerVersion is the version of the watch page's player, which the studio uses too. A test compares it with the file.
const playerVersion = "a5dd5b58"

// buildPolicy returns the page's Content-Security-Policy (https://www.w3.org/TR/CSP3/): nothing inline, no text that
// becomes code or markup (https://www.w3.org/TR/trusted-types/), no frame around it, and no hosts but its own and those
// of the two URLs. hls.js gives media to the player as a blob.
func buildPolicy(uploads, media string) string {
	from := func(sources ...string) string {
		sources = slices.DeleteFunc(sources, func(s string) bool { return s == "" })
		return strings.Join(slices.Compact(sources), " ")
	}
	return strings.Join([]string{
		"default-src 'none'",
		"script-src 'self'",
		"style-src 'self'",
		"img-src 'self' data:",
		"connect-src " + from("'self'", parseOrigin(uploads), parseOrigin(media)),
		"media-src " + from("'self'", "blob:", parseOrigin(cmp.Or(media, uploads))),
		"base-uri 'none'",
		"form-action 'none'",
		"frame-ancestors 'none'",
		"require-trusted-types-for 'script'",
		"trusted-types 'none'",
	}, "; ")
}

// parseOrigin returns the scheme, host and port of a URL, or "" if a policy can't name them.
func parseOrigin(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	host, _, _ := strings.Cut(rest, "/")
	if !ok || host == "" || scheme != "https" && scheme != "http" || strings.ContainsAny(host, " ;,'\"*?#@") {
		return ""
	}
	return scheme + "://" + host
}

// hashAssets returns a version for the contents of the assets.
func hashAssets(assets map[string]string) string {
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(assets)) {
		fmt.Fprintf(sum, "%s %d\n%s", name, len(assets[name]), assets[name])
	}
	return hex.EncodeToString(sum.Sum(nil)[:6])
}
