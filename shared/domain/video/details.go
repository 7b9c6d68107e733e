package video

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/plaintext"
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
	f.Require(plaintext.IsValid(d.Title, MaxTitle), "/title", "title_invalid",
		fmt.Sprintf("A title has at most %d characters and no control characters.", MaxTitle))
	f.Require(plaintext.IsValid(d.ExternalID, MaxExternalID), "/external_id", "external_id_invalid",
		fmt.Sprintf("An external id has at most %d characters and no control characters.", MaxExternalID))
	f.Require(len(d.Metadata) <= MaxMetadata, "/metadata", "metadata_too_many",
		fmt.Sprintf("A video has at most %d pairs of metadata.", MaxMetadata))
	for _, k := range slices.Sorted(maps.Keys(d.Metadata)) {
		f.Require(metadataKeyPattern.MatchString(k), "/metadata", "metadata_key_invalid",
			"A key of metadata has 1 to 64 letters, digits, dots, hyphens and underscores.")
		f.Require(plaintext.IsValid(d.Metadata[k], MaxMetadataValue), "/metadata/"+k, "metadata_value_invalid",
			fmt.Sprintf("A value of metadata has at most %d characters and no control characters.", MaxMetadataValue))
	}
	return f
}
