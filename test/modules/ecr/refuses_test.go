package ecr_test

import (
	"testing"

	"github.com/fintrack/platform/test/kit/deploy"
)

func TestRefuses(t *testing.T) {
	one := func(k, v string) map[string]string { return map[string]string{k: v} }
	deploy.Refuses(t, deploy.Refusals{
		Module: "ecr",
		Base: `
			repositories        = ["auth-service", "fintrack/reporting-service"]
			kms_key_arn         = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
			pull_principal_arns = ["arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:role/node"]
			push_principal_arns = ["arn:aws:iam::123456789012:role/ci"]
			replication_regions = ["us-west-2"]
		`,
		Cases: []deploy.Refusal{
			{Name: "no repository", Set: one("repositories", `[]`), Message: "at least one repository"},
			{Name: "a repository with capitals", Set: one("repositories", `["Auth"]`), Message: "lower-case letters and digits"},
			{Name: "a repository with a final slash", Set: one("repositories", `["fintrack/"]`), Message: "slashes between parts"},
			{Name: "a key alias", Set: one("kms_key_arn", `"alias/ecr"`), Message: "not an alias or a bare id"},
			{Name: "a pull for everybody", Set: one("pull_principal_arns", `["*"]`), Message: "gives the platform's code away"},
			{Name: "a pull for every role", Set: one("pull_principal_arns", `["arn:aws:iam::123456789012:role/*"]`), Message: "without wildcards"},
			{Name: "a push for everybody", Set: one("push_principal_arns", `["*"]`), Message: "who pushes decides what runs"},
			{Name: "a push for a whole account", Set: one("push_principal_arns", `["arn:aws:iam::123456789012:root"]`), Message: "no account as a whole"},
			{Name: "no tagged image kept", Set: one("keep_tagged", "0"), Message: "from 1 to 1000"},
			{Name: "untagged images for ever", Set: one("delete_untagged_after_days", "0"), Message: "from 1 to 365"},
			{Name: "a region by its name", Set: one("replication_regions", `["Oregon"]`), Message: "codes of different regions"},
			{Name: "a region twice", Set: one("replication_regions", `["us-west-2", "us-west-2"]`), Message: "codes of different regions"},
			{Name: "more regions than ECR takes", Set: one("replication_regions", `[for i in range(26) : "us-x${join("", [for j in range(i) : "x"])}-1"]`), Message: "25 at most"},
			{Name: "more filters than ECR takes", Set: one("repositories", `[for i in range(101) : "service-${i}"]`), Message: "100 at most when they are replicated"},
			{Name: "a copy to the same region", Set: one("replication_regions", `["us-east-1"]`), Message: "must not hold us-east-1"},
		},
	})
}
