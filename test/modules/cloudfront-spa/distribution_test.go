package cloudfrontspa_test

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
)

// origin proves that the bucket is the only origin and that every request to it is signed.
func (s spa) origin(ctx context.Context) {
	c := s.check("origin-signed", "The bucket is the only origin, and every request to it is signed by origin access control", "aws_cloudfront_origin_access_control.this", "CC6.1", "CC6.6")
	domain := s.d.Output("bucket") + ".s3." + s.d.Region + ".amazonaws.com"
	origins := s.config.Origins.Items
	if len(origins) != 1 {
		s.d.Checks.Equal(c, 1, len(origins))
		return
	}
	o := origins[0]
	control, err := s.client.GetOriginAccessControl(ctx, &cloudfront.GetOriginAccessControlInput{Id: o.OriginAccessControlId})
	if err != nil {
		s.d.Checks.Err(c, "an origin access control", err)
		return
	}
	got := control.OriginAccessControl.OriginAccessControlConfig
	s.d.Checks.Equal(c,
		[]any{domain, false, types.OriginAccessControlOriginTypesS3, types.OriginAccessControlSigningBehaviorsAlways, types.OriginAccessControlSigningProtocolsSigv4},
		[]any{aws.ToString(o.DomainName), o.CustomOriginConfig != nil, got.OriginAccessControlOriginType, got.SigningBehavior, got.SigningProtocol})
}

// Managed cache policies (Amazon CloudFront Developer Guide, "Use managed cache policies").
const (
	cachingOptimized = "658327ea-f89d-4fab-a63d-7e88639e58f6"
	cachingDisabled  = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
)

// behaviours reads how each path is served: the pattern "" is every other path.
func (s spa) behaviours() {
	policies := map[string]string{}
	protocols := map[string]types.ViewerProtocolPolicy{}
	methods := map[string][]types.Method{}
	add := func(path string, cache *string, protocol types.ViewerProtocolPolicy, allowed *types.AllowedMethods) {
		policies[path], protocols[path] = aws.ToString(cache), protocol
		methods[path] = slices.Sorted(slices.Values(allowed.Items))
	}
	def := s.config.DefaultCacheBehavior
	add("", def.CachePolicyId, def.ViewerProtocolPolicy, def.AllowedMethods)
	for _, b := range s.config.CacheBehaviors.Items {
		add(aws.ToString(b.PathPattern), b.CachePolicyId, b.ViewerProtocolPolicy, b.AllowedMethods)
	}

	c := s.check("releases-seen-at-once", "The documents that name the built files are not cached; the built files are", distribution, "CC8.1")
	s.d.Checks.Equal(c, map[string]string{"": cachingOptimized, "/index.html": cachingDisabled, "/asset-manifest.json": cachingDisabled}, policies)
	c = s.check("plain-http-redirected", "Every path is served over TLS; plain HTTP is redirected", distribution, "CC6.7")
	https := types.ViewerProtocolPolicyRedirectToHttps
	s.d.Checks.Equal(c, map[string]types.ViewerProtocolPolicy{"": https, "/index.html": https, "/asset-manifest.json": https}, protocols)
	c = s.check("read-only", "Viewers can read and write nothing", distribution, "CC6.1", "CC6.6")
	reading := []types.Method{types.MethodGet, types.MethodHead, types.MethodOptions}
	s.d.Checks.Equal(c, map[string][]types.Method{"": reading, "/index.html": reading, "/asset-manifest.json": reading}, methods)
}

// routing proves which answers of the bucket become the application, and no others.
func (s spa) routing(id, title string, codes ...int32) {
	type page struct {
		path, code string
		seconds    int64
	}
	want, got := map[int32]page{}, map[int32]page{}
	for _, code := range codes {
		want[code] = page{"/index.html", "200", 10}
	}
	for _, r := range s.config.CustomErrorResponses.Items {
		got[aws.ToInt32(r.ErrorCode)] = page{aws.ToString(r.ResponsePagePath), aws.ToString(r.ResponseCode), aws.ToInt64(r.ErrorCachingMinTTL)}
	}
	s.d.Checks.Equal(s.check(id, title, distribution, "A1.1", "CC6.6"), want, got)
	s.d.Checks.Equal(s.check(id+"-root", "The root of the application is index.html", distribution, "A1.1"), "index.html", aws.ToString(s.config.DefaultRootObject))
}

// viewers reads who may come, and how.
func (s spa) viewers() {
	c := s.check("tls", "Viewers need TLS 1.2 of the policy of 2021, with the certificate of the aliases", distribution, "CC6.7")
	v := s.config.ViewerCertificate
	s.d.Checks.Equal(c,
		[]any{s.d.Output("certificate_arn"), types.MinimumProtocolVersionTLSv122021, types.SSLSupportMethodSniOnly, false},
		[]any{aws.ToString(v.ACMCertificateArn), v.MinimumProtocolVersion, v.SSLSupportMethod, aws.ToBool(v.CloudFrontDefaultCertificate)})
	c = s.check("aliases", "The distribution answers to the names of the application", distribution, "A1.1")
	s.d.Checks.Equal(c, []string{"app.fintrack.example.com"}, s.config.Aliases.Items)
	c = s.check("firewall", "The firewall stands before the distribution", distribution, "CC6.6")
	s.d.Checks.Equal(c, s.d.Output("web_acl_arn"), aws.ToString(s.config.WebACLId))
	c = s.check("countries", "The countries that are shut out are shut out", distribution, "CC6.6")
	geo := s.config.Restrictions.GeoRestriction
	s.d.Checks.Equal(c, []any{types.GeoRestrictionTypeBlacklist, []string{"KP"}}, []any{geo.RestrictionType, geo.Items})
	c = s.check("protocols", "Viewers may use HTTP/3 and IPv6", distribution, "A1.1")
	s.d.Checks.Equal(c, []any{types.HttpVersionHttp2and3, true}, []any{s.config.HttpVersion, aws.ToBool(s.config.IsIPV6Enabled)})
	c = s.check("price-class", "The distribution is served from the edge locations of the cheapest class unless told otherwise", distribution, "A1.1")
	s.d.Checks.Equal(c, types.PriceClassPriceClass100, s.config.PriceClass)
}

func (s spa) tags(ctx context.Context) {
	c := s.check("tagged", "The distribution carries the tags that it was given, and its name", distribution, "CC6.1")
	out, err := s.client.ListTagsForResource(ctx, &cloudfront.ListTagsForResourceInput{Resource: aws.String(s.d.Output("distribution_arn"))})
	if err != nil {
		s.d.Checks.Err(c, "the run's tags", err)
		return
	}
	got := map[string]string{}
	for _, t := range out.Tags.Items {
		got[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	want := maps.Clone(s.d.Sandbox.Tags)
	want["Name"] = s.d.Name
	s.d.Checks.Equal(c, want, got)
}
