package store

import (
	"errors"

	"sluice/shared/domain/errs"
)

// Problems that callers of the API and of the tools may see.
var (
	tenantExists = errs.Problem{
		Code: "tenant_exists", Message: "A tenant of this name exists already; choose another name.",
	}
	tokenExists  = errs.Problem{Code: "token_exists", Message: "A token of this id exists already; ask for a new one."}
	uploadExists = errs.Problem{
		Code: "upload_exists", Message: "This upload exists already; go on with it, or start a new one.",
	}
	versionStale = errs.Problem{
		Code: "version_stale", Message: "The video has changed since it was read; read it again.",
	}
	producerExists = errs.Problem{
		Code:    "source_exists",
		Message: "This place is registered for this sender already; to give it to another tenant, delete that source first.",
	}
	deadLetterChanged = errs.Problem{
		Code: "letter_changed", Message: "Someone has decided about this dead letter meanwhile; look at it again.",
	}
	inFlightLimitStale = errs.Problem{
		Code: "window_stale", Message: "What the tenant has in flight has changed since it was read; read it again.",
	}
	idempotencyKeyLost = errs.Problem{
		Code: "claim_lost", Message: "Another request has taken the key over; send this one again.",
	}
	tenantMissing     = errs.Problem{Code: "tenant_not_found", Message: "There is no such tenant; check its name."}
	deadLetterMissing = errs.Problem{
		Code:    "letter_not_found",
		Message: "There is no such dead letter, or it was forgotten after 90 days; check its id.",
	}
	producerMissing = errs.Problem{Code: "source_not_found", Message: "There is no such source; check its id."}
	tokenMissing    = errs.Problem{Code: "token_not_found", Message: "There is no such token; ask for a new one."}
	uploadMissing   = errs.Problem{Code: "upload_not_found", Message: "There is no such upload; check its id."}
	videoMissing    = errs.Problem{Code: "video_not_found", Message: "There is no such video; check its id."}
)

var errTaskNumber = errors.New("task number out of range")
