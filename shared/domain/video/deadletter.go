package video

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"

	"sluice/shared/domain/errs"
)

// DeadLetter is a dead letter: a message that a service has given up, and why. The body is stored in the row, without a
// claim check: a queue accepts messages of 256 KiB at most, and a row holds that. It is unchanged but for URLs that may
// carry rights (package urlrights).
type DeadLetter struct {
	ID       string          // DeadLetterID's
	Service  string          // the service whose dead-letter queue it was in
	Group    string          // message group, if the queue is FIFO
	Type     string          // event type, as the body states it; not validated
	Tenant   string          // as the body states it
	Video    string          // as the body states it
	Kind     errs.Kind       // kind of the last error
	Code     string          // code of the last error
	Reason   string          // the last error in a sentence
	Body     string          // as received, but for such URLs
	Attempts int             // number of deliveries
	Sent     time.Time       // when it was sent to the queue, in milliseconds
	Created  time.Time       // when this row was created
	State    DeadLetterState // what an operator decided
	Note     string          // why it was discarded
	Redrives int             // how often it was sent to the queue again

	URLShortened bool // the body lacks parts of a URL
}

// DeadLetterState says what an operator decided about a dead letter.
type DeadLetterState string

// The states of a dead letter. A message that is redriven and fails again becomes another dead letter.
const (
	DeadLetterOpen      DeadLetterState = "open"
	DeadLetterRedriven  DeadLetterState = "redriven"
	DeadLetterDiscarded DeadLetterState = "discarded"
)

// DeadLetterFilter selects dead letters by the fields that are not empty.
type DeadLetterFilter struct {
	Service, Code string
	State         DeadLetterState
}

// Matches reports whether the filter selects l.
func (f DeadLetterFilter) Matches(l DeadLetter) bool {
	return (f.Service == "" || f.Service == l.Service) && (f.Code == "" || f.Code == l.Code) &&
		(f.State == "" || f.State == l.State)
}

// DeadLetterRetention is how long a dead letter is stored.
const DeadLetterRetention = 90 * 24 * time.Hour

// ExpiresAt returns when the row may be removed.
func (l DeadLetter) ExpiresAt() time.Time { return l.Created.Add(DeadLetterRetention) }

// MarkRedriven returns the dead letter after it was sent to its queue again. It fails with Conflict: letter_discarded
// if it was discarded, letter_shortened if its body lacks parts of a URL, without which it can't succeed.
func (l DeadLetter) MarkRedriven() (DeadLetter, error) {
	if l.URLShortened {
		return l, errs.New("video.MarkRedriven", errs.Conflict, "letter_shortened",
			"This dead letter is stored without the query of its URL, which may carry rights; create the video again.")
	}
	if l.State == DeadLetterDiscarded {
		return l, errs.New("video.MarkRedriven", errs.Conflict, "letter_discarded",
			"This dead letter was discarded; it can't be redriven.")
	}
	l.State, l.Redrives = DeadLetterRedriven, l.Redrives+1
	return l, nil
}

// MarkDiscarded returns the dead letter after it was discarded; note says why. It fails with Conflict, letter_settled,
// if it was redriven or discarded before.
func (l DeadLetter) MarkDiscarded(note string) (DeadLetter, error) {
	if l.State != DeadLetterOpen {
		return l, errs.New("video.MarkDiscarded", errs.Conflict, "letter_settled",
			"This dead letter was redriven or discarded before; there is nothing left to decide.")
	}
	l.State, l.Note = DeadLetterDiscarded, note
	return l, nil
}

const deadLetterPrefix = "ltr_"

// deadLetterEncoding is the encoding of ids: in lower case, they sort as the bytes that they encode.
var deadLetterEncoding = base32.HexEncoding.WithPadding(base32.NoPadding)

// DeadLetterID returns the id of the dead letter of a message. It is the same each time, so that storing a message
// twice gives one row. Ids sort by the time at which the messages were sent, to the millisecond.
func DeadLetterID(service, message string, sent time.Time) string {
	sum := sha256.Sum256([]byte(service + "\x00" + message))
	at := binary.BigEndian.AppendUint64(nil, uint64(max(0, sent.UnixMilli())))
	return deadLetterPrefix + strings.ToLower(deadLetterEncoding.EncodeToString(append(at[2:], sum[:10]...)))
}

// ParseDeadLetterID returns when the message of a dead letter was sent. ok is false if id is none of a dead letter.
func ParseDeadLetterID(id string) (sent time.Time, ok bool) {
	rest, ok := strings.CutPrefix(id, deadLetterPrefix)
	b, err := deadLetterEncoding.DecodeString(strings.ToUpper(rest))
	if !ok || err != nil || len(b) != 16 || rest != strings.ToLower(rest) {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(append([]byte{0, 0}, b[:6]...)))).UTC(), true
}
