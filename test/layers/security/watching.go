package security

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	analyzertypes "github.com/aws/aws-sdk-go-v2/service/accessanalyzer/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	guarddutytypes "github.com/aws/aws-sdk-go-v2/service/guardduty/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	control "github.com/fintrack/platform/test/kit/census/s3control"
	"github.com/fintrack/platform/test/kit/policydoc"
)

// trail reads who writes down what is done, and that nobody can tear a page out.
func (l layer) trail(ctx context.Context) {
	const subject = "aws_cloudtrail.this"
	c := l.check("trail", "Everything done in any Region is logged, signed, and encrypted under its own key", subject, "CC7.2", "CC7.3", "C1.1")
	events := l.check("trail-events", "All management events are logged, and every object that is read or written in the buckets of the data", subject, "CC7.2")
	client := cloudtrail.NewFromConfig(l.d.AWS)
	name := l.d.Output("cloudtrail_arn")
	var keys map[string]string
	l.d.OutputAs("kms_key_arns", &keys)
	t, err := client.GetTrail(ctx, &cloudtrail.GetTrailInput{Name: &name})
	if err != nil {
		l.d.Checks.Err(c, "a trail", err)
		return
	}
	status, err := client.GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: &name})
	if err != nil {
		l.d.Checks.Err(c, "its status", err)
		return
	}
	l.d.Checks.Equal(c, []any{true, true, true, true, keys["cloudtrail"], l.d.Output("audit_bucket")},
		[]any{aws.ToBool(t.Trail.IsMultiRegionTrail), aws.ToBool(t.Trail.IncludeGlobalServiceEvents), aws.ToBool(t.Trail.LogFileValidationEnabled), aws.ToBool(status.IsLogging), aws.ToString(t.Trail.KmsKeyId), aws.ToString(t.Trail.S3BucketName)})
	e, err := client.GetEventSelectors(ctx, &cloudtrail.GetEventSelectorsInput{TrailName: &name})
	if err != nil || len(e.EventSelectors) != 1 {
		l.d.Checks.Err(events, "one selector", err)
		return
	}
	var environment string
	l.d.Variable("environment", &environment)
	var want, got []string
	for _, what := range []string{"audit", "evidence", "reports"} {
		want = append(want, "arn:aws:s3:::"+l.d.Name+"-"+what+"-"+environment+"/")
	}
	s := e.EventSelectors[0]
	for _, r := range s.DataResources {
		got = append(got, r.Values...)
	}
	slices.Sort(got)
	l.d.Checks.Equal(events, []any{"All", true, want}, []any{string(s.ReadWriteType), aws.ToBool(s.IncludeManagementEvents), got})
	l.trailBucket(ctx)
}

