package video

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"

	"sluice/shared/domain/errs"
)

// Letter is a dead letter: a message that a service will not handle any more, and why. Its body is kept as it is, with
// no claim check: an inbox takes 256 KiB at most, and a row holds that.
type Letter struct {
	ID       string      // LetterID's
	Service  string      // whose inbox it came to: by the queue that it lies in, never by its own word
	Group    string      // of a FIFO inbox
	Type     string      // what its body says that it is; nobody has checked it
	Tenant   string      // as Type
	Video    string      // as Type
	Kind     errs.Kind   // of the reason
	Code     string      // as Kind
	Reason   string      // a sentence
	Body     string      // as it came
	Attempts int         // deliveries
	Sent     time.Time   // when it came to the inbox, in milliseconds: its age counts from then
	Filed    time.Time   // when it became a letter here
	State    LetterState // what was decided about it
	Note     string      // why it was discarded
	Redrives int         // how often it was sent again
}

// LetterState says what was decided about a dead letter.
type LetterState string

// The states of a letter. One that was sent again and dies again is a letter of its own.
const (
	LetterOpen      LetterState = "open"
	LetterRedriven  LetterState = "redriven"
	LetterDiscarded LetterState = "discarded"
)

// LetterFilter says which letters are asked for; the zero value, all.
type LetterFilter struct {
	Service, Code string
	State         LetterState
}

// Has reports whether l is one of those asked for.
func (f LetterFilter) Has(l Letter) bool {
	return (f.Service == "" || f.Service == l.Service) && (f.Code == "" || f.Code == l.Code) && (f.State == "" || f.State == l.State)
}

// LetterKept is how long a letter is kept.
const LetterKept = 90 * 24 * time.Hour

// Expires returns from when on the letter may be forgotten.
func (l Letter) Expires() time.Time { return l.Filed.Add(LetterKept) }

// Redriven returns the letter after it was sent again. Conflict, code letter_discarded: it must not be.
func (l Letter) Redriven() (Letter, error) {
	if l.State == LetterDiscarded {
		return l, errs.Refuse("video.Redriven", errs.Conflict, "letter_discarded", "This letter was discarded; it can't be sent again.")
	}
	l.State, l.Redrives = LetterRedriven, l.Redrives+1
	return l, nil
}

// Discarded returns the letter after it was given up, with why. Conflict, code letter_settled: that was decided before.
func (l Letter) Discarded(note string) (Letter, error) {
	if l.State != LetterOpen {
		return l, errs.Refuse("video.Discarded", errs.Conflict, "letter_settled", "This letter was redriven or discarded before; there is nothing left to decide.")
	}
	l.State, l.Note = LetterDiscarded, note
	return l, nil
}

const letterPrefix = "ltr_"

// letterText writes ids: in lower case its texts sort as the bytes that they stand for.
var letterText = base32.HexEncoding.WithPadding(base32.NoPadding)

// LetterID returns the id of the letter that a message of a service's inbox becomes: filing it twice is one letter. Ids
// sort by when the messages were sent, to the millisecond.
func LetterID(service, message string, sent time.Time) string {
	sum := sha256.Sum256([]byte(service + "\x00" + message))
	at := binary.BigEndian.AppendUint64(nil, uint64(max(0, sent.UnixMilli())))
	return letterPrefix + strings.ToLower(letterText.EncodeToString(append(at[2:], sum[:10]...)))
}

// LetterSent returns when the message of a letter's id was sent; ok is false for what is no id of a letter.
func LetterSent(id string) (sent time.Time, ok bool) {
	rest, ok := strings.CutPrefix(id, letterPrefix)
	b, err := letterText.DecodeString(strings.ToUpper(rest))
	if !ok || err != nil || len(b) != 16 || rest != strings.ToLower(rest) {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(append([]byte{0, 0}, b[:6]...)))).UTC(), true
}
