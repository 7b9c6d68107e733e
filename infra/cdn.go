package main

import (
	_ "embed"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfrontorigins"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

//go:embed cdn/token.js
var tokenCheck string

const (
	notFoundCacheSeconds = 2   // CloudFront caches a 404 so long: viewers wait for playlists that don't exist yet
	hstsDays             = 365 // days for which browsers use TLS only (HSTS)
)

// cdn is CloudFront in front of the media bucket. Viewers reach the bucket only through it. A nil cdn means that there
// is none, as on a local cloud and with the setting cdn=false: the function play checks the same tokens then.
//
// It costs nothing while nobody watches. Its key value store is empty at first, so that it accepts only the token
// `public`, for public videos. infra/cdn/key.sh puts the key of signed tokens into the store. CloudFormation can't do
// that without the key being in the template, or readable by one more function.
type cdn struct {
	distribution  awscloudfront.Distribution
	keyValueStore awscloudfront.KeyValueStore
	domain        string // the setting cdn_domain; "": CloudFront's own
}

func newCDN(scope constructs.Construct, set settings, media awss3.IBucket) *cdn {
	if !set.cdn {
		return nil
	}
	scope = constructs.NewConstruct(scope, jsii.String("Cdn"))
	c := &cdn{domain: set.cdnDomain}
	c.keyValueStore = awscloudfront.NewKeyValueStore(scope, jsii.String("Store"), &awscloudfront.KeyValueStoreProps{
		KeyValueStoreName: jsii.String(set.buildGlobalName(scope, "playback")),
		Comment:           jsii.String("Sluice: keys of playback tokens, and videos that nobody may watch"),
	})
	props := &awscloudfront.DistributionProps{
		Comment:         jsii.String("Sluice: what viewers watch"),
		HttpVersion:     awscloudfront.HttpVersion_HTTP2_AND_3,
		PriceClass:      awscloudfront.PriceClass_PRICE_CLASS_100,
		DefaultBehavior: newBehavior(scope, set, media, c.keyValueStore),
		ErrorResponses: &[]*awscloudfront.ErrorResponse{{
			HttpStatus: jsiiNumber(404), Ttl: awscdk.Duration_Seconds(jsiiNumber(notFoundCacheSeconds)),
		}},
	}
	if set.cdnDomain != "" {
		props.DomainNames = jsii.Strings(set.cdnDomain)
		props.Certificate = awscertificatemanager.Certificate_FromCertificateArn(scope, jsii.String("Certificate"),
			jsii.String(set.cdnCertificate))
		props.MinimumProtocolVersion = awscloudfront.SecurityPolicyProtocol_TLS_V1_2_2021
	}
	c.distribution = awscloudfront.NewDistribution(scope, jsii.String("Distribution"), props)
	c.suppressNagRules()
	return c
}

// newBehavior returns how CloudFront handles a request: the function checks the token and cuts it off the path, and the
// rest of the path is the cache key. The Cache-Control header of an object says how long it is cached, between the
// policy's limits of a second and a year: segments for a year, playlists that still grow for two seconds, complete
// playlists for five minutes.
//
// CloudFront may list the bucket, because S3 answers 403 for a missing object to callers that may not, and a player
// that asks for a playlist too early needs a 404. Viewers can't list it: the function lets no such path through, and no
// query string reaches S3.
func newBehavior(
	scope constructs.Construct, set settings, media awss3.IBucket, keys awscloudfront.KeyValueStore,
) *awscloudfront.BehaviorOptions {
	check := awscloudfront.NewFunction(scope, jsii.String("TokenCheck"), &awscloudfront.FunctionProps{
		FunctionName:  jsii.String(set.buildGlobalName(scope, "token-check")),
		Comment:       jsii.String("Sluice: checks the token in a path and cuts it off"),
		Runtime:       awscloudfront.FunctionRuntime_JS_2_0(),
		Code:          awscloudfront.FunctionCode_FromInline(jsii.String(tokenCheck)),
		KeyValueStore: keys,
	})
	// Players on pages of any origin may read every response, and browsers don't guess its content type.
	headers := awscloudfront.NewResponseHeadersPolicy(
		scope, jsii.String("Headers"), &awscloudfront.ResponseHeadersPolicyProps{
			ResponseHeadersPolicyName: jsii.String(set.buildGlobalName(scope, "playback")),
			CorsBehavior: &awscloudfront.ResponseHeadersCorsBehavior{
				AccessControlAllowCredentials: jsii.Bool(false),
				AccessControlAllowHeaders:     jsii.Strings("*"),
				AccessControlAllowMethods:     jsii.Strings("GET", "HEAD"),
				AccessControlAllowOrigins:     jsii.Strings("*"),
				OriginOverride:                jsii.Bool(true),
			},
			SecurityHeadersBehavior: &awscloudfront.ResponseSecurityHeadersBehavior{
				ContentTypeOptions: &awscloudfront.ResponseHeadersContentTypeOptions{Override: jsii.Bool(true)},
				StrictTransportSecurity: &awscloudfront.ResponseHeadersStrictTransportSecurity{
					AccessControlMaxAge: awscdk.Duration_Days(jsiiNumber(hstsDays)), Override: jsii.Bool(true),
				},
			},
		},
	)
	access := awscloudfront.NewS3OriginAccessControl(
		scope, jsii.String("OriginAccess"), &awscloudfront.S3OriginAccessControlProps{
			OriginAccessControlName: jsii.String(set.buildGlobalName(scope, "playback")),
		},
	)
	return &awscloudfront.BehaviorOptions{
		Origin: awscloudfrontorigins.S3BucketOrigin_WithOriginAccessControl(
			media, &awscloudfrontorigins.S3BucketOriginWithOACProps{
				OriginAccessControl: access,
				OriginAccessLevels: &[]awscloudfront.AccessLevel{
					awscloudfront.AccessLevel_READ, awscloudfront.AccessLevel_LIST,
				},
			},
		),
		AllowedMethods:        awscloudfront.AllowedMethods_ALLOW_GET_HEAD_OPTIONS(), // the function answers OPTIONS
		ViewerProtocolPolicy:  awscloudfront.ViewerProtocolPolicy_HTTPS_ONLY,
		CachePolicy:           awscloudfront.CachePolicy_CACHING_OPTIMIZED(),
		Compress:              jsii.Bool(true),
		ResponseHeadersPolicy: headers,
		FunctionAssociations: &[]*awscloudfront.FunctionAssociation{{
			EventType: awscloudfront.FunctionEventType_VIEWER_REQUEST, Function: check,
		}},
	}
}

// baseURL returns the base URL of media, without a slash at its end.
func (c *cdn) baseURL() string {
	if c.domain != "" {
		return "https://" + c.domain
	}
	return "https://" + *c.distribution.DistributionDomainName()
}

// suppressNagRules suppresses the findings of cdk-nag and the warning of the CDK about the CDN.
func (c *cdn) suppressNagRules() {
	awscdk.Annotations_Of(c.distribution).AcknowledgeWarning(
		jsii.String("@aws-cdk/aws-cloudfront-origins:listBucketSecurityRisk"),
		jsii.String("No path that the function lets through is a list, and no query reaches S3."),
	)
	suppressNagRule(c.distribution, "CFR1", "Who watches from which country is for the tenants' own pages to say.")
	suppressNagRule(c.distribution, "CFR2",
		"A web ACL costs more a month than all of Sluice when idle, and every path needs a token.")
	suppressNagRule(c.distribution, "CFR3",
		"Access logs hold paths, and ours hold the right to watch. CloudWatch counts requests without them.")
	if c.domain == "" {
		suppressNagRule(
			c.distribution, "CFR4",
			"CloudFront's own certificate comes with a policy of its own, which can't be changed. A "+
				"deployment with cdn_domain asks for TLS 1.2.",
		)
	}
}
