// Package waf_test proves the module waf: the rules of the applied web ACLs, read
// from the AWS API, and what it refuses.
package waf_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	"github.com/aws/aws-sdk-go-v2/service/wafv2/types"
	_ "github.com/fintrack/platform/test/kit/census/ec2"
	_ "github.com/fintrack/platform/test/kit/census/elbv2"
	_ "github.com/fintrack/platform/test/kit/census/kms"
	_ "github.com/fintrack/platform/test/kit/census/logs"
	_ "github.com/fintrack/platform/test/kit/census/wafv2"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deploy"
)

const acl = "module.waf.aws_wafv2_web_acl.this"

func TestMain(m *testing.M) { deploy.Main(m) }

func TestModule(t *testing.T) {
	deploy.Module(t, deploy.Spec{Module: "waf", Verify: func(ctx context.Context, d *deploy.Deployment) {
		f := firewall{Deployment: d, id: "waf.regional", scope: types.ScopeRegional, aws: d.AWS}
		f.verify(ctx, []string{
			"0 blocked-countries block geo [CU IR KP SY]",
			"10 rate-limit block 429 rate 2000 in 300s by IP",
			"20 AWSManagedRulesCommonRuleSet none AWS AWSManagedRulesCommonRuleSet",
			"30 AWSManagedRulesKnownBadInputsRuleSet none AWS AWSManagedRulesKnownBadInputsRuleSet",
			"40 AWSManagedRulesSQLiRuleSet none AWS AWSManagedRulesSQLiRuleSet",
			"50 AWSManagedRulesBotControlRuleSet none AWS AWSManagedRulesBotControlRuleSet COMMON",
		}, "authorization", "cookie", "x-api-key")
		f.association(ctx)
	}})
}

func TestCloudFront(t *testing.T) {
	deploy.Module(t, deploy.Spec{Module: "waf", Example: "cloudfront", Regions: []string{"us-east-1"}, Verify: func(ctx context.Context, d *deploy.Deployment) {
		f := firewall{Deployment: d, id: "waf.cloudfront", scope: types.ScopeCloudfront, aws: d.AWS.Copy()}
		f.aws.Region = "us-east-1"
		f.verify(ctx, []string{
			"1 other-countries block not geo [CA US]",
			"10 rate-limit block 429 rate 2000 in 300s by IP",
			"20 AWSManagedRulesCommonRuleSet none AWS AWSManagedRulesCommonRuleSet",
			"30 AWSManagedRulesKnownBadInputsRuleSet none AWS AWSManagedRulesKnownBadInputsRuleSet",
			"40 AWSManagedRulesSQLiRuleSet none AWS AWSManagedRulesSQLiRuleSet",
			"50 AWSManagedRulesBotControlRuleSet none AWS AWSManagedRulesBotControlRuleSet COMMON",
		}, "authorization", "cookie")
	}})
}

// outputs are the module's outputs as the examples pass them on.
type outputs struct {
	ARN  string `json:"web_acl_arn"`
	ID   string `json:"web_acl_id"`
	Name string `json:"web_acl_name"`
	Log  string `json:"log_group_name"`
}

// firewall is one applied web ACL.
type firewall struct {
	*deploy.Deployment
	id    string
	scope types.Scope
	aws   aws.Config
	out   outputs
}

func (f *firewall) promise(id, title, subject string, controls ...string) check.Check {
	return check.Check{ID: f.id + "." + id, Title: title + " (" + string(f.scope) + ")", Subject: subject, Controls: controls}
}

