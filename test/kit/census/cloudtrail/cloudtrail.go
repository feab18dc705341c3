// Package cloudtrail lists and deletes the trails of AWS CloudTrail.
package cloudtrail

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/fintrack/platform/test/kit/census"
)

func init() {
	census.Register(census.Lister{
		// Before its bucket, which it would go on writing to.
		Service: "cloudtrail", Types: []string{"aws_cloudtrail"}, Regional: true, Order: census.Actors, List: list,
	})
}

// list leaves out the shadows that a trail has in regions other than its home.
func list(ctx context.Context, cfg aws.Config) ([]census.Resource, error) {
	c := cloudtrail.NewFromConfig(cfg)
	return census.Each(ctx, cloudtrail.NewListTrailsPaginator(c, &cloudtrail.ListTrailsInput{}),
		func(p *cloudtrail.ListTrailsOutput) []types.TrailInfo { return p.Trails },
		func(t types.TrailInfo) census.Resource {
			if aws.ToString(t.HomeRegion) != cfg.Region {
				return census.Resource{}
			}
			return census.Resource{
				ID: aws.ToString(t.Name), Name: aws.ToString(t.Name), ARN: aws.ToString(t.TrailARN),
				ReadTags: func(ctx context.Context) (map[string]string, error) {
					out, err := c.ListTags(ctx, &cloudtrail.ListTagsInput{ResourceIdList: []string{*t.TrailARN}})
					if err != nil {
						return nil, err
					}
					var ts []types.Tag
					for _, r := range out.ResourceTagList {
						ts = append(ts, r.TagsList...)
					}
					return census.Tags(ts, func(t types.Tag) (k, v *string) { return t.Key, t.Value }), nil
				},
				Delete: census.Deleter(c.DeleteTrail, &cloudtrail.DeleteTrailInput{Name: t.TrailARN}),
			}
		})
}
