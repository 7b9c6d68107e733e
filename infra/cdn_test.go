package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/services"
)

func TestCDNDistributionSettings(t *testing.T) {
	t.Parallel()
	d := resource{
		Properties: awsTemplate().resourcesOfType("CloudFront::Distribution")["CdnDistribution"].property(
			"DistributionConfig",
		).(map[string]any),
	}
	b := resource{Properties: d.property("DefaultCacheBehavior").(map[string]any)}
	got := map[string]any{
		"enabled": d.property("Enabled"), "http": d.property("HttpVersion"), "price": d.property("PriceClass"),
		"tls": b.property("ViewerProtocolPolicy"), "methods": b.property("AllowedMethods"),
		"compress":        b.property("Compress"),
		"other behaviors": d.property("CacheBehaviors"), "missing": d.property("CustomErrorResponses"),
		// The policy CachingOptimized:
		// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
		"cached by": b.property("CachePolicyId"), "sent to S3": b.property("OriginRequestPolicyId"),
		"headers": renderValue(b.property("ResponseHeadersPolicyId")),
	}
	want := map[string]any{
		"enabled": true, "http": "http2and3", "price": "PriceClass_100",
		"tls": "https-only", "methods": []any{"GET", "HEAD", "OPTIONS"}, "compress": true,
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
	d := awsTemplate().resourcesOfType("CloudFront::Distribution")["CdnDistribution"]
	for _, a := range toList(
		d.property("DistributionConfig", "DefaultCacheBehavior").(map[string]any)["FunctionAssociations"],
	) {
		a := resource{Properties: a.(map[string]any)}
		if a.property("EventType") != "viewer-request" || renderValue(a.property("FunctionARN")) != "CdnTokenCheck" {
			t.Errorf("association %v", a)
		}
	}
	f := awsTemplate().resourcesOfType("CloudFront::Function")["CdnTokenCheck"]
	if f.property("FunctionCode") != tokenCheck || f.property("AutoPublish") != true ||
		f.property("FunctionConfig", "Runtime") != "cloudfront-js-2.0" {
		t.Errorf("function %v", f)
	}
	stores := toList(f.property("FunctionConfig", "KeyValueStoreAssociations"))
	if got := renderValue(resource{
		Properties: stores[0].(map[string]any),
	}.property("KeyValueStoreARN")); len(stores) != 1 || got != "CdnStore" {
		t.Errorf("store %s of %d", got, len(stores))
	}
}

func TestCDNReadsTheMediaBucketAlone(t *testing.T) {
	t.Parallel()
	d := awsTemplate().resourcesOfType("CloudFront::Distribution")["CdnDistribution"]
	origins := toList(d.property("DistributionConfig", "Origins"))
	o := resource{Properties: origins[0].(map[string]any)}
	if renderValue(o.property("DomainName")) != "DataMedia" || o.property("OriginAccessControlId") == nil ||
		len(origins) != 1 {
		t.Errorf("origins %v", origins)
	}
	var got []string
	for _, s := range toList(
		awsTemplate().resourcesOfType("S3::BucketPolicy")["DataMediaPolicy"].property("PolicyDocument", "Statement"),
	) {
		s := resource{Properties: s.(map[string]any)}
		if s.property("Effect") != "Allow" {
			continue
		}
		got = append(
			got, renderValue(s.property("Principal", "Service")),
			renderValue(s.property("Condition", "StringEquals", "AWS:SourceArn")),
		)
		for _, v := range slices.Concat(toList(s.property("Action")), toList(s.property("Resource"))) {
			got = append(got, renderValue(v))
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
	h := awsTemplate().resourcesOfType("CloudFront::ResponseHeadersPolicy")["CdnHeaders"]
	got := []any{
		h.property("ResponseHeadersPolicyConfig", "CorsConfig"),
		h.property("ResponseHeadersPolicyConfig", "SecurityHeadersConfig"),
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

// With cdn=false there is nothing of CloudFront: links lead to the API, play serves, and any page may read what play
// redirects it to.
func TestTemplateWithoutCDN(t *testing.T) {
	t.Parallel()
	in := noCDNTemplate()
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	if i := strings.Index(strings.ToLower(string(text)), "cloudfront"); i >= 0 {
		t.Errorf("CloudFront is mentioned: …%s…", text[max(0, i-100):min(len(text), i+100)])
	}
	for _, s := range services.Map {
		vars, _ := in.functionOf(t, s.Name).property("Environment", "Variables").(map[string]any)
		if vars[services.EnvPlaybackURL] != nil {
			t.Errorf("%s: links to media begin with %v", s.Name, vars[services.EnvPlaybackURL])
		}
		if got := vars[services.EnvMediaURL]; (got != nil) != (s.Name == services.Studio) ||
			got != nil && renderValue(got) != "https://DataMedia" {
			t.Errorf("%s: media is at %v", s.Name, got)
		}
	}
	media := in.resourcesOfType("S3::Bucket")["DataMedia"]
	for _, r := range toList(media.property("CorsConfiguration", "CorsRules")) {
		if origins := r.(map[string]any)["AllowedOrigins"]; !slices.Equal(toList(origins), []any{"*"}) {
			t.Errorf("%v may read media", origins)
		}
	}
	if _, ok := in.Outputs["PlaybackKey"]; !ok || in.Outputs["CdnUrl"].Value != nil {
		t.Errorf("outputs %v", in.Outputs)
	}
}
