package platform

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	"github.com/aws/aws-sdk-go-v2/service/wafv2/types"
	"github.com/fintrack/platform/test/kit/policydoc"
)

// firewalls reads what the environment says of both; the module's own proof reads
// every rule.
func (l layer) firewalls(ctx context.Context) {
	var arns map[string]string
	l.d.OutputAs("web_acl_arns", &arns)
	for short, scope := range map[string]types.Scope{"regional": types.ScopeRegional, "cloudfront": types.ScopeCloudfront} {
		module := "module.waf_" + short
		c := l.check("firewall."+short, "The firewall blocks the countries, and beyond the rate, that the environment says; no managed rule only counts", module, "CC6.6", "A1.1")
		parts := strings.Split(arns[short], "/")
		if len(parts) != 4 {
			l.d.Checks.That(c, false, "an ARN", arns[short])
			continue
		}
		got, err := wafv2.NewFromConfig(l.d.AWS).GetWebACL(ctx, &wafv2.GetWebACLInput{Id: &parts[3], Name: &parts[2], Scope: scope})
		if err != nil {
			l.d.Checks.Err(c, "a web ACL", err)
			continue
		}
		var rate int64
		var countries []string
		l.d.Variable("rate_limit", &rate)
		l.d.Variable("blocked_countries", &countries)
		want := []string{
			"AWSManagedRulesBotControlRuleSet", "AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesSQLiRuleSet",
			fmt.Sprint("countries ", slices.Sorted(slices.Values(countries))), fmt.Sprint("rate ", rate),
		}
		l.d.Checks.Equal(c, want, slices.Sorted(slices.Values(rules(got.WebACL))))

		c = l.check("firewall-logged."+short, "What the firewall decides is logged", module, "CC7.2")
		log, err := wafv2.NewFromConfig(l.d.AWS).GetLoggingConfiguration(ctx, &wafv2.GetLoggingConfigurationInput{ResourceArn: aws.String(arns[short])})
		if err != nil {
			l.d.Checks.Err(c, "a log", err)
			continue
		}
		l.d.Checks.Equal(c, []string{l.arn("logs", "log-group:aws-waf-logs-"+parts[2])}, log.LoggingConfiguration.LogDestinationConfigs)
	}
}

// rules are what the rules of a web ACL do, in words; a rule that only counts says so.
func rules(acl *types.WebACL) (out []string) {
	for _, r := range acl.Rules {
		text := aws.ToString(r.Name)
		switch s := r.Statement; {
		case s.GeoMatchStatement != nil:
			var codes []string
			for _, code := range s.GeoMatchStatement.CountryCodes {
				codes = append(codes, string(code))
			}
			slices.Sort(codes)
			text = fmt.Sprint("countries ", codes)
		case s.RateBasedStatement != nil:
			text = fmt.Sprint("rate ", aws.ToInt64(s.RateBasedStatement.Limit))
		case s.ManagedRuleGroupStatement != nil:
			text = aws.ToString(s.ManagedRuleGroupStatement.Name)
		}
		if r.Action != nil && r.Action.Block == nil || r.OverrideAction != nil && r.OverrideAction.None == nil {
			text += " (counts only)"
		}
		out = append(out, text)
	}
	return out
}

func (l layer) frontend(ctx context.Context) {
	const subject = "module.frontend.aws_cloudfront_distribution.this"
	bucket := l.d.Name + "-frontend-" + l.environment + "-origin"
	l.d.Checks.Equal(l.check("frontend-bucket", "The application's bucket is the one that its pipeline may publish to", subject, "CC6.1", "CC8.1"),
		[]string{bucket, bucket}, []string{l.of("security", "frontend_bucket"), l.d.Output("frontend_bucket")})

	host := l.check("frontend-host", "The distribution answers to the application's host, under its certificate, behind its firewall, from its bucket", subject, "CC6.6", "CC6.7")
	tags := l.check("frontend-tags", "The distribution carries the tag by which its pipeline may invalidate it", subject, "CC6.1", "CC6.3")
	client := cloudfront.NewFromConfig(l.d.AWS)
	out, err := client.GetDistribution(ctx, &cloudfront.GetDistributionInput{Id: aws.String(l.d.Output("distribution_id"))})
	if err != nil {
		l.d.Checks.Err(host, "a distribution", err)
		l.d.Checks.Err(tags, "a distribution", err)
		return
	}
	var acls, certificates map[string]string
	l.d.OutputAs("web_acl_arns", &acls)
	l.d.OutputAs("certificate_arns", &certificates)
	config := out.Distribution.DistributionConfig
	var origins []string
	for _, o := range config.Origins.Items {
		origins = append(origins, aws.ToString(o.DomainName))
	}
	l.d.Checks.Equal(host, []any{[]string{"app." + l.domain}, certificates["app"], acls["cloudfront"], []string{bucket + ".s3." + l.d.Region + ".amazonaws.com"}},
		[]any{config.Aliases.Items, aws.ToString(config.ViewerCertificate.ACMCertificateArn), aws.ToString(config.WebACLId), origins})

	list, err := client.ListTagsForResource(ctx, &cloudfront.ListTagsForResourceInput{Resource: out.Distribution.ARN})
	if err != nil {
		l.d.Checks.Err(tags, "Project fintrack", err)
		return
	}
	project := "none"
	for _, tag := range list.Tags.Items {
		if aws.ToString(tag.Key) == "Project" {
			project = aws.ToString(tag.Value)
		}
	}
	l.d.Checks.Equal(tags, "fintrack", project)
	l.frontendLogs(ctx)
}

