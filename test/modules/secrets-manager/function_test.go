package secretsmanager_test

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/fintrack/platform/test/kit/policydoc"
)

func (m secrets) functionName() string { return m.d.Name + "-rotation" }

func (m secrets) schedule(ctx context.Context) {
	c := m.check("rotated", "The database's secret is rotated every 30 days by the module's function", `aws_secretsmanager_secret_rotation.this["rds"]`, "CC6.1")
	s, err := m.client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: m.name("rds")})
	if err != nil {
		m.d.Checks.Err(c, "every 30 days", err)
		return
	}
	if s.RotationRules == nil {
		m.d.Checks.That(c, false, "every 30 days", "never")
		return
	}
	m.d.Checks.Equal(c, []any{true, m.d.Output("rotation_function_arn"), int64(30), "3h"},
		[]any{aws.ToBool(s.RotationEnabled), aws.ToString(s.RotationLambdaARN), aws.ToInt64(s.RotationRules.AutomaticallyAfterDays), aws.ToString(s.RotationRules.Duration)})
}

func (m secrets) function(ctx context.Context) {
	client := lambda.NewFromConfig(m.d.AWS)
	c := m.check("function-environment", "The function's environment is encrypted with the customer key and holds no secret", "aws_lambda_function.rotation[0]", "CC6.1", "C1.1")
	traced := m.check("function-traced", "Calls of the function are traced", "aws_lambda_function.rotation[0]", "CC7.2")
	f, err := client.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: aws.String(m.functionName())})
	if err != nil {
		m.d.Checks.Err(c, "the customer key", err)
		m.d.Checks.Err(traced, "Active", err)
	} else {
		m.d.Checks.Equal(c, []any{m.d.Output("kms_key_arn"), map[string]string{"CA_BUNDLE": "/opt/rds/global-bundle.pem"}}, []any{aws.ToString(f.KMSKeyArn), f.Environment.Variables})
		m.d.Checks.Equal(traced, types.TracingModeActive, f.TracingConfig.Mode)
	}

	c = m.check("function-called-by-secrets-manager", "Secrets Manager alone, for this account, may call the function", "aws_lambda_permission.secrets_manager[0]", "CC6.1", "CC6.3")
	p, err := client.GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: aws.String(m.functionName())})
	if err != nil {
		m.d.Checks.Err(c, "one statement", err)
	} else if got, err := policydoc.BySid(*p.Policy); err != nil {
		m.d.Checks.Err(c, "one statement", err)
	} else {
		m.d.Checks.Equal(c, map[string]map[string]any{"SecretsManager": {
			"Sid": "SecretsManager", "Effect": "Allow", "Principal": map[string]any{"Service": "secretsmanager.amazonaws.com"},
			"Action": "lambda:InvokeFunction", "Resource": m.d.Output("rotation_function_arn"),
			"Condition": map[string]any{"StringEquals": map[string]any{"AWS:SourceAccount": m.d.Sandbox.Account}},
		}}, got)
	}

	c = m.check("function-logs", "The function's log is encrypted with the customer key and kept for a year", "aws_cloudwatch_log_group.rotation[0]", "CC7.2", "C1.1")
	name := "/aws/lambda/" + m.functionName()
	g, err := cloudwatchlogs.NewFromConfig(m.d.AWS).DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String(name)})
	if err != nil {
		m.d.Checks.Err(c, "365 days", err)
		return
	}
	var got []any
	for _, group := range g.LogGroups {
		if aws.ToString(group.LogGroupName) == name {
			got = []any{aws.ToString(group.KmsKeyId), aws.ToInt32(group.RetentionInDays)}
		}
	}
	m.d.Checks.Equal(c, []any{m.d.Output("kms_key_arn"), int32(365)}, got)
}

// permissions reads everything that the function's role may do.
func (m secrets) permissions(ctx context.Context) {
	client, name := iam.NewFromConfig(m.d.AWS), aws.String(m.functionName())
	c := m.check("function-role-least-privilege", "The function's role reaches its own secrets while they name it, its key, its log, and nothing else", "aws_iam_role_policy.rotation[0]", "CC6.1", "CC6.3")
	inline, err := client.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: name})
	if err != nil {
		m.d.Checks.Err(c, "one policy", err)
		return
	}
	attached, err := client.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: name})
	if err != nil {
		m.d.Checks.Err(c, "one policy", err)
		return
	}
	if !slices.Equal(inline.PolicyNames, []string{"rotate"}) || len(attached.AttachedPolicies) > 0 {
		m.d.Checks.Equal(c, "the policy rotate", []any{inline.PolicyNames, attached.AttachedPolicies})
		return
	}
	p, err := client.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: name, PolicyName: aws.String("rotate")})
	if err != nil {
		m.d.Checks.Err(c, "one policy", err)
		return
	}
	got, err := policydoc.BySid(*p.PolicyDocument)
	if err != nil {
		m.d.Checks.Err(c, "one policy", err)
		return
	}
	arns := map[string]string{}
	m.d.OutputAs("secret_arns", &arns)
	function, key := m.d.Output("rotation_function_arn"), m.d.Output("kms_key_arn")
	equals := func(k, v string) map[string]any { return map[string]any{"StringEquals": map[string]any{k: v}} }
	m.d.Checks.Equal(c, map[string]map[string]any{
		"RotateOwnSecrets": {
			"Sid": "RotateOwnSecrets", "Effect": "Allow", "Resource": arns["rds"],
			"Action":    []any{"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"},
			"Condition": equals("secretsmanager:resource/AllowRotationLambdaArn", function),
		},
		"MakePasswords": {"Sid": "MakePasswords", "Effect": "Allow", "Action": "secretsmanager:GetRandomPassword", "Resource": "*"},
		"UseKey": {
			"Sid": "UseKey", "Effect": "Allow", "Action": []any{"kms:Decrypt", "kms:GenerateDataKey"}, "Resource": key,
			"Condition": equals("kms:ViaService", "secretsmanager."+m.d.Region+".amazonaws.com"),
		},
		"DecryptEnvironment": {
			"Sid": "DecryptEnvironment", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": key,
			"Condition": equals("kms:EncryptionContext:aws:lambda:FunctionArn", function),
		},
		"WriteLogs": {
			"Sid": "WriteLogs", "Effect": "Allow", "Action": []any{"logs:CreateLogStream", "logs:PutLogEvents"},
			"Resource": "arn:aws:logs:" + m.d.Region + ":" + m.d.Sandbox.Account + ":log-group:/aws/lambda/" + m.functionName() + ":*",
		},
		"WriteTraces": {"Sid": "WriteTraces", "Effect": "Allow", "Action": []any{"xray:PutTelemetryRecords", "xray:PutTraceSegments"}, "Resource": "*"},
	}, got)
}
