package store

import (
	"errors"

	"sluice/shared/domain/errs"
)

// Problems that callers of the API and of the tools may see.
var (
	tenantExists   = errs.NewProblem("tenant_exists", "A tenant of this name exists already; choose another name.")
	tokenExists    = errs.NewProblem("token_exists", "A token of this id exists already; ask for a new one.")
	uploadExists   = errs.NewProblem("upload_exists", "This upload exists already; go on with it, or start a new one.")
	versionStale   = errs.NewProblem("version_stale", "The video has changed since it was read; read it again.")
	producerExists = errs.NewProblem("source_exists",
		"This place is registered for this sender already; to give it to another tenant, delete that source first.")
	deadLetterChanged = errs.NewProblem("letter_changed",
		"Someone has decided about this dead letter meanwhile; look at it again.")
	inFlightLimitStale = errs.NewProblem("window_stale",
		"What the tenant has in flight has changed since it was read; read it again.")
	idempotencyKeyLost = errs.NewProblem("claim_lost", "Another request has taken the key over; send this one again.")
	tenantMissing      = errs.NewProblem("tenant_not_found", "There is no such tenant; check its name.")
	deadLetterMissing  = errs.NewProblem("letter_not_found",
		"There is no such dead letter, or it was forgotten after 90 days; check its id.")
	producerMissing = errs.NewProblem("source_not_found", "There is no such source; check its id.")
	tokenMissing    = errs.NewProblem("token_not_found", "There is no such token; ask for a new one.")
	uploadMissing   = errs.NewProblem("upload_not_found", "There is no such upload; check its id.")
	videoMissing    = errs.NewProblem("video_not_found", "There is no such video; check its id.")
)

var errTaskNumber = errors.New("task number out of range")
