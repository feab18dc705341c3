package cloudfront_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/cloudfront"
)

func TestMain(m *testing.M) { censustest.Main(m) }

func TestCloudFront(t *testing.T) {
	untagged := []string{
		"aws_cloudfront_origin_access_control", "aws_cloudfront_cache_policy", "aws_cloudfront_origin_request_policy", "aws_cloudfront_response_headers_policy",
	}
	censustest.Prove(t, censustest.Fixture{
		Make: func(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string) {
			m := maker{t, ctx, cloudfront.NewFromConfig(cfg), name}
			m.distribution(m.policies(), tags)
		},
		Types:    append([]string{"aws_cloudfront_distribution"}, untagged...),
		Untagged: untagged,
	})
}

type maker struct {
	t    testing.TB
	ctx  context.Context
	c    *cloudfront.Client
	name string
}

// policies returns a behaviour that uses one of each, which keeps them all.
func (m maker) policies() *types.DefaultCacheBehavior {
	oac := censustest.Do(m.t, m.ctx, m.c.CreateOriginAccessControl, &cloudfront.CreateOriginAccessControlInput{OriginAccessControlConfig: &types.OriginAccessControlConfig{
		Name: &m.name, OriginAccessControlOriginType: types.OriginAccessControlOriginTypesS3,
		SigningBehavior: types.OriginAccessControlSigningBehaviorsAlways, SigningProtocol: types.OriginAccessControlSigningProtocolsSigv4,
	}})
	if oac.OriginAccessControl.Id == nil {
		m.t.Fatal("the access control has no id")
	}
	cache := censustest.Do(m.t, m.ctx, m.c.CreateCachePolicy, &cloudfront.CreateCachePolicyInput{CachePolicyConfig: &types.CachePolicyConfig{Name: &m.name, MinTTL: aws.Int64(0)}})
	request := censustest.Do(m.t, m.ctx, m.c.CreateOriginRequestPolicy, &cloudfront.CreateOriginRequestPolicyInput{OriginRequestPolicyConfig: &types.OriginRequestPolicyConfig{
		Name: &m.name, CookiesConfig: &types.OriginRequestPolicyCookiesConfig{CookieBehavior: types.OriginRequestPolicyCookieBehaviorNone},
		HeadersConfig:      &types.OriginRequestPolicyHeadersConfig{HeaderBehavior: types.OriginRequestPolicyHeaderBehaviorNone},
		QueryStringsConfig: &types.OriginRequestPolicyQueryStringsConfig{QueryStringBehavior: types.OriginRequestPolicyQueryStringBehaviorNone},
	}})
	headers := censustest.Do(m.t, m.ctx, m.c.CreateResponseHeadersPolicy, &cloudfront.CreateResponseHeadersPolicyInput{
		ResponseHeadersPolicyConfig: &types.ResponseHeadersPolicyConfig{Name: &m.name},
	})
	return &types.DefaultCacheBehavior{
		TargetOriginId: aws.String("s3"), ViewerProtocolPolicy: types.ViewerProtocolPolicyRedirectToHttps,
		CachePolicyId: cache.CachePolicy.Id, OriginRequestPolicyId: request.OriginRequestPolicy.Id, ResponseHeadersPolicyId: headers.ResponseHeadersPolicy.Id,
	}
}

func (m maker) distribution(behavior *types.DefaultCacheBehavior, tags map[string]string) {
	ts := &types.Tags{Items: []types.Tag{}}
	for k, v := range tags {
		ts.Items = append(ts.Items, types.Tag{Key: aws.String(k), Value: aws.String(v)})
	}
	censustest.Do(m.t, m.ctx, m.c.CreateDistributionWithTags, &cloudfront.CreateDistributionWithTagsInput{DistributionConfigWithTags: &types.DistributionConfigWithTags{
		Tags: ts,
		DistributionConfig: &types.DistributionConfig{
			CallerReference: &m.name, Comment: &m.name, Enabled: aws.Bool(true), DefaultCacheBehavior: behavior,
			Origins: &types.Origins{Quantity: aws.Int32(1), Items: []types.Origin{{
				Id: aws.String("s3"), DomainName: aws.String(m.name + ".s3.us-east-1.amazonaws.com"), S3OriginConfig: &types.S3OriginConfig{OriginAccessIdentity: aws.String("")},
			}}},
		},
	}})
}
