package rds

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/fintrack/platform/test/kit/census"
)

// manual leaves out automated snapshots, which go with their instance, and those
// that AWS Backup made, which go with their recovery point.
var manual = aws.String("manual")

func listSnapshots(ctx context.Context, c *rds.Client) ([]census.Resource, error) {
	return census.Each(ctx, rds.NewDescribeDBSnapshotsPaginator(c, &rds.DescribeDBSnapshotsInput{SnapshotType: manual}),
		func(p *rds.DescribeDBSnapshotsOutput) []types.DBSnapshot { return p.DBSnapshots },
		func(s types.DBSnapshot) census.Resource {
			if aws.ToString(s.SnapshotType) != *manual {
				return census.Resource{}
			}
			r := resource(c, s.DBSnapshotIdentifier, s.DBSnapshotArn, s.TagList, census.Deleter(c.DeleteDBSnapshot, &rds.DeleteDBSnapshotInput{DBSnapshotIdentifier: s.DBSnapshotIdentifier}))
			r.Leaving = aws.ToString(s.Status) == "deleting"
			return r
		})
}

func listClusterSnapshots(ctx context.Context, c *rds.Client) ([]census.Resource, error) {
	return census.Each(ctx, rds.NewDescribeDBClusterSnapshotsPaginator(c, &rds.DescribeDBClusterSnapshotsInput{SnapshotType: manual}),
		func(p *rds.DescribeDBClusterSnapshotsOutput) []types.DBClusterSnapshot { return p.DBClusterSnapshots },
		func(s types.DBClusterSnapshot) census.Resource {
			if aws.ToString(s.SnapshotType) != *manual {
				return census.Resource{}
			}
			r := resource(c, s.DBClusterSnapshotIdentifier, s.DBClusterSnapshotArn, s.TagList, census.Deleter(c.DeleteDBClusterSnapshot, &rds.DeleteDBClusterSnapshotInput{DBClusterSnapshotIdentifier: s.DBClusterSnapshotIdentifier}))
			r.Leaving = aws.ToString(s.Status) == "deleting"
			return r
		})
}

func listSubscriptions(ctx context.Context, c *rds.Client) ([]census.Resource, error) {
	return census.Each(ctx, rds.NewDescribeEventSubscriptionsPaginator(c, &rds.DescribeEventSubscriptionsInput{}),
		func(p *rds.DescribeEventSubscriptionsOutput) []types.EventSubscription {
			return p.EventSubscriptionsList
		},
		func(s types.EventSubscription) census.Resource {
			return resource(c, s.CustSubscriptionId, s.EventSubscriptionArn, nil, census.Deleter(c.DeleteEventSubscription, &rds.DeleteEventSubscriptionInput{SubscriptionName: s.CustSubscriptionId}))
		})
}

func listSubnetGroups(ctx context.Context, c *rds.Client) ([]census.Resource, error) {
	return census.Each(ctx, rds.NewDescribeDBSubnetGroupsPaginator(c, &rds.DescribeDBSubnetGroupsInput{}),
		func(p *rds.DescribeDBSubnetGroupsOutput) []types.DBSubnetGroup { return p.DBSubnetGroups },
		func(g types.DBSubnetGroup) census.Resource {
			return resource(c, g.DBSubnetGroupName, g.DBSubnetGroupArn, nil, census.Deleter(c.DeleteDBSubnetGroup, &rds.DeleteDBSubnetGroupInput{DBSubnetGroupName: g.DBSubnetGroupName}))
		})
}

// isDefault reports whether the group comes with an engine ("default.postgres16")
// and cannot be deleted.
func isDefault(name *string) bool { return strings.HasPrefix(aws.ToString(name), "default.") }

func listParameterGroups(ctx context.Context, c *rds.Client) ([]census.Resource, error) {
	return census.Each(ctx, rds.NewDescribeDBParameterGroupsPaginator(c, &rds.DescribeDBParameterGroupsInput{}),
		func(p *rds.DescribeDBParameterGroupsOutput) []types.DBParameterGroup { return p.DBParameterGroups },
		func(g types.DBParameterGroup) census.Resource {
			if isDefault(g.DBParameterGroupName) {
				return census.Resource{}
			}
			return resource(c, g.DBParameterGroupName, g.DBParameterGroupArn, nil, census.Deleter(c.DeleteDBParameterGroup, &rds.DeleteDBParameterGroupInput{DBParameterGroupName: g.DBParameterGroupName}))
		})
}

func listClusterParameterGroups(ctx context.Context, c *rds.Client) ([]census.Resource, error) {
	return census.Each(ctx, rds.NewDescribeDBClusterParameterGroupsPaginator(c, &rds.DescribeDBClusterParameterGroupsInput{}),
		func(p *rds.DescribeDBClusterParameterGroupsOutput) []types.DBClusterParameterGroup {
			return p.DBClusterParameterGroups
		},
		func(g types.DBClusterParameterGroup) census.Resource {
			if isDefault(g.DBClusterParameterGroupName) {
				return census.Resource{}
			}
			return resource(c, g.DBClusterParameterGroupName, g.DBClusterParameterGroupArn, nil, census.Deleter(c.DeleteDBClusterParameterGroup, &rds.DeleteDBClusterParameterGroupInput{DBClusterParameterGroupName: g.DBClusterParameterGroupName}))
		})
}
