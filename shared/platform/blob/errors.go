package blob

import (
	"errors"

	"github.com/aws/smithy-go"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/awsclient"
)

// Problems that clients may see.
var (
	partMissing = errs.NewProblem("part_missing",
		"A part was not uploaded, or its ETag is not the one that S3 returned for it; upload it again.")
	partOrder = errs.NewProblem(
		"part_order", "The parts are not in the order of their numbers; sort them, each once.",
	)
	partTooSmall = errs.NewProblem("part_too_small",
		"A part before the last is smaller than 5 MiB; upload parts of the size that was asked for.")
	uploadGone     = errs.NewProblem("upload_gone", "This upload is finished or was given up; start a new one.")
	objectMissing  = errs.NewProblem("object_not_found", "There is no such object; check its name.")
	objectReplaced = errs.NewProblem("object_replaced",
		"The object was replaced meanwhile; upload it again and leave it alone until it is ready.")

	objectForbidden = errs.NewProblem("object_forbidden",
		"Sluice may not read this object; have its bucket's policy, and the key's if it is encrypted with one of yours, allow it.")
	objectArchived  = errs.NewProblem("object_archived", "The object is in an archive; restore it first.")
	bucketElsewhere = errs.NewProblem("bucket_elsewhere",
		"The bucket is in another region than Sluice; use one in the same region.")
)

// errorMeanings maps the error codes of S3 (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html). An
// answer to HEAD has no body, so that its code is the HTTP status.
var errorMeanings = map[string]errorMeaning{
	"NoSuchKey":                  {errs.NotFound, objectMissing},
	"NotFound":                   {errs.NotFound, objectMissing},
	"PreconditionFailed":         {errs.Conflict, objectReplaced},
	"ConditionalRequestConflict": {errs.Conflict, objectReplaced},
	"NoSuchUpload":               {errs.NotFound, uploadGone},
	"InvalidPart":                {errs.Invalid, partMissing},
	"InvalidPartOrder":           {errs.Invalid, partOrder},
	"EntityTooSmall":             {errs.Invalid, partTooSmall},
}

// errorMeaning is the kind and the problem of an error of S3.
type errorMeaning struct {
	kind    errs.Kind
	problem errs.Problem
}

// foreignErrorMeanings maps further error codes for objects in other buckets, where a missing permission is not a bug.
var foreignErrorMeanings = map[string]errorMeaning{
	"AccessDenied":       {errs.Forbidden, objectForbidden},
	"Forbidden":          {errs.Forbidden, objectForbidden},
	"NoSuchBucket":       {errs.NotFound, objectMissing},
	"InvalidObjectState": {errs.Invalid, objectArchived},
	"PermanentRedirect":  {errs.Invalid, bucketElsewhere},
	"MovedPermanently":   {errs.Invalid, bucketElsewhere},
}

// wrapForeignError returns an error of the SDK about an object in another bucket as one of op, with its kind; nil for
// nil.
func wrapForeignError(op string, err error) error {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		if m, ok := foreignErrorMeanings[api.ErrorCode()]; ok {
			return m.problem.ToError(op, m.kind, err)
		}
	}
	return wrapError(op, err)
}

// wrapError returns an error of the SDK as one of op, with its kind; nil for nil.
func wrapError(op string, err error) error {
	if err == nil {
		return nil
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		if m, ok := errorMeanings[api.ErrorCode()]; ok {
			return m.problem.ToError(op, m.kind, err)
		}
	}
	if awsclient.IsTransient(err) {
		return errs.E(op, errs.Transient, err)
	}
	return errs.E(op, errs.Internal, err)
}
