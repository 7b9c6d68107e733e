// Package urlrights removes from texts what rights a URL may carry. It is pure and needs no AWS rights.
package urlrights

import (
	"bytes"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
)

// urlPattern finds the URLs in a text that is no JSON.
var urlPattern = regexp.MustCompile(`(?i)https?:(?:/|\\/){2}[^\s"'<>]+`)

// Remove returns a message's body without the parts of its URLs that may carry rights: query (a signature),
// user, password and fragment. removed is false if it has none; then the body is unchanged.
func Remove(body string) (text string, removed bool) {
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	var value any
	if d.Decode(&value) != nil || d.More() {
		text = urlPattern.ReplaceAllStringFunc(body, func(found string) string {
			short, changed := shortenURL(strings.ReplaceAll(found, `\/`, "/"))
			removed = removed || changed
			return short
		})
		return text, removed
	}
	if value, removed = shortenURLs(value); !removed {
		return body, false
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if e.Encode(value) != nil { // what was decoded can be encoded
		return "", true
	}
	return strings.TrimSuffix(out.String(), "\n"), true
}

// shortenURLs returns a JSON value with its strings, also within arrays and objects, shortened if they are URLs.
func shortenURLs(value any) (shortened any, changed bool) {
	switch v := value.(type) {
	case string:
		text := strings.TrimSpace(v)
		if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") { // a message in a message, as SNS sends it
			return Remove(v)
		}
		if short, changed := shortenURL(text); changed {
			return short, true
		}
	case []any:
		for i := range v {
			var one bool
			v[i], one = shortenURLs(v[i])
			changed = changed || one
		}
	case map[string]any:
		for name := range v {
			var one bool
			v[name], one = shortenURLs(v[name])
			changed = changed || one
		}
	}
	return value, changed
}

// shortenURL returns scheme, host and path of a URL of HTTP. A URL that can't be parsed is shortened to its scheme.
func shortenURL(text string) (short string, changed bool) {
	scheme, _, found := strings.Cut(text, "://")
	if !found || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return text, false
	}
	u, err := url.Parse(text)
	if err != nil {
		return scheme + "://", true
	}
	if u.RawQuery == "" && !u.ForceQuery && u.User == nil && u.Fragment == "" {
		return text, false
	}
	u.RawQuery, u.ForceQuery, u.User, u.Fragment, u.RawFragment = "", false, nil, "", ""
	return u.String(), true
}
