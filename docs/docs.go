// Package docs embeds the documents that Sluice itself shows.
package docs

import _ "embed"

// ErrorsMarkdown is docs/errors.md: the list of error codes. The studio shows it.
//
//go:embed errors.md
var ErrorsMarkdown string

// APIChangesMarkdown is docs/api-changes.md: what has changed in the API. The page /docs shows it.
//
//go:embed api-changes.md
var APIChangesMarkdown string
