package wafv2_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	"github.com/aws/aws-sdk-go-v2/service/wafv2/types"
	"github.com/fintrack/platform/test/kit/census"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/wafv2"
)

func TestMain(m *testing.M) { censustest.Main(m) }

func TestWAF(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{
		Make: func(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string) {
			for _, scope := range []types.Scope{types.ScopeRegional, types.ScopeCloudfront} {
				makeACL(t, ctx, cfg, scope, name, tags)
			}
			// The emulator loses the tags of a pattern set for CloudFront.
			makePatterns(t, ctx, cfg, types.ScopeRegional, name, tags)
		},
		Types: []string{"aws_wafv2_web_acl", "aws_wafv2_ip_set", "aws_wafv2_regex_pattern_set", "aws_wafv2_rule_group"},
	})
}

func tagList(tags map[string]string) (ts []types.Tag) {
	for k, v := range tags {
		ts = append(ts, types.Tag{Key: aws.String(k), Value: aws.String(v)})
	}
	return ts
}

func makePatterns(t testing.TB, ctx context.Context, cfg aws.Config, scope types.Scope, name string, tags map[string]string) {
	censustest.Do(t, ctx, wafv2.NewFromConfig(cfg).CreateRegexPatternSet, &wafv2.CreateRegexPatternSetInput{
		Name: &name, Scope: scope, RegularExpressionList: []types.Regex{{RegexString: aws.String("^/admin")}}, Tags: tagList(tags),
	})
}

func makeACL(t testing.TB, ctx context.Context, cfg aws.Config, scope types.Scope, name string, tags map[string]string) {
	must, c, ts := censustest.Must(t), wafv2.NewFromConfig(cfg), tagList(tags)
	seen := &types.VisibilityConfig{MetricName: &name, SampledRequestsEnabled: true, CloudWatchMetricsEnabled: true}
	must(c.CreateIPSet(ctx, &wafv2.CreateIPSetInput{Name: &name, Scope: scope, IPAddressVersion: types.IPAddressVersionIpv4, Addresses: []string{"192.0.2.0/24"}, Tags: ts}))
	must(c.CreateRuleGroup(ctx, &wafv2.CreateRuleGroupInput{Name: &name, Scope: scope, Capacity: aws.Int64(10), VisibilityConfig: seen, Tags: ts}))
	must(c.CreateWebACL(ctx, &wafv2.CreateWebACLInput{
		Name: &name, Scope: scope, DefaultAction: &types.DefaultAction{Allow: &types.AllowAction{}}, VisibilityConfig: seen, Tags: ts,
	}))
}

func TestACLsForCloudFrontAreFoundWhicheverRegionIsInScope(t *testing.T) {
	ctx, cfg := censustest.Context(t), censustest.Account(t)
	name := censustest.Unique("ft-")
	makeACL(t, ctx, cfg, types.ScopeCloudfront, name, nil)
	makePatterns(t, ctx, cfg, types.ScopeCloudfront, name, nil)
	deleted, left, err := census.Sweep(ctx, cfg, census.Scope{Regions: []string{"eu-west-1"}, Prefix: name})
	if err != nil || len(deleted) != 4 || len(left) > 0 {
		t.Errorf("deleted:\n%s\nleft:\n%s\nerror: %v", censustest.Lines(deleted), censustest.Lines(left), err)
	}
}
