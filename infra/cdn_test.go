package main

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCDN(t *testing.T) {
	t.Parallel()
	d := resource{Properties: onAWS().of("CloudFront::Distribution")["CdnDistribution"].at("DistributionConfig").(map[string]any)}
	b := resource{Properties: d.at("DefaultCacheBehavior").(map[string]any)}
	got := map[string]any{
		"enabled": d.at("Enabled"), "http": d.at("HttpVersion"), "price": d.at("PriceClass"),
		"tls": b.at("ViewerProtocolPolicy"), "methods": b.at("AllowedMethods"), "compress": b.at("Compress"),
		"other behaviors": d.at("CacheBehaviors"), "missing": d.at("CustomErrorResponses"),
		// The policy CachingOptimized: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
		"cached by": b.at("CachePolicyId"), "sent to S3": b.at("OriginRequestPolicyId"),
		"headers": text(b.at("ResponseHeadersPolicyId")),
	}
	want := map[string]any{
		"enabled": true, "http": "http2and3", "price": "PriceClass_100",
		"tls": "https-only", "methods": []any{"GET", "HEAD"}, "compress": true,
		"other behaviors": nil, "missing": []any{map[string]any{"ErrorCode": 404.0, "ErrorCachingMinTTL": 2.0}},
		"cached by": "658327ea-f89d-4fab-a63d-7e88639e58f6", "sent to S3": nil,
		"headers": "CdnHeaders",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("distribution (-want +got):\n%s", d)
	}
}

func TestCDNChecksEachRequest(t *testing.T) {
	t.Parallel()
	d := onAWS().of("CloudFront::Distribution")["CdnDistribution"]
	for _, a := range list(d.at("DistributionConfig", "DefaultCacheBehavior").(map[string]any)["FunctionAssociations"]) {
		a := resource{Properties: a.(map[string]any)}
		if a.at("EventType") != "viewer-request" || text(a.at("FunctionARN")) != "CdnTokenCheck" {
			t.Errorf("association %v", a)
		}
	}
	f := onAWS().of("CloudFront::Function")["CdnTokenCheck"]
	if f.at("FunctionCode") != tokenCheck || f.at("AutoPublish") != true || f.at("FunctionConfig", "Runtime") != "cloudfront-js-2.0" {
		t.Errorf("function %v", f)
	}
	stores := list(f.at("FunctionConfig", "KeyValueStoreAssociations"))
	if got := text(resource{Properties: stores[0].(map[string]any)}.at("KeyValueStoreARN")); len(stores) != 1 || got != "CdnStore" {
		t.Errorf("store %s of %d", got, len(stores))
	}
}

func TestCDNReadsTheMediaBucketAlone(t *testing.T) {
	t.Parallel()
	d := onAWS().of("CloudFront::Distribution")["CdnDistribution"]
	origins := list(d.at("DistributionConfig", "Origins"))
	o := resource{Properties: origins[0].(map[string]any)}
	if text(o.at("DomainName")) != "DataMedia" || o.at("OriginAccessControlId") == nil || len(origins) != 1 {
		t.Errorf("origins %v", origins)
	}
	var got []string
	for _, s := range list(onAWS().of("S3::BucketPolicy")["DataMediaPolicy"].at("PolicyDocument", "Statement")) {
		s := resource{Properties: s.(map[string]any)}
		if s.at("Effect") != "Allow" {
			continue
		}
		got = append(got, text(s.at("Principal", "Service")), text(s.at("Condition", "StringEquals", "AWS:SourceArn")))
		for _, v := range slices.Concat(list(s.at("Action")), list(s.at("Resource"))) {
			got = append(got, text(v))
		}
	}
	want := []string{
		"cloudfront.amazonaws.com", "arn:AWS::Partition:cloudfront::AWS::AccountId:distribution/CdnDistribution",
		"s3:GetObject", "s3:ListBucket", "DataMedia/*", "DataMedia",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("bucket policy (-want +got):\n%s", d)
	}
}

func TestCDNHeaders(t *testing.T) {
	t.Parallel()
	h := onAWS().of("CloudFront::ResponseHeadersPolicy")["CdnHeaders"]
	got := []any{
		h.at("ResponseHeadersPolicyConfig", "CorsConfig"), h.at("ResponseHeadersPolicyConfig", "SecurityHeadersConfig"),
	}
	want := []any{
		map[string]any{
			"AccessControlAllowCredentials": false, "OriginOverride": true,
			"AccessControlAllowHeaders": map[string]any{"Items": []any{"*"}},
			"AccessControlAllowMethods": map[string]any{"Items": []any{"GET", "HEAD"}},
			"AccessControlAllowOrigins": map[string]any{"Items": []any{"*"}},
		},
		map[string]any{
			"ContentTypeOptions":      map[string]any{"Override": true},
			"StrictTransportSecurity": map[string]any{"AccessControlMaxAgeSec": 31536000.0, "Override": true},
		},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("headers (-want +got):\n%s", d)
	}
}
