// Package cursor has the cursors of lists of videos: the position of the last row of a page, as clients send it back.
package cursor

import (
	"encoding/base64"
	"regexp"
	"strings"
	"sync"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/store/item"
)

// Position is the last row of a page.
type Position struct{ Created, ID string }

// Invalid is the problem of a cursor that no list has returned.
var Invalid = errs.NewProblem("cursor_invalid",
	"This cursor is not one that a list has given; begin again without one.")

// idPattern matches the ids of videos. A cursor is a key of the table once it is parsed.
var idPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)
})

// Parse returns the position of a cursor, the zero Position for "". It fails with [Invalid] if it is none that Format
// returns.
func Parse(op, text string) (p Position, err error) {
	if text == "" {
		return p, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return p, Invalid.ToError(op, errs.Invalid, err)
	}
	p.Created, p.ID, _ = strings.Cut(string(b), " ")
	created, err := time.Parse(time.RFC3339Nano, p.Created)
	if err != nil || item.FormatTimestamp(created) != p.Created || !idPattern().MatchString(p.ID) ||
		p.Format() != text {
		return Position{}, Invalid.ToError(op, errs.Invalid, err)
	}
	return p, nil
}

// Format returns the cursor of a position.
func (p Position) Format() string {
	return base64.RawURLEncoding.EncodeToString([]byte(p.Created + " " + p.ID))
}
