// Package s3control lists and deletes what belongs to an account's Amazon S3
// rather than to a bucket.
package s3control

import (
	"context"
	"fmt"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	"github.com/fintrack/platform/test/kit/census"
)

func init() {
	const point = "aws_s3_access_point"
	census.Register(
		census.Lister{
			Service: "s3control", Types: []string{point}, Regional: true, List: with(listPoints),
			Parts: []census.Part{{Type: "aws_s3control_access_point_policy", Of: point, Why: "an attribute of its access point"}},
		},
		census.Lister{Service: "s3control", Types: []string{"aws_s3_account_public_access_block"}, List: with(listBlock)},
	)
}

// with gives a lister the client and the account, which every call names.
func with(list func(ctx context.Context, c *s3control.Client, account *string) ([]census.Resource, error)) func(context.Context, aws.Config) ([]census.Resource, error) {
	return func(ctx context.Context, cfg aws.Config) ([]census.Resource, error) {
		who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		if err != nil {
			return nil, fmt.Errorf("ask whose account this is: %w", err)
		}
		return list(ctx, New(cfg), who.Account)
	}
}

// New returns a client of S3 Control. With an emulator it asks the endpoint
// itself: the SDK would put the account before its name, where no name is.
func New(cfg aws.Config) *s3control.Client {
	return s3control.NewFromConfig(cfg, func(o *s3control.Options) {
		if census.Emulated(cfg) {
			o.EndpointResolverV2 = plain(*cfg.BaseEndpoint)
		}
	})
}

type plain string

// ResolveEndpoint implements s3control.EndpointResolverV2.
func (p plain) ResolveEndpoint(context.Context, s3control.EndpointParameters) (smithyendpoints.Endpoint, error) {
	u, err := url.Parse(string(p))
	if err != nil {
		return smithyendpoints.Endpoint{}, err
	}
	return smithyendpoints.Endpoint{URI: *u}, nil
}

// listPoints lists what an emulator has no tags for.
func listPoints(ctx context.Context, c *s3control.Client, account *string) ([]census.Resource, error) {
	return census.Each(ctx, s3control.NewListAccessPointsPaginator(c, &s3control.ListAccessPointsInput{AccountId: account}),
		func(p *s3control.ListAccessPointsOutput) []types.AccessPoint { return p.AccessPointList },
		func(p types.AccessPoint) census.Resource {
			return census.Resource{
				ID: aws.ToString(p.Name), Name: aws.ToString(p.Name), ARN: aws.ToString(p.AccessPointArn),
				Delete: census.Deleter(c.DeleteAccessPoint, &s3control.DeleteAccessPointInput{AccountId: account, Name: p.Name}),
			}
		})
}

// listBlock lists a setting of the whole account, which has no name and no tags:
// in a shared account it never belongs to a run.
func listBlock(ctx context.Context, c *s3control.Client, account *string) ([]census.Resource, error) {
	_, err := c.GetPublicAccessBlock(ctx, &s3control.GetPublicAccessBlockInput{AccountId: account})
	if census.Gone(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []census.Resource{{
		ID: "account", Delete: census.Deleter(c.DeletePublicAccessBlock, &s3control.DeletePublicAccessBlockInput{AccountId: account}),
	}}, nil
}
