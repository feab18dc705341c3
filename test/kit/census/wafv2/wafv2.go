// Package wafv2 lists and deletes what AWS WAF holds, for regional resources and
// for CloudFront.
package wafv2

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	"github.com/aws/aws-sdk-go-v2/service/wafv2/types"
	"github.com/fintrack/platform/test/kit/census"
)

// An ACL can go after the load balancers and distributions that it protects, and
// what its rules name after it.
const (
	acls = census.Workloads + 50
	sets = census.Workloads + 60
)

func init() {
	register(acls, listACLs, "aws_wafv2_web_acl",
		census.Part{Type: "aws_wafv2_web_acl_association", Of: "aws_wafv2_web_acl", Why: "the association is a setting of the protected resource"},
		census.Part{Type: "aws_wafv2_web_acl_logging_configuration", Of: "aws_wafv2_web_acl", Why: "an attribute of its ACL"})
	register(sets, listIPSets, "aws_wafv2_ip_set")
	register(sets, listPatternSets, "aws_wafv2_regex_pattern_set")
	register(sets, listRuleGroups, "aws_wafv2_rule_group")
}

type lister func(ctx context.Context, c *wafv2.Client, scope types.Scope) ([]census.Resource, error)

// register adds two listers: what is for CloudFront is kept in one region, apart
// from that region's own ("AWS WAF: Scope").
func register(order int, list lister, typ string, parts ...census.Part) {
	in := func(scope types.Scope) census.Lister {
		return census.Lister{
			Service: "wafv2", Types: []string{typ}, Regional: scope == types.ScopeRegional, Order: order,
			List: census.With(wafv2.NewFromConfig, func(ctx context.Context, c *wafv2.Client) ([]census.Resource, error) {
				return list(ctx, c, scope)
			}),
		}
	}
	regional := in(types.ScopeRegional)
	regional.Parts = parts
	census.Register(regional, in(types.ScopeCloudfront))
}

// resource makes a resource whose deletion needs the token of its last change,
// which lock reads.
func resource(c *wafv2.Client, id, name, arn *string, lock func(context.Context) (*string, error), del func(ctx context.Context, token *string) error) census.Resource {
	return census.Resource{
		ID: aws.ToString(id), Name: aws.ToString(name), ARN: aws.ToString(arn),
		ReadTags: func(ctx context.Context) (map[string]string, error) { return tags(ctx, c, arn) },
		Delete: func(ctx context.Context) error {
			token, err := lock(ctx)
			if err != nil {
				return err
			}
			return del(ctx, token)
		},
	}
}

func tags(ctx context.Context, c *wafv2.Client, arn *string) (map[string]string, error) {
	ts, err := census.Follow(func(marker *string) ([]types.Tag, *string, error) {
		out, err := c.ListTagsForResource(ctx, &wafv2.ListTagsForResourceInput{ResourceARN: arn, NextMarker: marker})
		if err != nil || out.TagInfoForResource == nil {
			return nil, nil, err
		}
		return out.TagInfoForResource.TagList, out.NextMarker, nil
	})
	if err != nil {
		return nil, err
	}
	return census.Tags(ts, func(t types.Tag) (k, v *string) { return t.Key, t.Value }), nil
}

func listACLs(ctx context.Context, c *wafv2.Client, scope types.Scope) ([]census.Resource, error) {
	items, err := census.Follow(func(marker *string) ([]types.WebACLSummary, *string, error) {
		out, err := c.ListWebACLs(ctx, &wafv2.ListWebACLsInput{Scope: scope, NextMarker: marker, Limit: aws.Int32(100)})
		if err != nil {
			return nil, nil, err
		}
		return out.WebACLs, out.NextMarker, nil
	})
	return census.Map(items, func(a types.WebACLSummary) census.Resource {
		return resource(c, a.Id, a.Name, a.ARN, func(ctx context.Context) (*string, error) {
			out, err := c.GetWebACL(ctx, &wafv2.GetWebACLInput{Id: a.Id, Name: a.Name, Scope: scope})
			if err != nil {
				return nil, err
			}
			return out.LockToken, nil
		}, func(ctx context.Context, token *string) error { return deleteACL(ctx, c, scope, a, token) })
	}), err
}

