package table

import (
	"errors"
	"slices"

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

// MetAnother reports whether err is that of a transaction that was cancelled for no other reason than that another
// request was writing one of its rows. The SDK does not repeat such a transaction
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-conflict-handling).
func MetAnother(err error) bool {
	cancelled, ok := errors.AsType[*types.TransactionCanceledException](err)
	return ok && slices.ContainsFunc(cancelled.CancellationReasons, isConflict) &&
		!slices.ContainsFunc(cancelled.CancellationReasons, func(r types.CancellationReason) bool {
			return !isConflict(r) && aws.ToString(r.Code) != "None"
		})
}

func isConflict(r types.CancellationReason) bool {
	return aws.ToString(r.Code) == "TransactionConflict"
}

// FailedConditions returns the positions of the writes of a transaction whose conditions did not hold, if err is that
// of the transaction.
func FailedConditions(err error) (failed []int) {
	if cancelled, ok := errors.AsType[*types.TransactionCanceledException](err); ok {
		for i, r := range cancelled.CancellationReasons {
			if aws.ToString(r.Code) == conditionFailed {
				failed = append(failed, i)
			}
		}
	}
	return failed
}

// conditionFailed is the reason of a cancelled transaction whose condition did not hold.
const conditionFailed = "ConditionalCheckFailed"

// cancellationKind returns the kind of the first reason for which a transaction was cancelled. There is one reason for
// each item, "None" for items without an error (CancellationReasons of TransactionCanceledException).
func cancellationKind(reasons []types.CancellationReason) errs.Kind {
	for _, r := range reasons {
		switch aws.ToString(r.Code) {
		case "", "None":
		case conditionFailed:
			return errs.Conflict
		case "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded":
			return errs.Transient
		default:
			return errs.Internal
		}
	}
	return errs.Internal
}