func (l layer) trailBucket(ctx context.Context) {
	client := s3.NewFromConfig(l.d.AWS, func(o *s3.Options) { o.UsePathStyle = l.d.Sandbox.PathStyle() })
	bucket := l.d.Output("audit_bucket")
	c := l.check("trail-locked", "Nobody, the account's root user included, can delete a log file before its time", "module.trail.aws_s3_bucket_object_lock_configuration.this", "CC7.2", "CC7.3", "C1.2")
	var days int32
	l.d.Variable("trail_retention_days", &days)
	o, err := client.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &bucket})
	if err != nil || o.ObjectLockConfiguration.Rule == nil {
		l.d.Checks.Err(c, "a lock", err)
	} else {
		r := o.ObjectLockConfiguration.Rule.DefaultRetention
		l.d.Checks.Equal(c, []any{s3types.ObjectLockRetentionModeCompliance, days}, []any{r.Mode, aws.ToInt32(r.Days)})
	}
	c = l.check("trail-writer", "This trail alone writes into the bucket", "module.trail.aws_s3_bucket_policy.this", "CC6.1", "CC7.2")
	p, err := client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &bucket})
	if err != nil {
		l.d.Checks.Err(c, "a policy", err)
		return
	}
	statements, err := policydoc.BySid(aws.ToString(p.Policy))
	if err != nil {
		l.d.Checks.Err(c, "statements", err)
		return
	}
	for sid, s := range statements {
		if s["Effect"] != "Allow" {
			delete(statements, sid)
		}
	}
	writer := map[string]any{"Service": "cloudtrail.amazonaws.com"}
	mine := map[string]any{"StringEquals": map[string]any{"aws:SourceArn": l.d.Output("cloudtrail_arn")}}
	l.d.Checks.Equal(c, map[string]map[string]any{
		"CloudTrailCheck": {"Sid": "CloudTrailCheck", "Effect": "Allow", "Principal": writer, "Action": "s3:GetBucketAcl", "Resource": "arn:aws:s3:::" + bucket, "Condition": mine},
		"CloudTrailWrite": {"Sid": "CloudTrailWrite", "Effect": "Allow", "Principal": writer, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::" + bucket + "/AWSLogs/" + l.d.Sandbox.Account + "/*", "Condition": mine},
	}, statements)
}

// recorder reads what keeps book of the account's resources.
func (l layer) recorder(ctx context.Context) {
	client := configservice.NewFromConfig(l.d.AWS)
	c := l.check("recorder", "AWS Config records every kind of resource, and is switched on", "aws_config_configuration_recorder_status.this", "CC7.1", "CC7.2", "CC8.1")
	r, err := client.DescribeConfigurationRecorders(ctx, &configservice.DescribeConfigurationRecordersInput{})
	if err != nil || len(r.ConfigurationRecorders) != 1 {
		l.d.Checks.Err(c, "one recorder", err)
		return
	}
	status, err := client.DescribeConfigurationRecorderStatus(ctx, &configservice.DescribeConfigurationRecorderStatusInput{})
	if err != nil || len(status.ConfigurationRecordersStatus) != 1 {
		l.d.Checks.Err(c, "its status", err)
		return
	}
	group := r.ConfigurationRecorders[0].RecordingGroup
	l.d.Checks.Equal(c, []any{l.d.Output("config_recorder_name"), true, true, true},
		[]any{aws.ToString(r.ConfigurationRecorders[0].Name), group.AllSupported, group.IncludeGlobalResourceTypes, status.ConfigurationRecordersStatus[0].Recording})
	c = l.check("recorder-rules", "What must hold for the account is asked all the time", "aws_config_config_rule.this", "CC7.1", "CC7.2")
	rules, err := client.DescribeConfigRules(ctx, &configservice.DescribeConfigRulesInput{})
	if err != nil {
		l.d.Checks.Err(c, "rules", err)
		return
	}
	var got []string
	for _, rule := range rules.ConfigRules {
		got = append(got, aws.ToString(rule.Source.SourceIdentifier))
	}
	slices.Sort(got)
	l.d.Checks.Equal(c, []string{
		"CLOUD_TRAIL_ENABLED", "EC2_EBS_ENCRYPTION_BY_DEFAULT", "EKS_SECRETS_ENCRYPTED", "IAM_ROOT_ACCESS_KEY_CHECK", "IAM_USER_NO_POLICIES_CHECK",
		"INCOMING_SSH_DISABLED", "RDS_INSTANCE_PUBLIC_ACCESS_CHECK", "RDS_STORAGE_ENCRYPTED", "S3_BUCKET_PUBLIC_READ_PROHIBITED", "S3_BUCKET_PUBLIC_WRITE_PROHIBITED",
		"S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED", "S3_BUCKET_SSL_REQUESTS_ONLY", "SECRETSMANAGER_SCHEDULED_ROTATION_SUCCESS_CHECK",
		"VPC_DEFAULT_SECURITY_GROUP_CLOSED", "VPC_FLOW_LOGS_ENABLED",
	}, got)
}

// detection reads what looks for trouble.
func (l layer) detection(ctx context.Context) {
	c := l.check("guardduty", "GuardDuty looks at all that the environment says, and reports within 15 minutes", "aws_guardduty_detector.this", "CC7.2", "CC7.3")
	d, err := guardduty.NewFromConfig(l.d.AWS).GetDetector(ctx, &guardduty.GetDetectorInput{DetectorId: aws.String(l.d.Output("guardduty_detector_id"))})
	if err != nil {
		l.d.Checks.Err(c, "a detector", err)
	} else {
		var want, got []string
		l.d.Variable("guardduty_features", &want)
		for _, f := range d.Features {
			if f.Status == guarddutytypes.FeatureStatusEnabled {
				got = append(got, string(f.Name))
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		l.d.Checks.Equal(c, []any{guarddutytypes.DetectorStatusEnabled, guarddutytypes.FindingPublishingFrequencyFifteenMinutes, want}, []any{d.Status, d.FindingPublishingFrequency, got})
	}
	c = l.check("securityhub", "Security Hub holds the account against the standards that the environment says", "aws_securityhub_standards_subscription.this", "CC7.1", "CC7.2")
	s, err := securityhub.NewFromConfig(l.d.AWS).GetEnabledStandards(ctx, &securityhub.GetEnabledStandardsInput{})
	if err != nil {
		l.d.Checks.Err(c, "standards", err)
	} else {
		var want, got []string
		l.d.Variable("security_standards", &want)
		for i, w := range want {
			want[i] = "arn:aws:securityhub:" + l.d.Region + "::standards/" + w
		}
		for _, x := range s.StandardsSubscriptions {
			got = append(got, aws.ToString(x.StandardsArn))
		}
		slices.Sort(want)
		slices.Sort(got)
		l.d.Checks.Equal(c, want, got)
	}
	c = l.check("access-analyzer", "What can be reached from outside the account is looked for", "aws_accessanalyzer_analyzer.this", "CC6.1", "CC7.1")
	a, err := accessanalyzer.NewFromConfig(l.d.AWS).ListAnalyzers(ctx, &accessanalyzer.ListAnalyzersInput{})
	if err != nil || len(a.Analyzers) != 1 {
		l.d.Checks.Err(c, "one analyzer", err)
		return
	}
	l.d.Checks.Equal(c, []any{l.d.Output("access_analyzer_arn"), analyzertypes.TypeAccount, analyzertypes.AnalyzerStatusActive}, []any{aws.ToString(a.Analyzers[0].Arn), a.Analyzers[0].Type, a.Analyzers[0].Status})
}

// account reads what holds for everybody in it.
func (l layer) account(ctx context.Context) {
	c := l.check("no-public-buckets", "No bucket of the account can be made public, whatever its own policy says", "aws_s3_account_public_access_block.this", "CC6.1", "CC6.6")
	b, err := control.New(l.d.AWS).GetPublicAccessBlock(ctx, &s3control.GetPublicAccessBlockInput{AccountId: &l.d.Sandbox.Account})
	if err != nil {
		l.d.Checks.Err(c, "a block", err)
	} else {
		x := b.PublicAccessBlockConfiguration
		l.d.Checks.Equal(c, []bool{true, true, true, true}, []bool{aws.ToBool(x.BlockPublicAcls), aws.ToBool(x.BlockPublicPolicy), aws.ToBool(x.IgnorePublicAcls), aws.ToBool(x.RestrictPublicBuckets)})
	}
	c = l.check("volumes-encrypted", "Every new volume of the account is encrypted", "aws_ebs_encryption_by_default.this", "CC6.1", "C1.1")
	e, err := ec2.NewFromConfig(l.d.AWS).GetEbsEncryptionByDefault(ctx, &ec2.GetEbsEncryptionByDefaultInput{})
	if err != nil {
		l.d.Checks.Err(c, "on", err)
	} else {
		l.d.Checks.Equal(c, true, aws.ToBool(e.EbsEncryptionByDefault))
	}
	c = l.check("password-policy", "Whoever makes a user all the same is held to long passwords that change", "aws_iam_account_password_policy.this", "CC6.1", "CC6.2")
	client := iam.NewFromConfig(l.d.AWS)
	p, err := client.GetAccountPasswordPolicy(ctx, &iam.GetAccountPasswordPolicyInput{})
	if err != nil {
		l.d.Checks.Err(c, "a policy", err)
	} else {
		x := p.PasswordPolicy
		l.d.Checks.Equal(c, []any{int32(14), true, true, true, true, int32(90), int32(24)},
			[]any{aws.ToInt32(x.MinimumPasswordLength), x.RequireLowercaseCharacters, x.RequireUppercaseCharacters, x.RequireNumbers, x.RequireSymbols, aws.ToInt32(x.MaxPasswordAge), aws.ToInt32(x.PasswordReusePrevention)})
	}
	c = l.check("no-users", "There is no IAM user, and so no long-lived key", "terraform/security", "CC6.1", "CC6.2")
	users, err := client.ListUsers(ctx, &iam.ListUsersInput{})
	if err != nil {
		l.d.Checks.Err(c, "none", err)
		return
	}
	var names []string
	for _, u := range users.Users {
		names = append(names, aws.ToString(u.UserName))
	}
	l.d.Checks.Equal(c, []string(nil), names)
}
