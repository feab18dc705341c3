package security

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/policydoc"
)

const issuer = "token.actions.githubusercontent.com"

// pipelines reads GitHub's provider, and for each role who may take it and what it
// may do.
func (l layer) pipelines(ctx context.Context) {
	client := iam.NewFromConfig(l.d.AWS)
	provider := l.d.Output("github_oidc_provider_arn")
	c := l.check("github-provider", "AWS takes GitHub's tokens for AWS STS alone", "aws_iam_openid_connect_provider.github", "CC6.1", "CC6.2")
	p, err := client.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &provider})
	if err != nil {
		l.d.Checks.Err(c, "a provider", err)
		return
	}
	l.d.Checks.Equal(c, []any{issuer, []string{"sts.amazonaws.com"}}, []any{aws.ToString(p.Url), p.ClientIDList})

	account, region, name := l.d.Sandbox.Account, l.d.Region, l.d.Name
	arn := func(service, rest string) string {
		return "arn:aws:" + service + ":" + region + ":" + account + ":" + rest
	}
	var repositories []any
	for _, s := range services {
		repositories = append(repositories, arn("ecr", "repository/"+name+"/"+s))
	}
	var keys map[string]string
	l.d.OutputAs("kms_key_arns", &keys)
	bucket := "arn:aws:s3:::" + l.d.Output("frontend_bucket")
	l.pipeline(ctx, client, "ci", "StringLike", "repo:fintrack/*:ref:refs/heads/main", map[string]map[string]any{
		"Login": allow("Login", "ecr:GetAuthorizationToken", "*", nil),
		"PushImages": allow("PushImages", []any{
			"ecr:UploadLayerPart", "ecr:PutImage", "ecr:InitiateLayerUpload", "ecr:GetDownloadUrlForLayer", "ecr:DescribeImages",
			"ecr:CompleteLayerUpload", "ecr:BatchGetImage", "ecr:BatchCheckLayerAvailability",
		}, repositories, nil),
		"FindTheCluster": allow("FindTheCluster", "eks:DescribeCluster", arn("eks", "cluster/"+name), nil),
	})
	l.pipeline(ctx, client, "migration", "StringEquals", "repo:fintrack/backend:environment:"+l.longName(), map[string]map[string]any{
		"ConnectAsMigrator": allow("ConnectAsMigrator", "rds-db:connect", arn("rds-db", "dbuser:*/fintrack_migrator"), nil),
		"FindTheDatabase": allow("FindTheDatabase", []any{"secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"},
			arn("secretsmanager", "secret:"+name+"/"+l.longName()+"/rds-*"), nil),
		"ReadThatSecret": allow("ReadThatSecret", "kms:Decrypt", keys["secrets-manager"],
			map[string]any{"StringEquals": map[string]any{"kms:ViaService": "secretsmanager." + region + ".amazonaws.com"}}),
	})
	l.pipeline(ctx, client, "frontend", "StringEquals", "repo:fintrack/frontend:ref:refs/heads/main", map[string]map[string]any{
		"ListFiles":    allow("ListFiles", "s3:ListBucket", bucket, nil),
		"PublishFiles": allow("PublishFiles", []any{"s3:PutObject", "s3:DeleteObject"}, bucket+"/*", nil),
		"Invalidate": allow("Invalidate", []any{"cloudfront:GetInvalidation", "cloudfront:CreateInvalidation"}, "arn:aws:cloudfront::"+account+":distribution/*",
			map[string]any{"StringEquals": map[string]any{"aws:ResourceTag/Project": "fintrack"}}),
	})
}

