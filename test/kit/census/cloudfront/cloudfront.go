// Package cloudfront lists and deletes what Amazon CloudFront holds.
package cloudfront

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/fintrack/platform/test/kit/census"
)

// attached is the order of what distributions refer to.
const attached = census.Workloads + 10

func init() {
	census.Register(
		lister("aws_cloudfront_distribution", census.Workloads, listDistributions,
			census.Part{Type: "aws_cloudfront_monitoring_subscription", Of: "aws_cloudfront_distribution", Why: "a setting of its distribution"}),
		lister("aws_cloudfront_origin_access_control", attached, listAccessControls),
		lister("aws_cloudfront_cache_policy", attached, listCachePolicies),
		lister("aws_cloudfront_origin_request_policy", attached, listRequestPolicies),
		lister("aws_cloudfront_response_headers_policy", attached, listHeadersPolicies),
	)
}

func lister(typ string, order int, list func(context.Context, *cloudfront.Client) ([]census.Resource, error), parts ...census.Part) census.Lister {
	return census.Lister{Service: "cloudfront", Types: []string{typ}, Order: order, List: census.With(cloudfront.NewFromConfig, list), Parts: parts}
}

// listDistributions takes the comment for the name, since a distribution has none.
func listDistributions(ctx context.Context, c *cloudfront.Client) ([]census.Resource, error) {
	return census.Each(ctx, cloudfront.NewListDistributionsPaginator(c, &cloudfront.ListDistributionsInput{}),
		func(p *cloudfront.ListDistributionsOutput) []types.DistributionSummary {
			return p.DistributionList.Items
		},
		func(d types.DistributionSummary) census.Resource {
			return census.Resource{
				ID: aws.ToString(d.Id), Name: aws.ToString(d.Comment), ARN: aws.ToString(d.ARN),
				Leaving:  !aws.ToBool(d.Enabled) && aws.ToString(d.Status) == "InProgress",
				ReadTags: func(ctx context.Context) (map[string]string, error) { return tags(ctx, c, d.ARN) },
				Delete:   func(ctx context.Context) error { return deleteDistribution(ctx, c, d.Id) },
			}
		})
}

func tags(ctx context.Context, c *cloudfront.Client, arn *string) (map[string]string, error) {
	out, err := c.ListTagsForResource(ctx, &cloudfront.ListTagsForResourceInput{Resource: arn})
	if err != nil {
		return nil, err
	}
	return census.Tags(out.Tags.Items, func(t types.Tag) (k, v *string) { return t.Key, t.Value }), nil
}

// deleteDistribution disables the distribution first. It can be deleted when that
// has reached every edge ("Delete a distribution"), which a later pass sees.
func deleteDistribution(ctx context.Context, c *cloudfront.Client, id *string) error {
	out, err := c.GetDistributionConfig(ctx, &cloudfront.GetDistributionConfigInput{Id: id})
	if err != nil {
		return err
	}
	etag := out.ETag
	if aws.ToBool(out.DistributionConfig.Enabled) {
		out.DistributionConfig.Enabled = aws.Bool(false)
		updated, err := c.UpdateDistribution(ctx, &cloudfront.UpdateDistributionInput{Id: id, IfMatch: etag, DistributionConfig: out.DistributionConfig})
		if err != nil {
			return fmt.Errorf("disable it: %w", err)
		}
		etag = updated.ETag
	}
	_, err = c.DeleteDistribution(ctx, &cloudfront.DeleteDistributionInput{Id: id, IfMatch: etag})
	return err
}

// What follows has no tags, and is deleted with the ETag that reading it gives.

func listAccessControls(ctx context.Context, c *cloudfront.Client) ([]census.Resource, error) {
	return census.Each(ctx, cloudfront.NewListOriginAccessControlsPaginator(c, &cloudfront.ListOriginAccessControlsInput{}),
		func(p *cloudfront.ListOriginAccessControlsOutput) []types.OriginAccessControlSummary {
			return p.OriginAccessControlList.Items
		},
		func(a types.OriginAccessControlSummary) census.Resource {
			return census.Resource{ID: aws.ToString(a.Id), Name: aws.ToString(a.Name), Delete: func(ctx context.Context) error {
				out, err := c.GetOriginAccessControl(ctx, &cloudfront.GetOriginAccessControlInput{Id: a.Id})
				if err != nil {
					return err
				}
				_, err = c.DeleteOriginAccessControl(ctx, &cloudfront.DeleteOriginAccessControlInput{Id: a.Id, IfMatch: out.ETag})
				return err
			}}
		})
}