// frontendLogs reads who may write into the bucket of the distribution's logs.
func (l layer) frontendLogs(ctx context.Context) {
	c := l.check("frontend-logs", "The distribution's log delivery writes into the bucket of its logs, and nobody else is let in", "module.frontend_logs.aws_s3_bucket_policy.this", "CC6.1", "CC7.2")
	frontend := l.d.Name + "-frontend-" + l.environment
	out, err := l.s3().GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: aws.String(frontend + "-logs")})
	if err != nil {
		l.d.Checks.Err(c, "a policy", err)
		return
	}
	list, err := policydoc.Read(aws.ToString(out.Policy))
	if err != nil {
		l.d.Checks.Err(c, "a policy", err)
		return
	}
	got := slices.DeleteFunc(list, func(s policydoc.Statement) bool { return s["Effect"] == "Deny" })
	l.d.Checks.Equal(c, []policydoc.Statement{{
		"Sid": "AllowLogDelivery", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::" + frontend + "-logs/cloudfront/*",
		"Principal": map[string]any{"Service": "delivery.logs.amazonaws.com"},
		"Condition": map[string]any{
			"StringEquals": map[string]any{"aws:SourceAccount": l.d.Sandbox.Account},
			"ArnEquals":    map[string]any{"aws:SourceArn": "arn:aws:logs:us-east-1:" + l.d.Sandbox.Account + ":delivery-source:" + frontend},
		},
	}}, got)
}

func (l layer) s3() *s3.Client {
	return s3.NewFromConfig(l.d.AWS, func(o *s3.Options) { o.UsePathStyle = l.d.Sandbox.PathStyle() })
}

// loki reads the bucket of the logs.
func (l layer) loki(ctx context.Context) {
	const subject = "module.loki"
	name := aws.String(l.d.Output("loki_bucket"))
	client := l.s3()

	c := l.check("loki-key", "Loki's bucket is encrypted with the layer security's key", subject, "CC6.1", "C1.1")
	if e, err := client.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: name}); err != nil {
		l.d.Checks.Err(c, l.keys["s3"], err)
	} else {
		var got []string
		for _, r := range e.ServerSideEncryptionConfiguration.Rules {
			got = append(got, aws.ToString(r.ApplyServerSideEncryptionByDefault.KMSMasterKeyID))
		}
		l.d.Checks.Equal(c, []string{l.keys["s3"]}, got)
	}

	c = l.check("loki-logged", "Every access to Loki's bucket is logged, and the bucket of logs takes it", subject, "CC7.2")
	logs, err := client.GetBucketLogging(ctx, &s3.GetBucketLoggingInput{Bucket: name})
	if err != nil || logs.LoggingEnabled == nil {
		l.d.Checks.Err(c, "logging", err)
	} else {
		target := aws.ToString(logs.LoggingEnabled.TargetBucket)
		policy, err := client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &target})
		if err != nil {
			l.d.Checks.Err(c, "a policy", err)
		} else {
			l.d.Checks.Equal(c, []any{l.of("security", "access_log_bucket"), true}, []any{target, strings.Contains(aws.ToString(policy.Policy), `"arn:aws:s3:::`+*name+`"`)})
		}
	}

	c = l.check("loki-expires", "Logs go a week after Loki's own period at the latest", subject, "C1.2")
	var days int32
	l.d.Variable("loki_retention_days", &days)
	rules, err := client.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: name})
	if err != nil {
		l.d.Checks.Err(c, "a rule", err)
		return
	}
	var got []int32
	for _, r := range rules.Rules {
		if r.Expiration != nil && r.Expiration.Days != nil && r.Status == s3types.ExpirationStatusEnabled {
			got = append(got, *r.Expiration.Days)
		}
	}
	l.d.Checks.Equal(c, []int32{days + 7}, got)
}
