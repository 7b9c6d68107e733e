package cloud

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// bucketProperties are the properties of AWS::S3::Bucket that emulators ignore.
type bucketProperties struct {
	LifecycleConfiguration struct{ Rules []lifecycleRule }
	BucketEncryption       struct {
		ServerSideEncryptionConfiguration []struct {
			ServerSideEncryptionByDefault struct{ SSEAlgorithm types.ServerSideEncryption }
		}
	}
}

type lifecycleRule struct {
	ID                             *string `json:"Id"`
	Status                         types.ExpirationStatus
	Prefix                         string
	ExpirationInDays               *int32
	AbortIncompleteMultipartUpload *types.AbortIncompleteMultipartUpload
	Transitions                    []struct {
		StorageClass     types.TransitionStorageClass
		TransitionInDays *int32
	}
}

// UnmarshalJSON returns an error for an unknown property, which would be ignored otherwise.
func (r *lifecycleRule) UnmarshalJSON(text []byte) error {
	type plain lifecycleRule
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode((*plain)(r))
}

type bucketAPI struct{ *s3.Client }

func (b bucketAPI) applyProperties(ctx context.Context, name string, properties json.RawMessage) error {
	var p bucketProperties
	if err := json.Unmarshal(properties, &p); err != nil {
		return err
	}
	if rules := p.LifecycleConfiguration.Rules; len(rules) > 0 {
		in := &types.BucketLifecycleConfiguration{}
		for n, r := range rules {
			rule := types.LifecycleRule{
				ID:     cmp.Or(r.ID, aws.String(fmt.Sprintf("rule-%d", n))), // CloudFormation makes one up, too
				Status: r.Status, Filter: &types.LifecycleRuleFilter{Prefix: aws.String(r.Prefix)},
				AbortIncompleteMultipartUpload: r.AbortIncompleteMultipartUpload,
			}
			if r.ExpirationInDays != nil {
				rule.Expiration = &types.LifecycleExpiration{Days: r.ExpirationInDays}
			}
			for _, t := range r.Transitions {
				rule.Transitions = append(rule.Transitions,
					types.Transition{StorageClass: t.StorageClass, Days: t.TransitionInDays})
			}
			in.Rules = append(in.Rules, rule)
		}
		_, err := b.PutBucketLifecycleConfiguration(ctx,
			&s3.PutBucketLifecycleConfigurationInput{Bucket: &name, LifecycleConfiguration: in})
		if err != nil {
			return err
		}
	}
	in := &types.ServerSideEncryptionConfiguration{}
	for _, e := range p.BucketEncryption.ServerSideEncryptionConfiguration {
		in.Rules = append(in.Rules, types.ServerSideEncryptionRule{
			ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{
				SSEAlgorithm: e.ServerSideEncryptionByDefault.SSEAlgorithm,
			},
		})
	}
	if len(in.Rules) == 0 {
		return nil
	}
	_, err := b.PutBucketEncryption(ctx,
		&s3.PutBucketEncryptionInput{Bucket: &name, ServerSideEncryptionConfiguration: in})
	return err
}