func (f *firewall) verify(ctx context.Context, rules []string, redacted ...string) {
	f.OutputAs("waf", &f.out)
	api := wafv2.NewFromConfig(f.aws)
	got, err := api.GetWebACL(ctx, &wafv2.GetWebACLInput{Id: &f.out.ID, Name: &f.out.Name, Scope: f.scope})
	if err != nil {
		f.Checks.Err(f.promise("exists", "The web ACL exists", acl, "CC6.6"), f.out.Name, err)
		return
	}
	f.rules(got.WebACL, rules)
	f.visible(got.WebACL)
	f.tags(ctx, api)
	f.logging(ctx, api, redacted)
	f.log(ctx)
	f.Checks.NotProven(f.promise("attacks-blocked", "An injection, a script and a flood are blocked", acl, "CC6.6", "CC6.8"), "aws", "the emulator keeps the rules and filters no request")
}

// rules reads what is blocked, in the order in which it is asked.
func (f *firewall) rules(w *types.WebACL, want []string) {
	c := f.promise("rules", "Countries, floods, known attacks and bots are judged, in this order", acl, "CC6.6", "CC6.8", "A1.1")
	rules := slices.Clone(w.Rules)
	slices.SortFunc(rules, func(a, b types.Rule) int { return int(a.Priority - b.Priority) })
	got, weakened := []string{}, []string{}
	for _, r := range rules {
		got = append(got, fmt.Sprintf("%d %s %s %s", r.Priority, aws.ToString(r.Name), action(r), statement(r.Statement)))
		if m := r.Statement.ManagedRuleGroupStatement; m != nil && (len(m.RuleActionOverrides) > 0 || len(m.ExcludedRules) > 0 || m.ScopeDownStatement != nil || m.Version != nil) {
			weakened = append(weakened, aws.ToString(r.Name))
		}
	}
	f.Checks.Equal(c, want, got)
	f.Checks.Equal(f.promise("nothing-weakened", "No managed rule is overridden, left out, narrowed or held at an old version, those against cross-site scripting included", acl, "CC6.6", "CC6.8"), []string{}, weakened)
	f.Checks.That(f.promise("default-allow", "What no rule blocks is let in", acl, "A1.1"), w.DefaultAction != nil && w.DefaultAction.Allow != nil && w.DefaultAction.Block == nil, "allow", fmt.Sprintf("%+v", w.DefaultAction))
}

func action(r types.Rule) string {
	switch {
	case r.Action != nil && r.Action.Block != nil && r.Action.Block.CustomResponse != nil:
		return fmt.Sprintf("block %d", aws.ToInt32(r.Action.Block.CustomResponse.ResponseCode))
	case r.Action != nil && r.Action.Block != nil:
		return "block"
	case r.OverrideAction != nil && r.OverrideAction.None != nil:
		return "none"
	case r.OverrideAction != nil && r.OverrideAction.Count != nil:
		return "count"
	}
	return "another action"
}

func statement(s *types.Statement) string {
	switch {
	case s.GeoMatchStatement != nil:
		var codes []string
		for _, c := range s.GeoMatchStatement.CountryCodes {
			codes = append(codes, string(c))
		}
		slices.Sort(codes)
		return fmt.Sprintf("geo %v", codes)
	case s.NotStatement != nil:
		return "not " + statement(s.NotStatement.Statement)
	case s.RateBasedStatement != nil:
		r := s.RateBasedStatement
		return fmt.Sprintf("rate %d in %ds by %s", aws.ToInt64(r.Limit), r.EvaluationWindowSec, r.AggregateKeyType)
	case s.ManagedRuleGroupStatement != nil:
		m := s.ManagedRuleGroupStatement
		text := aws.ToString(m.VendorName) + " " + aws.ToString(m.Name)
		for _, x := range m.ManagedRuleGroupConfigs {
			if b := x.AWSManagedRulesBotControlRuleSet; b != nil {
				text += " " + string(b.InspectionLevel)
			}
		}
		return text
	}
	return "another statement"
}