func listCachePolicies(ctx context.Context, c *cloudfront.Client) ([]census.Resource, error) {
	items, err := census.Follow(func(marker *string) ([]types.CachePolicySummary, *string, error) {
		out, err := c.ListCachePolicies(ctx, &cloudfront.ListCachePoliciesInput{Type: types.CachePolicyTypeCustom, Marker: marker})
		if err != nil {
			return nil, nil, err
		}
		return out.CachePolicyList.Items, out.CachePolicyList.NextMarker, nil
	})
	return census.Map(items, func(s types.CachePolicySummary) census.Resource {
		p := s.CachePolicy
		return census.Resource{ID: aws.ToString(p.Id), Name: aws.ToString(p.CachePolicyConfig.Name), Delete: func(ctx context.Context) error {
			out, err := c.GetCachePolicy(ctx, &cloudfront.GetCachePolicyInput{Id: p.Id})
			if err != nil {
				return err
			}
			_, err = c.DeleteCachePolicy(ctx, &cloudfront.DeleteCachePolicyInput{Id: p.Id, IfMatch: out.ETag})
			return err
		}}
	}), err
}

func listRequestPolicies(ctx context.Context, c *cloudfront.Client) ([]census.Resource, error) {
	items, err := census.Follow(func(marker *string) ([]types.OriginRequestPolicySummary, *string, error) {
		out, err := c.ListOriginRequestPolicies(ctx, &cloudfront.ListOriginRequestPoliciesInput{Type: types.OriginRequestPolicyTypeCustom, Marker: marker})
		if err != nil {
			return nil, nil, err
		}
		return out.OriginRequestPolicyList.Items, out.OriginRequestPolicyList.NextMarker, nil
	})
	return census.Map(items, func(s types.OriginRequestPolicySummary) census.Resource {
		p := s.OriginRequestPolicy
		return census.Resource{ID: aws.ToString(p.Id), Name: aws.ToString(p.OriginRequestPolicyConfig.Name), Delete: func(ctx context.Context) error {
			out, err := c.GetOriginRequestPolicy(ctx, &cloudfront.GetOriginRequestPolicyInput{Id: p.Id})
			if err != nil {
				return err
			}
			_, err = c.DeleteOriginRequestPolicy(ctx, &cloudfront.DeleteOriginRequestPolicyInput{Id: p.Id, IfMatch: out.ETag})
			return err
		}}
	}), err
}

func listHeadersPolicies(ctx context.Context, c *cloudfront.Client) ([]census.Resource, error) {
	items, err := census.Follow(func(marker *string) ([]types.ResponseHeadersPolicySummary, *string, error) {
		out, err := c.ListResponseHeadersPolicies(ctx, &cloudfront.ListResponseHeadersPoliciesInput{Type: types.ResponseHeadersPolicyTypeCustom, Marker: marker})
		if err != nil {
			return nil, nil, err
		}
		return out.ResponseHeadersPolicyList.Items, out.ResponseHeadersPolicyList.NextMarker, nil
	})
	return census.Map(items, func(s types.ResponseHeadersPolicySummary) census.Resource {
		p := s.ResponseHeadersPolicy
		return census.Resource{ID: aws.ToString(p.Id), Name: aws.ToString(p.ResponseHeadersPolicyConfig.Name), Delete: func(ctx context.Context) error {
			out, err := c.GetResponseHeadersPolicy(ctx, &cloudfront.GetResponseHeadersPolicyInput{Id: p.Id})
			if err != nil {
				return err
			}
			_, err = c.DeleteResponseHeadersPolicy(ctx, &cloudfront.DeleteResponseHeadersPolicyInput{Id: p.Id, IfMatch: out.ETag})
			return err
		}}
	}), err
}
