package eks_test

import (
	"testing"

	"github.com/fintrack/platform/test/kit/deploy"
)

func TestRefuses(t *testing.T) {
	one := func(k, v string) map[string]string { return map[string]string{k: v} }
	entry := func(rest string) map[string]string {
		return one("access_entries", `{ ci = { principal_arn = "arn:aws:iam::123456789012:role/ci", `+rest+` } }`)
	}
	deploy.Refuses(t, deploy.Refusals{
		Module: "eks",
		Base: `
			name                = "prod"
			subnet_ids          = ["subnet-0a1b2c3d", "subnet-0a1b2c3e", "subnet-0a1b2c3f"]
			pod_subnet_ids      = { us-east-1a = "subnet-0b1b2c3d", us-east-1b = "subnet-0b1b2c3e" }
			public_access_cidrs = ["203.0.113.0/24"]
			kms_key_arn         = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
			volume_kms_key_arn  = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ac"
			access_entries      = { ci = { principal_arn = "arn:aws:iam::123456789012:role/ci", policies = { AmazonEKSViewPolicy = ["fintrack"] } } }
		`,
		Cases: []deploy.Refusal{
			{Name: "a name with a dot", Set: one("name", `"fintrack.prod"`), Message: "2 to 40 letters, digits and hyphens"},
			{Name: "a version out of support", Set: one("kubernetes_version", `"1.29"`), Message: "must be 1.34 or 1.35"},
			{Name: "a public network without its length", Set: one("public_access_cidrs", `["203.0.113.7"]`), Message: "must be IPv4 networks"},
			{Name: "the whole internet", Set: one("public_access_cidrs", `["0.0.0.0/0"]`), Message: "never 0.0.0.0/0"},
			{Name: "half of the internet", Set: one("public_access_cidrs", `["203.0.113.0/24", "128.0.0.0/1"]`), Message: "must not be wider than /16"},
			{Name: "a key alias", Set: one("kms_key_arn", `"alias/eks"`), Message: "kms_key_arn must be the ARN of a key"},
			{Name: "an alias for the volumes", Set: one("volume_kms_key_arn", `"alias/ebs"`), Message: "volume_kms_key_arn must be the ARN of a key"},
			{Name: "logs for a month", Set: one("log_retention_in_days", "30"), Message: "from 90 on"},
			{Name: "every role of an account", Set: one("access_entries", `{ all = { principal_arn = "arn:aws:iam::123456789012:role/*" } }`), Message: "without wildcards"},
			{Name: "an access policy of IAM", Set: entry(`policies = { AdministratorAccess = [] }`), Message: "names of EKS access policies"},
			{Name: "a group of the system", Set: entry(`kubernetes_groups = ["system:masters"]`), Message: "must not begin with system:"},
			{Name: "a subnet by name", Set: one("subnet_ids", `["private-1", "private-2"]`), Message: "subnet_ids must hold ids of subnets"},
			{Name: "a single subnet", Set: one("subnet_ids", `["subnet-0a1b2c3d"]`), Message: "at least 2 different subnets"},
			{Name: "pods in one zone", Set: one("pod_subnet_ids", `{ us-east-1a = "subnet-0b1b2c3d" }`), Message: "at least 2 availability zones"},
			{Name: "a pod subnet by name", Set: one("pod_subnet_ids", `{ us-east-1a = "pods-a", us-east-1b = "pods-b" }`), Message: "pod_subnet_ids must hold ids of subnets"},
			{Name: "no instance type", Set: one("system_nodes", `{ instance_types = [] }`), Message: "at least one type"},
			{Name: "a single system node", Set: one("system_nodes", `{ min_size = 1 }`), Message: "survive a node"},
			{Name: "a tiny volume", Set: one("system_nodes", `{ volume_size = 8 }`), Message: "from 20 to 16384"},
			{Name: "Karpenter in any namespace", Set: one("karpenter", `{ namespace = "*" }`), Message: "wildcards are not allowed"},
		},
	})
}
