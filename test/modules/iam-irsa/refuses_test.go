package iamirsa_test

import (
	"testing"

	"github.com/fintrack/platform/test/kit/deploy"
)

const (
	id       = `oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF`
	provider = `arn:aws:iam::123456789012:oidc-provider/` + id
)

func TestRefuses(t *testing.T) {
	one := func(k, v string) map[string]string { return map[string]string{k: v} }
	deploy.Refuses(t, deploy.Refusals{
		Module: "iam-irsa",
		Base: `
			role_name         = "reports"
			oidc_issuer       = "https://` + id + `"
			oidc_provider_arn = "` + provider + `"
			namespace         = "fintrack"
			service_accounts  = ["reporting-service"]
			policy_arns       = { reports = "arn:aws:iam::123456789012:policy/reports" }
		`,
		Cases: []deploy.Refusal{
			{Name: "a role name with a slash", Set: one("role_name", `"fintrack/reports"`), Message: "1 to 64 letters"},
			{Name: "an issuer with a wildcard", Set: one("oidc_issuer", `"https://oidc.eks.us-east-1.amazonaws.com/id/*"`), Message: "without wildcards"},
			{Name: "an issuer over plain http", Set: one("oidc_issuer", `"http://`+id+`"`), Message: "must be an https address"},
			{Name: "a provider without an account", Set: one("oidc_provider_arn", `"arn:aws:iam::oidc-provider/`+id+`"`), Message: "an account that is missing"},
			{Name: "a provider of any account", Set: one("oidc_provider_arn", `"arn:aws:iam::*:oidc-provider/`+id+`"`), Message: "or a wildcard would let"},
			{Name: "a provider of another issuer", Set: one("oidc_provider_arn", `"arn:aws:iam::123456789012:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/FF"`), Message: "must be the provider of oidc_issuer"},
			{Name: "every namespace", Set: one("namespace", `"*"`), Message: "wildcards are not allowed"},
			{Name: "a pattern of namespaces", Set: one("namespace", `"fintrack-?"`), Message: "wildcards are not allowed"},
			{Name: "no service account", Set: one("service_accounts", `[]`), Message: "at least one service account"},
			{Name: "every service account", Set: one("service_accounts", `["*"]`), Message: "each in full"},
			{Name: "a pattern of service accounts", Set: one("service_accounts", `["reporting-service", "worker-*"]`), Message: "wildcards are not allowed"},
			{Name: "the default service account", Set: one("service_accounts", `["default"]`), Message: "must not hold default"},
			{Name: "a service account twice", Set: one("service_accounts", `["a", "a"]`), Message: "must not name one twice"},
			{Name: "a policy by name", Set: one("policy_arns", `{ reports = "reports" }`), Message: "must be ARNs of managed policies"},
			{Name: "a policy with a wildcard", Set: one("policy_arns", `{ all = "arn:aws:iam::123456789012:policy/*" }`), Message: "must be ARNs of managed policies"},
			{Name: "more policies than IAM attaches", Set: one("policy_arns", `{ for i in range(11) : "p${i}" => "arn:aws:iam::123456789012:policy/p${i}" }`), Message: "10 at most"},
			{Name: "the administrator's policy", Set: one("policy_arns", `{ all = "arn:aws:iam::aws:policy/AdministratorAccess" }`), Message: "must not hold AdministratorAccess"},
			{Name: "full access to a service", Set: one("policy_arns", `{ s3 = "arn:aws:iam::aws:policy/AmazonS3FullAccess" }`), Message: "or a FullAccess policy"},
			{Name: "a boundary by name", Set: one("permissions_boundary_arn", `"boundary"`), Message: "must be the ARN of a managed policy"},
			{Name: "a session of a minute", Set: one("max_session_duration", "60"), Message: "from 3600 to 43200"},
		},
	})
}
