package video

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"unicode"
	"unicode/utf8"

	"sluice/shared/domain/errs"
)

// Details is what a client says of its video, for itself: Sluice keeps it and makes nothing of it.
type Details struct {
	Title      string
	ExternalID string            // the client's own id; several videos may share one
	Metadata   map[string]string // the client's own words
}

// Limits of what a client may say of a video, in characters.
const (
	MaxTitle         = 200
	MaxExternalID    = 128
	MaxMetadata      = 20 // pairs
	MaxMetadataValue = 256
)

var metadataKeyPattern = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// FieldError is what is wrong at one place of a request.
type FieldError struct {
	Pointer string // JSON pointer, RFC 6901
	errs.Problem
}

// Validate returns what can't be kept, in the order of the fields.
func (a Details) Validate() (flaws []FieldError) {
	flaw := func(ok bool, pointer string, code errs.Code, message string) {
		if !ok {
			flaws = append(flaws, FieldError{pointer, errs.Problem{Code: code, Message: message}})
		}
	}
	flaw(ValidText(a.Title, MaxTitle), "/title", "title_invalid", fmt.Sprintf("A title has at most %d characters and no control characters.", MaxTitle))
	flaw(ValidText(a.ExternalID, MaxExternalID), "/external_id", "external_id_invalid", fmt.Sprintf("An external id has at most %d characters and no control characters.", MaxExternalID))
	flaw(len(a.Metadata) <= MaxMetadata, "/metadata", "metadata_too_many", fmt.Sprintf("A video has at most %d pairs of metadata.", MaxMetadata))
	for _, k := range slices.Sorted(maps.Keys(a.Metadata)) {
		flaw(metadataKeyPattern.MatchString(k), "/metadata", "metadata_key_invalid", "A key of metadata has 1 to 64 letters, digits, dots, hyphens and underscores.")
		flaw(ValidText(a.Metadata[k], MaxMetadataValue), "/metadata/"+k, "metadata_value_invalid", fmt.Sprintf("A value of metadata has at most %d characters and no control characters.", MaxMetadataValue))
	}
	return flaws
}

// ValidText reports whether s is text of at most limit characters.
func ValidText(s string, limit int) bool {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > limit {
		return false
	}
	for _, r := range s {
		if isForbiddenRune(r) {
			return false
		}
	}
	return true
}

// isForbiddenRune reports whether r is no character of a text. SQS refuses messages with the last two
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html).
func isForbiddenRune(r rune) bool { return unicode.IsControl(r) || r == '\ufffe' || r == '\uffff' }
