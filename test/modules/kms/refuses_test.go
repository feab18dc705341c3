package kms_test

import (
	"testing"

	"github.com/fintrack/platform/test/kit/deploy"
)

func TestRefuses(t *testing.T) {
	deploy.Refuses(t, deploy.Refusals{
		Module: "kms",
		Base:   `name = "fintrack"`,
		Cases: []deploy.Refusal{
			{Name: "a name that KMS keeps", Set: map[string]string{"name": `"aws-keys"`}, Message: "KMS keeps alias/aws for itself"},
			{Name: "no use at all", Set: map[string]string{"uses": "[]"}, Message: "at least one of eks, ebs, rds"},
			{Name: "an unknown use", Set: map[string]string{"uses": `["lambda"]`}, Message: "at least one of eks, ebs, rds"},
			{Name: "a user as administrator", Set: map[string]string{"administrator_arns": `["arn:aws:iam::123456789012:user/ann"]`}, Message: "users have long-lived credentials"},
			{Name: "every role as administrator", Set: map[string]string{"administrator_arns": `["arn:aws:iam::123456789012:role/*"]`}, Message: "without wildcards"},
			{Name: "every role as a starter of nodes", Set: map[string]string{"node_starter_role_arns": `["*"]`}, Message: "without wildcards"},
			{Name: "every role as cluster", Set: map[string]string{"eks_cluster_role_arns": `["*"]`}, Message: "without wildcards"},
			{Name: "rotation more often than KMS can", Set: map[string]string{"rotation_period_in_days": "30"}, Message: "from 90 to 2560"},
			{Name: "deletion in a day", Set: map[string]string{"deletion_window_in_days": "1"}, Message: "from 7 to 30"},
		},
	})
}
