package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"
)

const (
	tableTimeout = 10 * time.Minute
	// secretRecoveryDays is how long AWS can restore a deleted secret: the shortest time that it offers.
	secretRecoveryDays = 7
)

// dataDeleter deletes the resources that the stack leaves behind.
type dataDeleter struct {
	out     io.Writer
	objects *s3.Client
	rows    *dynamodb.Client
	secrets *secretsmanager.Client
}

// deleteAll deletes the resources. One that does not exist any more is no error, because this may be a second run.
func (d dataDeleter) deleteAll(ctx context.Context, all []keptResource) error {
	for _, r := range all {
		how := map[string]func(context.Context, string) error{
			"AWS::S3::Bucket": d.deleteBucket, "AWS::DynamoDB::Table": d.deleteTable,
			"AWS::SecretsManager::Secret": d.deleteSecret,
		}[r.typ]
		if err := how(ctx, r.id); err != nil && !hasCode(err, "NoSuchBucket", "ResourceNotFoundException") {
			return fmt.Errorf("%s: %w", r, err)
		}
		fmt.Fprintln(d.out, "deleted", r)
	}
	return nil
}

// hasCode reports whether an error is an error of AWS with one of the codes.
func hasCode(err error, codes ...string) bool {
	refused := smithy.APIError(nil)
	return errors.As(err, &refused) && slices.Contains(codes, refused.ErrorCode())
}

// deleteBucket empties a bucket, including the parts of unfinished uploads, and deletes it. Sluice's buckets have no
// versions.
func (d dataDeleter) deleteBucket(ctx context.Context, name string) error {
	uploads := s3.NewListMultipartUploadsPaginator(d.objects, &s3.ListMultipartUploadsInput{Bucket: &name})
	for uploads.HasMorePages() {
		page, err := uploads.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, u := range page.Uploads {
			if _, err := d.objects.AbortMultipartUpload(
				ctx, &s3.AbortMultipartUploadInput{Bucket: &name, Key: u.Key, UploadId: u.UploadId},
			); err != nil {
				return err
			}
		}
	}
	for deleted := 0; ; { // up to 1,000 objects at a time, until there are none
		page, err := d.objects.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &name})
		if err == nil && len(page.Contents) == 0 {
			_, err = d.objects.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &name})
			return err
		}
		if err != nil {
			return err
		}
		var these []types.ObjectIdentifier
		for _, o := range page.Contents {
			these = append(these, types.ObjectIdentifier{Key: o.Key})
		}
		out, err := d.objects.DeleteObjects(ctx,
			&s3.DeleteObjectsInput{Bucket: &name, Delete: &types.Delete{Objects: these, Quiet: aws.Bool(true)}})
		if err != nil {
			return err
		}
		if len(out.Errors) > 0 {
			return fmt.Errorf("%s: %s", aws.ToString(out.Errors[0].Key), aws.ToString(out.Errors[0].Message))
		}
		deleted += len(these)
		fmt.Fprintf(d.out, "deleted %d objects of %s\n", deleted, name)
	}
}

// deleteTable turns off the deletion protection of a table and deletes it. DynamoDB keeps a backup for 35 days
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html).
func (d dataDeleter) deleteTable(ctx context.Context, name string) error {
	if _, err := d.rows.UpdateTable(
		ctx, &dynamodb.UpdateTableInput{TableName: &name, DeletionProtectionEnabled: aws.Bool(false)},
	); err != nil {
		return err
	}
	is := &dynamodb.DescribeTableInput{TableName: &name}
	if err := dynamodb.NewTableExistsWaiter(d.rows).Wait(ctx, is, tableTimeout); err != nil {
		return err
	}
	if _, err := d.rows.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &name}); err != nil {
		return err
	}
	return dynamodb.NewTableNotExistsWaiter(d.rows).Wait(ctx, is, tableTimeout)
}

// deleteSecret schedules a secret for deletion, unless it is scheduled already.
func (d dataDeleter) deleteSecret(ctx context.Context, id string) error {
	is, err := d.secrets.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &id})
	if err != nil || is.DeletedDate != nil {
		return err
	}
	_, err = d.secrets.DeleteSecret(ctx,
		&secretsmanager.DeleteSecretInput{SecretId: &id, RecoveryWindowInDays: aws.Int64(secretRecoveryDays)})
	return err
}
