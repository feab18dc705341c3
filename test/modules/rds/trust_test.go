package rds_test

import (
	"context"
	"encoding/json"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/fintrack/platform/test/kit/deploy"
)

// verifyTrust reads who may assume the monitoring role.
func verifyTrust(ctx context.Context, d *deploy.Deployment, api *iam.Client, name string) {
	c := promise("monitoring-trust", "Only RDS monitoring of this account assumes the monitoring role", monitoringRole, "CC6.1", "CC6.3")
	role, err := api.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String(name)})
	if err != nil {
		d.Checks.Err(c, "a trust policy", err)
		return
	}
	text, err := url.QueryUnescape(aws.ToString(role.Role.AssumeRolePolicyDocument))
	if err != nil {
		d.Checks.Err(c, "a trust policy", err)
		return
	}
	var policy struct{ Statement []map[string]any }
	if err := json.Unmarshal([]byte(text), &policy); err != nil {
		d.Checks.Err(c, "a trust policy", err)
		return
	}
	d.Checks.Equal(c, []map[string]any{{
		"Sid": "EnhancedMonitoring", "Effect": "Allow", "Action": "sts:AssumeRole",
		"Principal": map[string]any{"Service": "monitoring.rds.amazonaws.com"},
		"Condition": map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": d.Sandbox.Account}},
	}}, policy.Statement)
}
