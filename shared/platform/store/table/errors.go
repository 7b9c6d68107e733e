package table

import (
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/awsclient"
)

// wrapSDKError returns an error of the SDK as one of op, with its kind. It returns nil for nil.
func wrapSDKError(op string, err error) error {
	var (
		cancelled *types.TransactionCanceledException
		failed    *types.ConditionalCheckFailedException
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &cancelled):
		return errs.E(op, cancellationKind(cancelled.CancellationReasons), err)
	case errors.As(err, &failed):
		return errs.E(op, errs.Conflict, err)
	case awsclient.IsTransient(err):
		return errs.E(op, errs.Transient, err)
	}
	return errs.E(op, errs.Internal, err)
}

// cancellationKind returns the kind of the first reason for which a transaction was cancelled. There is one reason for
// each item, "None" for items without an error (CancellationReasons of TransactionCanceledException).
func cancellationKind(reasons []types.CancellationReason) errs.Kind {
	for _, r := range reasons {
		switch aws.ToString(r.Code) {
		case "", "None":
		case "ConditionalCheckFailed":
			return errs.Conflict
		case "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded":
			return errs.Transient
		default:
			return errs.Internal
		}
	}
	return errs.Internal
}
