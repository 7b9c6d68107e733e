// Package distribution opens the CDN. Its rights are those of package cdn.
package distribution

import (
	"os"

	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"

	"sluice/shared/domain/services"
	"sluice/shared/platform/cdn"
	"sluice/shared/platform/runtime"
)

// Open returns the CDN; ok is false if this deployment has none.
func Open(r runtime.Runtime) (c cdn.CloudFront, ok bool) {
	c = cdn.CloudFront{
		KeyValues: cloudfrontkeyvaluestore.NewFromConfig(r.AWSConfig()),
		Client:    cloudfront.NewFromConfig(r.AWSConfig()),
		StoreARN:  os.Getenv(services.EnvCDNStore), DistributionID: os.Getenv(services.EnvCDNDistribution),
	}
	return c, c.StoreARN != "" && c.DistributionID != ""
}
