// Package route53 lists and deletes what Amazon Route 53 holds.
package route53

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/fintrack/platform/test/kit/census"
)

func init() {
	const zone = "aws_route53_zone"
	census.Register(
		census.Lister{Service: "route53", Types: []string{"aws_route53_record"}, List: census.With(route53.NewFromConfig, listRecords)},
		census.Lister{
			Service: "route53", Types: []string{zone}, Order: census.Workloads + 10, List: census.With(route53.NewFromConfig, listZones),
			Parts: []census.Part{
				{Type: "aws_route53_zone_association", Of: zone, Why: "which VPCs see a zone is an attribute of it"},
			},
		},
		census.Lister{Service: "route53", Types: []string{"aws_route53_health_check"}, Order: census.Workloads + 10, List: census.With(route53.NewFromConfig, listHealthChecks)},
	)
}

func zones(ctx context.Context, c *route53.Client) ([]types.HostedZone, error) {
	return census.Collect(ctx, route53.NewListHostedZonesPaginator(c, &route53.ListHostedZonesInput{}),
		func(p *route53.ListHostedZonesOutput) []types.HostedZone { return p.HostedZones })
}

// bare cuts the "/hostedzone/" with which the API answers a zone's id.
func bare(id *string) string { return strings.TrimPrefix(aws.ToString(id), "/hostedzone/") }

func tagged(c *route53.Client, kind types.TagResourceType, id string) func(context.Context) (map[string]string, error) {
	return func(ctx context.Context) (map[string]string, error) {
		out, err := c.ListTagsForResource(ctx, &route53.ListTagsForResourceInput{ResourceType: kind, ResourceId: &id})
		if err != nil {
			return nil, err
		}
		return census.Tags(out.ResourceTagSet.Tags, func(t types.Tag) (k, v *string) { return t.Key, t.Value }), nil
	}
}

func listZones(ctx context.Context, c *route53.Client) ([]census.Resource, error) {
	all, err := zones(ctx, c)
	return census.Map(all, func(z types.HostedZone) census.Resource {
		id := bare(z.Id)
		return census.Resource{
			ID: id, Name: aws.ToString(z.Name), ReadTags: tagged(c, types.TagResourceTypeHostedzone, id),
			Delete: func(ctx context.Context) error {
				sets, err := records(ctx, c, z)
				if err != nil {
					return err
				}
				for _, s := range sets {
					if err := deleteRecord(ctx, c, id, s); err != nil {
						return fmt.Errorf("delete record %s %s: %w", aws.ToString(s.Name), s.Type, err)
					}
				}
				_, err = c.DeleteHostedZone(ctx, &route53.DeleteHostedZoneInput{Id: &id})
				return err
			},
		}
	}), err
}

// records leaves out the NS and SOA records of the zone itself, which every zone
// has and which cannot be deleted.
func records(ctx context.Context, c *route53.Client, z types.HostedZone) ([]types.ResourceRecordSet, error) {
	all, err := census.Collect(ctx, route53.NewListResourceRecordSetsPaginator(c, &route53.ListResourceRecordSetsInput{HostedZoneId: z.Id}),
		func(p *route53.ListResourceRecordSetsOutput) []types.ResourceRecordSet { return p.ResourceRecordSets })
	var sets []types.ResourceRecordSet
	for _, s := range all {
		apex := aws.ToString(s.Name) == aws.ToString(z.Name)
		if !apex || s.Type != types.RRTypeNs && s.Type != types.RRTypeSoa {
			sets = append(sets, s)
		}
	}
	return sets, err
}

func deleteRecord(ctx context.Context, c *route53.Client, zone string, s types.ResourceRecordSet) error {
	_, err := c.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: &zone, ChangeBatch: &types.ChangeBatch{Changes: []types.Change{{Action: types.ChangeActionDelete, ResourceRecordSet: &s}}},
	})
	return err
}

// listRecords lists the records of every zone: one of ours can be in a zone that
// is not. Route 53 has no tags for them.
func listRecords(ctx context.Context, c *route53.Client) ([]census.Resource, error) {
	all, err := zones(ctx, c)
	if err != nil {
		return nil, err
	}
	var rs []census.Resource
	for _, z := range all {
		sets, err := records(ctx, c, z)
		if err != nil && !census.Gone(err) {
			return rs, fmt.Errorf("list the records of zone %s: %w", aws.ToString(z.Name), err)
		}
		rs = append(rs, census.Map(sets, func(s types.ResourceRecordSet) census.Resource {
			return census.Resource{
				ID: strings.Join([]string{bare(z.Id), aws.ToString(s.Name), string(s.Type), aws.ToString(s.SetIdentifier)}, "/"), Name: aws.ToString(s.Name),
				Delete: func(ctx context.Context) error { return deleteRecord(ctx, c, bare(z.Id), s) },
			}
		})...)
	}
	return rs, nil
}

// listHealthChecks knows a check by its Name tag: it has no name.
func listHealthChecks(ctx context.Context, c *route53.Client) ([]census.Resource, error) {
	return census.Each(ctx, route53.NewListHealthChecksPaginator(c, &route53.ListHealthChecksInput{}),
		func(p *route53.ListHealthChecksOutput) []types.HealthCheck { return p.HealthChecks },
		func(h types.HealthCheck) census.Resource {
			return census.Resource{
				ID: aws.ToString(h.Id), ReadTags: tagged(c, types.TagResourceTypeHealthcheck, aws.ToString(h.Id)),
				Delete: census.Deleter(c.DeleteHealthCheck, &route53.DeleteHealthCheckInput{HealthCheckId: h.Id}),
			}
		})
}