// deleteACL takes the ACL from the regional resources that it still protects. A
// distribution has it in its own configuration and must have gone before.
func deleteACL(ctx context.Context, c *wafv2.Client, scope types.Scope, a types.WebACLSummary, token *string) error {
	del := census.Deleter(c.DeleteWebACL, &wafv2.DeleteWebACLInput{Id: a.Id, Name: a.Name, Scope: scope, LockToken: token})
	err := del(ctx)
	if scope != types.ScopeRegional || !census.HasCode(err, "WAFAssociatedItemException") {
		return err
	}
	for _, kind := range types.ResourceType("").Values() {
		out, err := c.ListResourcesForWebACL(ctx, &wafv2.ListResourcesForWebACLInput{WebACLArn: a.ARN, ResourceType: kind})
		if err != nil {
			return fmt.Errorf("list what it protects (%s): %w", kind, err)
		}
		for _, arn := range out.ResourceArns {
			if _, err := c.DisassociateWebACL(ctx, &wafv2.DisassociateWebACLInput{ResourceArn: &arn}); err != nil {
				return fmt.Errorf("take it from %s: %w", arn, err)
			}
		}
	}
	return del(ctx)
}

func listIPSets(ctx context.Context, c *wafv2.Client, scope types.Scope) ([]census.Resource, error) {
	items, err := census.Follow(func(marker *string) ([]types.IPSetSummary, *string, error) {
		out, err := c.ListIPSets(ctx, &wafv2.ListIPSetsInput{Scope: scope, NextMarker: marker, Limit: aws.Int32(100)})
		if err != nil {
			return nil, nil, err
		}
		return out.IPSets, out.NextMarker, nil
	})
	return census.Map(items, func(s types.IPSetSummary) census.Resource {
		return resource(c, s.Id, s.Name, s.ARN, func(ctx context.Context) (*string, error) {
			out, err := c.GetIPSet(ctx, &wafv2.GetIPSetInput{Id: s.Id, Name: s.Name, Scope: scope})
			if err != nil {
				return nil, err
			}
			return out.LockToken, nil
		}, func(ctx context.Context, token *string) error {
			_, err := c.DeleteIPSet(ctx, &wafv2.DeleteIPSetInput{Id: s.Id, Name: s.Name, Scope: scope, LockToken: token})
			return err
		})
	}), err
}

func listPatternSets(ctx context.Context, c *wafv2.Client, scope types.Scope) ([]census.Resource, error) {
	items, err := census.Follow(func(marker *string) ([]types.RegexPatternSetSummary, *string, error) {
		out, err := c.ListRegexPatternSets(ctx, &wafv2.ListRegexPatternSetsInput{Scope: scope, NextMarker: marker, Limit: aws.Int32(100)})
		if err != nil {
			return nil, nil, err
		}
		return out.RegexPatternSets, out.NextMarker, nil
	})
	return census.Map(items, func(s types.RegexPatternSetSummary) census.Resource {
		return resource(c, s.Id, s.Name, s.ARN, func(ctx context.Context) (*string, error) {
			out, err := c.GetRegexPatternSet(ctx, &wafv2.GetRegexPatternSetInput{Id: s.Id, Name: s.Name, Scope: scope})
			if err != nil {
				return nil, err
			}
			return out.LockToken, nil
		}, func(ctx context.Context, token *string) error {
			_, err := c.DeleteRegexPatternSet(ctx, &wafv2.DeleteRegexPatternSetInput{Id: s.Id, Name: s.Name, Scope: scope, LockToken: token})
			return err
		})
	}), err
}

func listRuleGroups(ctx context.Context, c *wafv2.Client, scope types.Scope) ([]census.Resource, error) {
	items, err := census.Follow(func(marker *string) ([]types.RuleGroupSummary, *string, error) {
		out, err := c.ListRuleGroups(ctx, &wafv2.ListRuleGroupsInput{Scope: scope, NextMarker: marker, Limit: aws.Int32(100)})
		if err != nil {
			return nil, nil, err
		}
		return out.RuleGroups, out.NextMarker, nil
	})
	return census.Map(items, func(g types.RuleGroupSummary) census.Resource {
		return resource(c, g.Id, g.Name, g.ARN, func(ctx context.Context) (*string, error) {
			out, err := c.GetRuleGroup(ctx, &wafv2.GetRuleGroupInput{Id: g.Id, Name: g.Name, Scope: scope})
			if err != nil {
				return nil, err
			}
			return out.LockToken, nil
		}, func(ctx context.Context, token *string) error {
			_, err := c.DeleteRuleGroup(ctx, &wafv2.DeleteRuleGroupInput{Id: g.Id, Name: g.Name, Scope: scope, LockToken: token})
			return err
		})
	}), err
}
