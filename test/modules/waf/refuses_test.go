package waf_test

import (
	"testing"

	"github.com/fintrack/platform/test/kit/deploy"
)

func TestRefuses(t *testing.T) {
	one := func(k, v string) map[string]string { return map[string]string{k: v} }
	deploy.Refuses(t, deploy.Refusals{
		Module: "waf",
		Base: `
			name              = "api"
			scope             = "REGIONAL"
			kms_key_arn       = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
			resource_arns     = { api = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/api/0123456789abcdef" }
			allowed_countries = ["US"]
			blocked_countries = []
			redacted_headers  = ["x-api-key"]
		`,
		Cases: []deploy.Refusal{
			{Name: "a name with a space", Set: one("name", `"the api"`), Message: "1 to 100 letters, digits, hyphens and underscores"},
			{Name: "a scope in lower case", Set: one("scope", `"regional"`), Message: "must be REGIONAL or CLOUDFRONT"},
			{Name: "a load balancer by name", Set: one("resource_arns", `{ api = "api" }`), Message: "must be ARNs of application load balancers"},
			{Name: "a load balancer behind a global web ACL", Set: one("scope", `"CLOUDFRONT"`), Message: "must be empty with scope CLOUDFRONT"},
			{Name: "a rate limit of nothing", Set: one("rate_limit", "0"), Message: "from 10 to 2000000000"},
			{Name: "an allowed country by name", Set: one("allowed_countries", `["America"]`), Message: "allowed_countries must be two-letter codes"},
			{Name: "a blocked country by name", Set: one("blocked_countries", `["Nowhere"]`), Message: "blocked_countries must be two-letter codes"},
			{Name: "no restriction at all", Set: one("allowed_countries", `[]`), Message: "would have no geographic restriction"},
			{Name: "a country both allowed and blocked", Set: one("blocked_countries", `["US"]`), Message: "must not hold a country that allowed_countries holds"},
			{Name: "an unknown inspection of bots", Set: one("bot_control_inspection_level", `"FULL"`), Message: "must be COMMON or TARGETED"},
			{Name: "a key alias", Set: one("kms_key_arn", `"alias/logs"`), Message: "not an alias or a bare id"},
			{Name: "a log for a day", Set: one("log_retention_in_days", "1"), Message: "from 30 on"},
			{Name: "a header with capitals", Set: one("redacted_headers", `["X-Api-Key"]`), Message: "header names in lower case"},
		},
	})
}