// visible reads that every rule has a metric and samples.
func (f *firewall) visible(w *types.WebACL) {
	dark := []string{}
	look := func(name string, v *types.VisibilityConfig) {
		if v == nil || !v.CloudWatchMetricsEnabled || !v.SampledRequestsEnabled || aws.ToString(v.MetricName) == "" {
			dark = append(dark, name)
		}
	}
	look("the web ACL", w.VisibilityConfig)
	for _, r := range w.Rules {
		look(aws.ToString(r.Name), r.VisibilityConfig)
	}
	f.Checks.Equal(f.promise("metrics", "Every rule has a metric and samples", acl, "CC7.2"), []string{}, dark)
}

func (f *firewall) tags(ctx context.Context, api *wafv2.Client) {
	c := f.promise("tags", "The web ACL carries the given tags", acl, "CC8.1")
	got, err := api.ListTagsForResource(ctx, &wafv2.ListTagsForResourceInput{ResourceARN: &f.out.ARN})
	if err != nil {
		f.Checks.Err(c, "the given tags", err)
		return
	}
	want, have := maps.Clone(f.Sandbox.Tags), map[string]string{}
	want["Name"] = f.Name
	for _, t := range got.TagInfoForResource.TagList {
		have[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	f.Checks.Equal(c, want, have)
}

// logging reads where requests are logged, and without what.
func (f *firewall) logging(ctx context.Context, api *wafv2.Client, redacted []string) {
	const subject = "module.waf.aws_wafv2_web_acl_logging_configuration.this"
	to := f.promise("logged", "Every request is logged", subject, "CC7.2", "CC7.3")
	without := f.promise("redacted", "The log has no credentials: "+strings.Join(redacted, ", ")+" are redacted", subject, "CC6.1", "C1.1")
	got, err := api.GetLoggingConfiguration(ctx, &wafv2.GetLoggingConfigurationInput{ResourceArn: &f.out.ARN})
	if err != nil {
		f.Checks.Err(to, f.out.Log, err)
		f.Checks.Err(without, fmt.Sprint(redacted), err)
		return
	}
	l := got.LoggingConfiguration
	want := fmt.Sprintf("arn:aws:logs:%s:%s:log-group:%s", f.aws.Region, f.Sandbox.Account, f.out.Log)
	f.Checks.Equal(to, []any{[]string{want}, false}, []any{l.LogDestinationConfigs, l.LoggingFilter != nil})
	names := []string{}
	for _, r := range l.RedactedFields {
		if r.SingleHeader != nil {
			names = append(names, aws.ToString(r.SingleHeader.Name))
		}
	}
	slices.Sort(names)
	f.Checks.Equal(without, redacted, names)
}

func (f *firewall) log(ctx context.Context) {
	c := f.promise("log-kept", "The log is encrypted under the customer's key and kept for a year", "module.waf.aws_cloudwatch_log_group.this", "CC7.2", "C1.1")
	found, err := cloudwatchlogs.NewFromConfig(f.aws).DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &f.out.Log})
	if err != nil {
		f.Checks.Err(c, "365 days", err)
		return
	}
	var have []any
	for _, g := range found.LogGroups {
		if aws.ToString(g.LogGroupName) == f.out.Log {
			have = []any{aws.ToString(g.KmsKeyId), aws.ToInt32(g.RetentionInDays)}
		}
	}
	f.Checks.Equal(c, []any{f.Output("kms_key_arn"), int32(365)}, have)
}

// association asks the load balancer's side.
func (f *firewall) association(ctx context.Context) {
	c := f.promise("protects", "The load balancer stands behind the web ACL", `module.waf.aws_wafv2_web_acl_association.this["api"]`, "CC6.6")
	got, err := wafv2.NewFromConfig(f.aws).GetWebACLForResource(ctx, &wafv2.GetWebACLForResourceInput{ResourceArn: aws.String(f.Output("load_balancer_arn"))})
	if err != nil {
		f.Checks.Err(c, f.out.ARN, err)
		return
	}
	have := "none"
	if got.WebACL != nil {
		have = aws.ToString(got.WebACL.ARN)
	}
	f.Checks.Equal(c, f.out.ARN, have)
}
