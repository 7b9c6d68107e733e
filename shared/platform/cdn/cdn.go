// Package cdn changes what CloudFront knows of the deny list: the copy of it in the key value store that the edge
// function reads, and the objects that edge locations have cached. [Memory] is a CDN in memory for tests.
//
// Rights: cloudfront-keyvaluestore:DescribeKeyValueStore and UpdateKeys on the store, cloudfront:CreateInvalidation and
// GetInvalidation on the distribution.
//
// Not yet run on an account. The API of key value stores is signed with Signature Version 4A and needs session tokens
// of version 2, as regional STS endpoints issue them
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/kvs-with-functions-kvp.html).
package cdn

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	cloudfronttypes "github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"
	"github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore/types"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/playback"
	"sluice/shared/platform/awsclient"
)

// MaxKeys is how many keys an update may have
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html#limits-functions).
const MaxKeys = 50

// deniedValue is the value of the keys of denied ids. The edge function looks only whether there is a key.
const deniedValue = "1"

// deniedKey returns the key of a denied id. infra/cdn/token.js knows it too.
func deniedKey(id string) string { return "denied." + id }

// CloudFront is a distribution and the key value store of its edge function.
type CloudFront struct {
	KeyValues      *cloudfrontkeyvaluestore.Client
	Client         *cloudfront.Client
	StoreARN       string
	DistributionID string
}

// LoadVersion returns the version of the key value store, which changes with each update.
func (c CloudFront) LoadVersion(ctx context.Context) (string, error) {
	out, err := c.KeyValues.DescribeKeyValueStore(ctx,
		&cloudfrontkeyvaluestore.DescribeKeyValueStoreInput{KvsARN: &c.StoreARN})
	if err != nil {
		return "", wrapError("cdn.LoadVersion", err)
	}
	return aws.ToString(out.ETag), nil
}

// UpdateDenyList adds ids to the copy of the deny list and removes others from it, at most MaxKeys together. A
// repetition changes nothing. Conflict: the store has another version than the given one, so nothing was changed, or
// only ids that are to be removed were added.
//
// CloudFront does not document what an update does that deletes a key which is not there. So all keys are put first.
func (c CloudFront) UpdateDenyList(ctx context.Context, version string, deny, allow []string) error {
	const op = "cdn.UpdateDenyList"
	in := &cloudfrontkeyvaluestore.UpdateKeysInput{KvsARN: &c.StoreARN, IfMatch: &version}
	for _, ids := range [][]string{deny, allow} {
		for _, id := range ids {
			in.Puts = append(in.Puts, types.PutKeyRequestListItem{
				Key: aws.String(deniedKey(id)), Value: aws.String(deniedValue),
			})
		}
	}
	out, err := c.KeyValues.UpdateKeys(ctx, in)
	if err != nil || len(allow) == 0 {
		return wrapError(op, err)
	}
	in = &cloudfrontkeyvaluestore.UpdateKeysInput{KvsARN: &c.StoreARN, IfMatch: out.ETag}
	for _, id := range allow {
		in.Deletes = append(in.Deletes, types.DeleteKeyRequestListItem{Key: aws.String(deniedKey(id))})
	}
	_, err = c.KeyValues.UpdateKeys(ctx, in)
	return wrapError(op, err)
}

// StartInvalidation makes CloudFront forget what it has cached under paths, and returns the id of the invalidation,
// which takes minutes. A repetition with the same reference and paths makes no second one
// (https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_InvalidationBatch.html).
func (c CloudFront) StartInvalidation(ctx context.Context, i playback.Invalidation) (string, error) {
	out, err := c.Client.CreateInvalidation(ctx, &cloudfront.CreateInvalidationInput{
		DistributionId: &c.DistributionID, InvalidationBatch: &cloudfronttypes.InvalidationBatch{
			CallerReference: &i.Reference,
			Paths:           &cloudfronttypes.Paths{Items: i.Paths, Quantity: aws.Int32(int32(len(i.Paths)))},
		},
	})
	if err != nil {
		return "", wrapError("cdn.StartInvalidation", err)
	}
	return aws.ToString(out.Invalidation.Id), nil
}

// IsInvalidated reports whether an invalidation has ended. One that CloudFront does not know has.
func (c CloudFront) IsInvalidated(ctx context.Context, id string) (bool, error) {
	out, err := c.Client.GetInvalidation(ctx,
		&cloudfront.GetInvalidationInput{DistributionId: &c.DistributionID, Id: &id})
	if unknown := (*cloudfronttypes.NoSuchInvalidation)(nil); errors.As(err, &unknown) {
		return true, nil
	}
	if err != nil {
		return false, wrapError("cdn.IsInvalidated", err)
	}
	return aws.ToString(out.Invalidation.Status) == "Completed", nil
}

// wrapError returns an error of CloudFront: Conflict if the key value store has another version, which AWS reports as a
// conflict or as a request that is not valid; Transient; or Internal. It returns nil for nil.
func wrapError(op string, err error) error {
	var (
		conflict *types.ConflictException
		invalid  *types.ValidationException
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &conflict), errors.As(err, &invalid):
		return errs.E(op, errs.Conflict, err)
	case awsclient.IsTransient(err):
		return errs.E(op, errs.Transient, err)
	}
	return errs.E(op, errs.Internal, err)
}
