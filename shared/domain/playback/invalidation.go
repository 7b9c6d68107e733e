package playback

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"sluice/shared/domain/services"
)

const (
	// An invalidation waits until other ids can share it: CloudFront counts its paths and charges for them
	// (https://aws.amazon.com/cloudfront/pricing/). Meanwhile its copy of the deny list keeps the objects from viewers.
	invalidationInterval = time.Hour
	// So long after it was written, the copy is in force everywhere, and no viewer makes the CDN cache an object again.
	propagationTime = 10 * time.Minute
	// CloudFront takes 15 paths with a * at a time
	// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/InvalidationLimits.html).
	maxWildcardPaths = 15
	everythingPath   = "/*"
)

// Invalidation is a request to a CDN to forget what it has cached.
type Invalidation struct {
	Reference string   // the same for the same entries, so that a repeated request makes no second invalidation
	Paths     []string // each ends with *
	Entries   []DenyEntry
}

// PlanInvalidation returns the invalidation that is due for entries that wait for one; ok is false if none is due. It
// has the paths of each id, or one path for all that the CDN has if these are too many.
func PlanInvalidation(waiting []DenyEntry, now time.Time) (i Invalidation, ok bool) {
	waiting = slices.DeleteFunc(slices.Clone(waiting), func(e DenyEntry) bool {
		return e.Step != InvalidateStep || now.Before(e.StepSince.Add(propagationTime))
	})
	slices.SortFunc(waiting, func(a, b DenyEntry) int { return a.StepSince.Compare(b.StepSince) })
	if len(waiting) == 0 || now.Before(waiting[0].StepSince.Add(invalidationInterval)) {
		return Invalidation{}, false
	}
	i.Entries = waiting
	h := sha256.New()
	for _, e := range waiting {
		fmt.Fprintf(h, "%s %d\n", e.Playback, e.Revision)
		i.Paths = append(i.Paths, listCachePaths(e.Playback)...)
	}
	if len(i.Paths) > maxWildcardPaths {
		i.Paths = []string{everythingPath}
	}
	i.Reference = "sluice-" + hex.EncodeToString(h.Sum(nil)[:16])
	return i, true
}

// listCachePaths returns the paths under which a CDN may have cached the objects of an id. AWS recommends to invalidate
// the path of the viewer beside the one that the edge function makes of it
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html).
func listCachePaths(id string) []string {
	return []string{"/" + ObjectPrefix(id) + "*", services.MediaPath + PublicToken + "/" + id + "/*"}
}
