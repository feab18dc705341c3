package cloudfrontspa_test

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
)

const contentSecurityPolicy = "base-uri 'self'; connect-src 'self' https://api.fintrack.example.com; default-src 'self'; font-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; frame-src 'none'; img-src 'self' data:; manifest-src 'self'; object-src 'none'; " +
	"script-src 'self'; style-src 'self'; worker-src 'self'; upgrade-insecure-requests"

const permissionsPolicy = "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()"

// headers reads the headers of the built files and of the documents, each from the
// policies of the behaviours that serve them.
func (s spa) headers(ctx context.Context) {
	served := map[string][]string{"assets": {aws.ToString(s.config.DefaultCacheBehavior.ResponseHeadersPolicyId)}}
	for _, b := range s.config.CacheBehaviors.Items {
		served["documents"] = append(served["documents"], aws.ToString(b.ResponseHeadersPolicyId))
	}
	s.headersOf(ctx, "assets", served["assets"], map[string]string{"Permissions-Policy": permissionsPolicy})
	s.headersOf(ctx, "documents", served["documents"], map[string]string{
		"Permissions-Policy": permissionsPolicy, "Cache-Control": "no-cache, no-store, must-revalidate",
	})
}

func (s spa) headersOf(ctx context.Context, kind string, ids []string, custom map[string]string) {
	resource := `aws_cloudfront_response_headers_policy.this["` + kind + `"]`
	c := s.check("headers-on-every-path-"+kind, "Every path has the policy that was made for it ("+kind+")", resource, "CC6.6")
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if len(ids) != 1 || ids[0] == "" {
		s.d.Checks.That(c, false, "one policy", fmt.Sprintf("the behaviours name %q", ids))
		return
	}
	got, err := s.client.GetResponseHeadersPolicy(ctx, &cloudfront.GetResponseHeadersPolicyInput{Id: &ids[0]})
	if err != nil {
		s.d.Checks.Err(c, "a response headers policy", err)
		return
	}
	p := got.ResponseHeadersPolicy.ResponseHeadersPolicyConfig
	s.d.Checks.Equal(c, s.d.Name+"-"+kind, aws.ToString(p.Name))

	// A header that is not there fails as one with other values does; every one
	// overrides what the bucket says.
	security := p.SecurityHeadersConfig
	if security == nil {
		security = &types.ResponseHeadersPolicySecurityHeadersConfig{}
	}
	on := aws.Bool(true)
	for _, h := range []struct {
		id, title string
		want, got any
	}{
		{"hsts", "Browsers use TLS alone for two years, subdomains included", &types.ResponseHeadersPolicyStrictTransportSecurity{
			AccessControlMaxAgeSec: aws.Int32(63072000), IncludeSubdomains: on, Preload: aws.Bool(false), Override: on,
		}, security.StrictTransportSecurity},
		{"csp", "Pages load what the application consists of and the named origins, and nothing else", &types.ResponseHeadersPolicyContentSecurityPolicy{
			ContentSecurityPolicy: aws.String(contentSecurityPolicy), Override: on,
		}, security.ContentSecurityPolicy},
		{"content-type", "Browsers do not guess the type of a file", &types.ResponseHeadersPolicyContentTypeOptions{Override: on}, security.ContentTypeOptions},
		{"frame", "No page can be framed", &types.ResponseHeadersPolicyFrameOptions{FrameOption: types.FrameOptionsListDeny, Override: on}, security.FrameOptions},
		{"referrer", "Other sites learn the origin alone", &types.ResponseHeadersPolicyReferrerPolicy{
			ReferrerPolicy: types.ReferrerPolicyListStrictOriginWhenCrossOrigin, Override: on,
		}, security.ReferrerPolicy},
	} {
		s.d.Checks.Equal(s.check(h.id+"-"+kind, h.title+" ("+kind+")", resource, "CC6.6", "CC6.7"), h.want, h.got)
	}

	set := map[string]string{}
	if p.CustomHeadersConfig != nil {
		for _, h := range p.CustomHeadersConfig.Items {
			if aws.ToBool(h.Override) {
				set[aws.ToString(h.Header)] = aws.ToString(h.Value)
			}
		}
	}
	title := map[string]string{"assets": "Pages may use no sensor, camera or payment", "documents": "Pages may use no sensor, camera or payment, and browsers keep no document"}[kind]
	s.d.Checks.Equal(s.check("custom-headers-"+kind, title+" ("+kind+")", resource, "CC6.6"), custom, set)

	removed := []string{}
	if p.RemoveHeadersConfig != nil {
		for _, h := range p.RemoveHeadersConfig.Items {
			removed = append(removed, aws.ToString(h.Header))
		}
	}
	slices.Sort(removed)
	s.d.Checks.Equal(s.check("headers-removed-"+kind, "The bucket says nothing about itself ("+kind+")", resource, "CC6.6"),
		[]string{"Server", "X-Amz-Server-Side-Encryption", "X-Amz-Version-Id"}, removed)
}
