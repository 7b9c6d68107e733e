package video

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"sluice/shared/domain/errs"
)

// Details is what a client stores with its video. Sluice keeps and returns it, and does not interpret it.
type Details struct {
	Title      string
	ExternalID string            // the client's id; several videos may have the same
	Metadata   map[string]string // the client's own keys and values
}

// Limits of Details, in characters unless stated otherwise.
const (
	MaxTitle         = 200
	MaxExternalID    = 128
	MaxMetadata      = 20 // pairs
	MaxMetadataValue = 256
)

var metadataKeyPattern = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// Validate returns the problems of the fields, in the order of the fields.
func (d Details) Validate() (f errs.FieldErrors) {
	f.Require(ValidText(d.Title, MaxTitle), "/title", "title_invalid",
		fmt.Sprintf("A title has at most %d characters and no control characters.", MaxTitle))
	f.Require(ValidText(d.ExternalID, MaxExternalID), "/external_id", "external_id_invalid",
		fmt.Sprintf("An external id has at most %d characters and no control characters.", MaxExternalID))
	f.Require(len(d.Metadata) <= MaxMetadata, "/metadata", "metadata_too_many",
		fmt.Sprintf("A video has at most %d pairs of metadata.", MaxMetadata))
	for _, k := range slices.Sorted(maps.Keys(d.Metadata)) {
		f.Require(metadataKeyPattern.MatchString(k), "/metadata", "metadata_key_invalid",
			"A key of metadata has 1 to 64 letters, digits, dots, hyphens and underscores.")
		f.Require(ValidText(d.Metadata[k], MaxMetadataValue), "/metadata/"+k, "metadata_value_invalid",
			fmt.Sprintf("A value of metadata has at most %d characters and no control characters.", MaxMetadataValue))
	}
	return f
}

// ValidText reports whether s is UTF-8 text without control characters, of at most limit characters. The characters
// that change the direction of other characters are among those: with one, a name is not shown in the order of its
// characters (https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing).
func ValidText(s string, limit int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= limit && !strings.ContainsFunc(s, func(r rune) bool {
		// SQS does not accept the last two in messages
		// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html).
		return unicode.IsControl(r) || isDirectionalControl(r) || r == '\ufffe' || r == '\uffff'
	})
}

// isDirectionalControl reports whether r embeds, overrides or isolates a direction, or ends that
// (https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters). The marks U+061C, U+200E and U+200F change
// no other character's direction, and Arabic and Hebrew texts need them.
func isDirectionalControl(r rune) bool {
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}
