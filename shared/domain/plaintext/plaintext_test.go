package plaintext_test

import (
	"strings"
	"testing"

	"sluice/shared/domain/plaintext"
	"sluice/shared/domain/video"
)

// TestTextsHaveNoDirectionalControls: "film\u202e4pm.exe" is shown as filmexe.mp4.
func TestTextsHaveNoDirectionalControls(t *testing.T) {
	t.Parallel()
	for _, control := range "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069" {
		title := "film" + string(control) + "4pm.exe"
		if plaintext.IsValid(title, video.MaxTitle) {
			t.Errorf("%+q is valid", title)
		}
		problems := video.Details{Title: title}.Validate()
		if len(problems) != 1 || problems[0].Code != "title_invalid" {
			t.Errorf("%+q: %v", title, problems)
		}
	}
	for _, text := range []string{
		"", "שלום", "\u200fשלום (2)\u200f", "\u061cمرحبا", "a\u200eb", "日本語", "👩\u200d👧", strings.Repeat("é", 200),
	} {
		if !plaintext.IsValid(text, video.MaxTitle) {
			t.Errorf("%+q is not valid", text)
		}
	}
}
