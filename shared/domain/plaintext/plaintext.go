// Package plaintext says which texts of clients are stored and shown. It is pure and needs no AWS rights.
package plaintext

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// IsValid reports whether s is UTF-8 text without control characters, of at most limit characters. The characters
// that change the direction of other characters are among those: with one, a name is not shown in the order of its
// characters (https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing).
func IsValid(s string, limit int) bool {
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