func allow(sid string, action, resource any, condition map[string]any) map[string]any {
	s := map[string]any{"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resource}
	if condition != nil {
		s["Condition"] = condition
	}
	return s
}

// pipeline reads one role: its trust, its boundary, and all of its permissions.
func (l layer) pipeline(ctx context.Context, client *iam.Client, name, operator, subject string, permissions map[string]map[string]any) {
	address := `aws_iam_role.pipeline["` + name + `"]`
	trust := l.check("pipeline-trust."+name, "The role is taken by "+subject+" alone, with a token for AWS STS", address, "CC6.1", "CC6.2", "CC6.3", "CC8.1")
	bounded := l.check("pipeline-bounded."+name, "The role can never be given more than the boundary", address, "CC6.3")
	policy := l.check("pipeline-policy."+name, "The role may do what its pipeline does, and nothing else", `aws_iam_role_policy.pipeline["`+name+`"]`, "CC6.1", "CC6.3")
	role := aws.String(l.d.Name + "-github-actions-" + name)
	r, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: role})
	if err != nil {
		for _, c := range []check.Check{trust, bounded, policy} {
			l.d.Checks.Err(c, "a role", err)
		}
		return
	}
	got, err := policydoc.Read(aws.ToString(r.Role.AssumeRolePolicyDocument))
	if err != nil {
		l.d.Checks.Err(trust, "a policy", err)
		return
	}
	aud, sub := map[string]any{issuer + ":aud": "sts.amazonaws.com"}, map[string]any{issuer + ":sub": subject}
	condition := map[string]any{"StringEquals": aud, operator: sub}
	if operator == "StringEquals" {
		aud[issuer+":sub"] = subject
		condition = map[string]any{"StringEquals": aud}
	}
	l.d.Checks.Equal(trust, []map[string]any{{
		"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Condition": condition,
		"Principal": map[string]any{"Federated": l.d.Output("github_oidc_provider_arn")},
	}}, got)
	boundary := ""
	if r.Role.PermissionsBoundary != nil {
		boundary = aws.ToString(r.Role.PermissionsBoundary.PermissionsBoundaryArn)
	}
	l.d.Checks.Equal(bounded, l.d.Output("permissions_boundary_arn"), boundary)

	attached, err := client.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: role})
	if err != nil {
		l.d.Checks.Err(policy, "attached policies", err)
		return
	}
	inline, err := client.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: role})
	if err != nil || len(inline.PolicyNames) != 1 || len(attached.AttachedPolicies) != 0 {
		l.d.Checks.That(policy, false, "one inline policy and no other", "other policies than that")
		return
	}
	document, err := client.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: role, PolicyName: &inline.PolicyNames[0]})
	if err != nil {
		l.d.Checks.Err(policy, "a policy", err)
		return
	}
	statements, err := policydoc.BySid(aws.ToString(document.PolicyDocument))
	if err != nil {
		l.d.Checks.Err(policy, "statements", err)
		return
	}
	l.d.Checks.Equal(policy, normal(permissions), statements)
}

// boundary reads what a role can never be given.
func (l layer) boundary(ctx context.Context) {
	c := l.check("boundary", "No role of a service can ever make credentials or users, change a policy of a bucket, a key or a secret, or stop what watches", "aws_iam_policy.boundary", "CC6.1", "CC6.3", "CC7.2")
	client, arn := iam.NewFromConfig(l.d.AWS), aws.String(l.d.Output("permissions_boundary_arn"))
	p, err := client.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: arn})
	if err != nil {
		l.d.Checks.Err(c, "a policy", err)
		return
	}
	v, err := client.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: arn, VersionId: p.Policy.DefaultVersionId})
	if err != nil {
		l.d.Checks.Err(c, "a policy", err)
		return
	}
	s, err := policydoc.BySid(aws.ToString(v.PolicyVersion.Document))
	if err != nil {
		l.d.Checks.Err(c, "two statements", err)
		return
	}
	denied := map[string]map[string]any{"NeverTheDoorsThemselves": {"Sid": "NeverTheDoorsThemselves", "Effect": "Deny", "Resource": "*", "Action": []any{
		"cloudtrail:DeleteTrail", "cloudtrail:StopLogging", "config:DeleteConfigurationRecorder", "config:StopConfigurationRecorder",
		"ec2:DisableEbsEncryptionByDefault", "guardduty:DeleteDetector", "iam:CreateAccessKey", "iam:CreateUser",
		"kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "logs:DeleteLogGroup", "s3:DeleteBucketPolicy", "s3:PutBucketPolicy",
		"s3:PutBucketPublicAccessBlock", "secretsmanager:DeleteResourcePolicy", "secretsmanager:PutResourcePolicy",
	}}}
	delete(s, "WhatServicesCall")
	l.d.Checks.Equal(c, normal(denied), s)
}

// normal brings expected statements into the form of those that are read.
func normal(statements map[string]map[string]any) map[string]map[string]any {
	for _, s := range statements {
		policydoc.Normal(s)
	}
	return statements
}
