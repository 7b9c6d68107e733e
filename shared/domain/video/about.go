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

// About is what a client says of its video, for itself: Sluice keeps it and makes nothing of it.
type About struct {
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

var metadataKey = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// Flaw is what is wrong at one place of a request.
type Flaw struct {
	Pointer string // JSON pointer, RFC 6901
	errs.Problem
}

// Check returns what can't be kept, in the order of the fields.
func (a About) Check() (flaws []Flaw) {
	flaw := func(ok bool, pointer, code, message string) {
		if !ok {
			flaws = append(flaws, Flaw{pointer, errs.Problem{Code: code, Message: message}})
		}
	}
	flaw(Written(a.Title, MaxTitle), "/title", "title_invalid", fmt.Sprintf("A title has at most %d characters and no control characters.", MaxTitle))
	flaw(Written(a.ExternalID, MaxExternalID), "/external_id", "external_id_invalid", fmt.Sprintf("An external id has at most %d characters and no control characters.", MaxExternalID))
	flaw(len(a.Metadata) <= MaxMetadata, "/metadata", "metadata_too_many", fmt.Sprintf("A video has at most %d pairs of metadata.", MaxMetadata))
	for _, k := range slices.Sorted(maps.Keys(a.Metadata)) {
		flaw(metadataKey.MatchString(k), "/metadata", "metadata_key_invalid", "A key of metadata has 1 to 64 letters, digits, dots, hyphens and underscores.")
		flaw(Written(a.Metadata[k], MaxMetadataValue), "/metadata/"+k, "metadata_value_invalid", fmt.Sprintf("A value of metadata has at most %d characters and no control characters.", MaxMetadataValue))
	}
	return flaws
}

// Written reports whether s is text of at most limit characters.
func Written(s string, limit int) bool {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > limit {
		return false
	}
	for _, r := range s {
		if unspoken(r) {
			return false
		}
	}
	return true
}

// unspoken reports whether r is no character of a text. SQS refuses messages with the last two
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html).
func unspoken(r rune) bool { return unicode.IsControl(r) || r == '\ufffe' || r == '\uffff' }
