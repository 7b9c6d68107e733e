//go:build integration

package integration

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"sluice/shared/platform/blob"
	"sluice/shared/platform/blob/blobtest"
	"sluice/tests/clouds"
)

func TestBlobConformance(t *testing.T) {
	client := blob.NewClient(loadCheckedConfig(t), true)
	b := blob.NewBucket(client, createBucket(t, client))
	blobtest.Run(t, func(t testing.TB) blobtest.Blob {
		clouds.RequireCapabilities(t, clouds.CaseCapabilities(t)...)
		return b
	}, blobtest.PartOrderTest) // no local cloud checks the order
}

// createBucket creates a bucket and removes it with its content after the test.
func createBucket(t *testing.T, client *s3.Client) string {
	t.Helper()
	name := temporaryName("blob")
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		emptyBucket(ctx, t, client, name)
		if _, err := client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &name}); err != nil {
			t.Error(err)
		}
	})
	return name
}

// emptyBucket removes the objects and the unfinished uploads of a bucket.
func emptyBucket(ctx context.Context, t *testing.T, client *s3.Client, name string) {
	t.Helper()
	objects, err := client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &name})
	if err != nil {
		t.Error(err)
		return
	}
	var ids []types.ObjectIdentifier
	for _, o := range objects.Contents {
		ids = append(ids, types.ObjectIdentifier{Key: o.Key})
	}
	if _, err := client.DeleteObjects(
		ctx, &s3.DeleteObjectsInput{Bucket: &name, Delete: &types.Delete{Objects: ids}},
	); err != nil {
		t.Error(err)
	}
	uploads, err := client.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: &name})
	if err != nil {
		t.Error(err)
		return
	}
	for _, u := range uploads.Uploads {
		if _, err := client.AbortMultipartUpload(
			ctx, &s3.AbortMultipartUploadInput{Bucket: &name, Key: u.Key, UploadId: u.UploadId},
		); err != nil {
			t.Error(err)
		}
	}
}
