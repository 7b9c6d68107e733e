package fetch

import (
	"fmt"
	"net/http"

	"sluice/shared/domain/errs"
)

// What the tenant or producer that named the original is told.
var (
	bucketNotRegistered = errs.NewProblem("bucket_not_registered",
		"Sluice does not fetch from this bucket; have it named in producer_buckets where Sluice is deployed, by its own name.")
	emptyFile = errs.NewProblem("empty", "The file is empty; see that it is whole, and ask again.")
	tooLarge  = errs.NewProblem("source_too_large", "The file is larger than 8 GiB; give a smaller one.")
	replaced  = errs.NewProblem("source_replaced",
		"The file is not the one that was asked for, or was replaced while it was fetched; ask again, and leave it alone until it is ready.")
	urlForbidden = errs.NewProblem("url_forbidden",
		"The URL's host does not let Sluice have the file; give a signed URL that is good for some hours.")
	urlNotFound = errs.NewProblem("url_not_found", "The URL's host has no such file; check the URL.")
	urlRefused  = errs.NewProblem("url_refused",
		"The URL's host does not answer a GET with the file; check what it says.")
	urlUnavailable = errs.NewProblem("url_unavailable",
		"The URL's host could not give the file, however often it was asked; ask again when it can.")
	wrongRange = errs.NewProblem("url_wrong_range",
		"The URL's host answers with other bytes than it was asked for; serve the file from another one, or upload it.")
	fetchFailed = errs.NewProblem("fetch_failed",
		"The file could not be fetched, which is our fault. Ask again, and report it if it fails once more.")
)

// statusError returns the error that an HTTP status stands for; nil if the response holds the file.
func statusError(status int) error {
	const op = "fetch.downloadURL"
	cause := fmt.Errorf("status %d", status)
	switch {
	case status == http.StatusOK, status == http.StatusPartialContent:
		return nil
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return urlForbidden.ToError(op, errs.Forbidden, cause)
	case status == http.StatusNotFound, status == http.StatusGone:
		return urlNotFound.ToError(op, errs.NotFound, cause)
	case status == http.StatusRequestedRangeNotSatisfiable: // the file has become shorter
		return replaced.ToError(op, errs.Conflict, cause)
	case status >= 500, status == http.StatusRequestTimeout, status == http.StatusTooEarly,
		status == http.StatusTooManyRequests:
		return urlUnavailable.ToError(op, errs.Transient, cause)
	}
	return urlRefused.ToError(op, errs.Invalid, cause)
}
