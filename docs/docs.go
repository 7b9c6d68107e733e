// Package docs holds the documents that Sluice itself shows. Standard library only.
package docs

import _ "embed"

// ErrorsMarkdown is the list of what each code means, in Markdown: docs/errors.md.
//
//go:embed errors.md
var ErrorsMarkdown string
