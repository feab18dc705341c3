package cloudfrontspa_test

import (
	"testing"

	"github.com/fintrack/platform/test/kit/deploy"
)

func TestRefuses(t *testing.T) {
	set := func(name, value string) map[string]string { return map[string]string{name: value} }
	deploy.Refuses(t, deploy.Refusals{
		Module: "cloudfront-spa",
		Base: `
			name            = "fintrack-frontend"
			aliases         = ["app.fintrack.example.com", "*.fintrack.example.com"]
			certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
			web_acl_arn     = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/frontend/11111111-2222-3333-4444-555555555555"
			log_bucket_arn  = "arn:aws:s3:::fintrack-logs/cloudfront"
			kms_key_arn     = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
			content_sources = { "connect-src" = ["https://api.fintrack.example.com", "wss://*.fintrack.example.com:8443"], "script-src" = ["'sha256-AAAA='"] }
			geo_restriction = { type = "whitelist", locations = ["DE", "US"] }
			hsts            = { preload = true }
			spa_error_codes = [403, 404]
			uncached_paths  = ["/index.html", "/locales/*"]
		`,
		Cases: []deploy.Refusal{
			{Name: "a name with capital letters", Set: set("name", `"Frontend"`), Message: "3 to 55 lower-case letters"},
			{Name: "a name too long for a bucket's", Set: set("name", `"a2345678901234567890123456789012345678901234567890123456"`), Message: "it becomes a bucket's name"},
			{Name: "no host names", Set: set("aliases", `[]`), Message: "fall back to TLS 1.0"},
			{Name: "an address for a host name", Set: set("aliases", `["https://app.fintrack.example.com"]`), Message: "host names in lower case"},
			{Name: "a certificate of another Region", Set: set("certificate_arn", `"arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"`), Message: "an ACM certificate in us-east-1"},
			{Name: "a regional firewall", Set: set("web_acl_arn", `"arn:aws:wafv2:us-east-1:123456789012:regional/webacl/frontend/11111111-2222-3333-4444-555555555555"`), Message: "a REGIONAL one cannot protect a distribution"},
			{Name: "no firewall", Set: set("web_acl_arn", `""`), Message: "must be the ARN of a WAFv2 web ACL of scope CLOUDFRONT"},
			{Name: "a bucket's name for its ARN", Set: set("log_bucket_arn", `"fintrack-logs"`), Message: "log_bucket_arn must be the ARN of a bucket"},
			{Name: "logs in the published bucket", Set: set("log_bucket_arn", `"arn:aws:s3:::fintrack-frontend-origin/logs"`), Message: "must not be the bucket that the distribution publishes"},
			{Name: "an alias for a key", Set: set("kms_key_arn", `"alias/frontend"`), Message: "kms_key_arn must be the ARN of a key"},
			{Name: "an unknown price class", Set: set("price_class", `"PriceClass_300"`), Message: "PriceClass_100, PriceClass_200 or PriceClass_All"},
			{Name: "a cached index.html", Set: set("uncached_paths", `["/asset-manifest.json"]`), Message: "keeps naming the files of the last release"},
			{Name: "a path without its slash", Set: set("uncached_paths", `["/index.html", "locales/*"]`), Message: "paths that begin with a slash"},
			{Name: "paths that open nothing", Set: set("spa_error_codes", `[403]`), Message: "without 404 the application's own paths cannot be opened"},
			{Name: "errors hidden behind the page", Set: set("spa_error_codes", `[404, 500]`), Message: "other errors must be seen"},
			{Name: "an unknown restriction", Set: set("geo_restriction", `{ type = "allow", locations = ["DE"] }`), Message: `must be "none", "whitelist" or "blacklist"`},
			{Name: "a restriction to nowhere", Set: set("geo_restriction", `{ type = "whitelist" }`), Message: "must name countries"},
			{Name: "countries without a restriction", Set: set("geo_restriction", `{ type = "none", locations = ["DE"] }`), Message: `and none with "none"`},
			{Name: "a country by its name", Set: set("geo_restriction", `{ type = "blacklist", locations = ["Germany"] }`), Message: "two capital letters each"},
			{Name: "HSTS of a month", Set: set("hsts", `{ max_age_seconds = 2592000 }`), Message: "at least 31536000 (a year)"},
			{Name: "preload without subdomains", Set: set("hsts", `{ preload = true, include_subdomains = false }`), Message: "no preload list takes a name without its subdomains"},
			{Name: "foreign objects", Set: set("content_sources", `{ "object-src" = ["https://example.com"] }`), Message: "content_sources may be keyed by"},
			{Name: "framing by another site", Set: set("content_sources", `{ "frame-ancestors" = ["https://example.com"] }`), Message: "content_sources may be keyed by"},
			{Name: "inline scripts", Set: set("content_sources", `{ "script-src" = ["'unsafe-inline'"] }`), Message: "would admit what the policy is there to keep out"},
			{Name: "scripts from everywhere", Set: set("content_sources", `{ "script-src" = ["*"] }`), Message: "would admit what the policy is there to keep out"},
			{Name: "sources without TLS", Set: set("content_sources", `{ "connect-src" = ["http://api.fintrack.example.com"] }`), Message: "must be an https:// or wss:// origin"},
		},
	})
}
