package video

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"

	"sluice/shared/domain/errs"
)

// DeadLetter is a dead letter: a message that a service will not handle any more, and why. Its body is kept as it is, with
// no claim check: an inbox takes 256 KiB at most, and a row holds that.
type DeadLetter struct {
	ID       string          // LetterID's
	Service  string          // whose inbox it came to: by the queue that it lies in, never by its own word
	Group    string          // of a FIFO inbox
	Type     string          // what its body says that it is; nobody has checked it
	Tenant   string          // as Type
	Video    string          // as Type
	Kind     errs.Kind       // of the reason
	Code     string          // as Kind
	Reason   string          // a sentence
	Body     string          // as it came
	Attempts int             // deliveries
	Sent     time.Time       // when it came to the inbox, in milliseconds: its age counts from then
	Created  time.Time       // when it became a letter here
	State    DeadLetterState // what was decided about it
	Note     string          // why it was discarded
	Redrives int             // how often it was sent again
}

// DeadLetterState says what was decided about a dead letter.
type DeadLetterState string

// The states of a letter. One that was sent again and dies again is a letter of its own.
const (
	DeadLetterOpen      DeadLetterState = "open"
	DeadLetterRedriven  DeadLetterState = "redriven"
	DeadLetterDiscarded DeadLetterState = "discarded"
)

// DeadLetterFilter says which letters are asked for; the zero value, all.
type DeadLetterFilter struct {
	Service, Code string
	State         DeadLetterState
}

// Matches reports whether l is one of those asked for.
func (f DeadLetterFilter) Matches(l DeadLetter) bool {
	return (f.Service == "" || f.Service == l.Service) && (f.Code == "" || f.Code == l.Code) && (f.State == "" || f.State == l.State)
}

// DeadLetterRetention is how long a letter is kept.
const DeadLetterRetention = 90 * 24 * time.Hour

// ExpiresAt returns from when on the letter may be forgotten.
func (l DeadLetter) ExpiresAt() time.Time { return l.Created.Add(DeadLetterRetention) }

// MarkRedriven returns the letter after it was sent again. Conflict, code letter_discarded: it must not be.
func (l DeadLetter) MarkRedriven() (DeadLetter, error) {
	if l.State == DeadLetterDiscarded {
		return l, errs.New("video.Redriven", errs.Conflict, "letter_discarded", "This letter was discarded; it can't be sent again.")
	}
	l.State, l.Redrives = DeadLetterRedriven, l.Redrives+1
	return l, nil
}

// MarkDiscarded returns the letter after it was given up, with why. Conflict, code letter_settled: that was decided before.
func (l DeadLetter) MarkDiscarded(note string) (DeadLetter, error) {
	if l.State != DeadLetterOpen {
		return l, errs.New("video.Discarded", errs.Conflict, "letter_settled", "This letter was redriven or discarded before; there is nothing left to decide.")
	}
	l.State, l.Note = DeadLetterDiscarded, note
	return l, nil
}

const deadLetterPrefix = "ltr_"

// deadLetterEncoding writes ids: in lower case its texts sort as the bytes that they stand for.
var deadLetterEncoding = base32.HexEncoding.WithPadding(base32.NoPadding)

// DeadLetterID returns the id of the letter that a message of a service's inbox becomes: filing it twice is one letter. Ids
// sort by when the messages were sent, to the millisecond.
func DeadLetterID(service, message string, sent time.Time) string {
	sum := sha256.Sum256([]byte(service + "\x00" + message))
	at := binary.BigEndian.AppendUint64(nil, uint64(max(0, sent.UnixMilli())))
	return deadLetterPrefix + strings.ToLower(deadLetterEncoding.EncodeToString(append(at[2:], sum[:10]...)))
}

// ParseDeadLetterID returns when the message of a letter's id was sent; ok is false for what is no id of a letter.
func ParseDeadLetterID(id string) (sent time.Time, ok bool) {
	rest, ok := strings.CutPrefix(id, deadLetterPrefix)
	b, err := deadLetterEncoding.DecodeString(strings.ToUpper(rest))
	if !ok || err != nil || len(b) != 16 || rest != strings.ToLower(rest) {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(append([]byte{0, 0}, b[:6]...)))).UTC(), true
}
