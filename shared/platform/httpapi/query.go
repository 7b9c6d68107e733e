package httpapi

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	defaultPageSize = 20 // videos on a page
	maxPageSize     = 100
)

// ParseLimit returns the page size that a query asks for, 1 to maxPageSize; the default for "".
func ParseLimit(text string) (int, error) {
	if text == "" {
		return defaultPageSize, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxPageSize {
		return 0, NewParameterError(fmt.Sprintf("`limit` is a number from 1 to %d.", maxPageSize))
	}
	return n, nil
}

// NewParameterError returns the error of a query parameter with an invalid value.
func NewParameterError(detail string) error {
	return &HTTPError{Status: http.StatusBadRequest, Code: "parameter_invalid", Detail: detail}
}

// ParseQuery returns the parameters of a query. Unknown and repeated ones are errors of 400.
func ParseQuery(q url.Values, known ...string) (map[string]string, error) {
	all := map[string]string{}
	for name, values := range q {
		switch {
		case !slices.Contains(known, name):
			return nil, &HTTPError{
				Status: http.StatusBadRequest, Code: "parameter_unknown",
				Detail: "A parameter is not known here; known are " + QuoteList(known) + ".",
			}
		case len(values) > 1:
			return nil, &HTTPError{
				Status: http.StatusBadRequest, Code: "parameter_repeated", Detail: "`" + name + "` is there twice.",
			}
		}
		all[name] = values[0]
	}
	return all, nil
}

// QuoteList returns words in backquotes, separated by commas.
func QuoteList[S ~string](words []S) string {
	var quoted []string
	for _, w := range words {
		quoted = append(quoted, "`"+string(w)+"`")
	}
	return strings.Join(quoted, ", ")
}
