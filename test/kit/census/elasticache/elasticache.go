// Package elasticache lists and deletes what Amazon ElastiCache holds.
package elasticache

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	"github.com/aws/aws-sdk-go-v2/service/elasticache/types"
	"github.com/fintrack/platform/test/kit/census"
)

// Groups can go only after what uses them, and users after their groups.
const (
	caches     = census.Workloads
	userGroups = census.Workloads + 10
	users      = census.Workloads + 20
	groups     = census.Workloads + 30
)

func init() {
	census.Register(
		lister("aws_elasticache_replication_group", caches, listReplicationGroups),
		lister("aws_elasticache_cluster", caches, listClusters),
		lister("aws_elasticache_user_group", userGroups, listUserGroups,
			census.Part{Type: "aws_elasticache_user_group_association", Why: "a member is an entry of its group"}),
		lister("aws_elasticache_user", users, listUsers),
		lister("aws_elasticache_subnet_group", groups, listSubnetGroups),
		lister("aws_elasticache_parameter_group", groups, listParameterGroups),
	)
}

func lister(typ string, order int, list func(context.Context, *elasticache.Client) ([]census.Resource, error), parts ...census.Part) census.Lister {
	for i := range parts {
		parts[i].Of = typ
	}
	return census.Lister{Service: "elasticache", Types: []string{typ}, Regional: true, Order: order, List: census.With(elasticache.NewFromConfig, list), Parts: parts}
}

// resource makes a resource that is identified by its name.
func resource(c *elasticache.Client, name, arn, status *string, del func(context.Context) error) census.Resource {
	return census.Resource{
		ID: aws.ToString(name), Name: aws.ToString(name), ARN: aws.ToString(arn), Leaving: aws.ToString(status) == "deleting", Delete: del,
		ReadTags: func(ctx context.Context) (map[string]string, error) {
			out, err := c.ListTagsForResource(ctx, &elasticache.ListTagsForResourceInput{ResourceName: arn})
			if err != nil {
				return nil, err
			}
			return census.Tags(out.TagList, func(t types.Tag) (k, v *string) { return t.Key, t.Value }), nil
		},
	}
}

func listReplicationGroups(ctx context.Context, c *elasticache.Client) ([]census.Resource, error) {
	return census.Each(ctx, elasticache.NewDescribeReplicationGroupsPaginator(c, &elasticache.DescribeReplicationGroupsInput{}),
		func(p *elasticache.DescribeReplicationGroupsOutput) []types.ReplicationGroup {
			return p.ReplicationGroups
		},
		func(g types.ReplicationGroup) census.Resource {
			return resource(c, g.ReplicationGroupId, g.ARN, g.Status, census.Deleter(c.DeleteReplicationGroup, &elasticache.DeleteReplicationGroupInput{ReplicationGroupId: g.ReplicationGroupId}))
		})
}

// listClusters leaves out the members of a replication group, which go with it.
func listClusters(ctx context.Context, c *elasticache.Client) ([]census.Resource, error) {
	return census.Each(ctx, elasticache.NewDescribeCacheClustersPaginator(c, &elasticache.DescribeCacheClustersInput{}),
		func(p *elasticache.DescribeCacheClustersOutput) []types.CacheCluster { return p.CacheClusters },
		func(k types.CacheCluster) census.Resource {
			if k.ReplicationGroupId != nil {
				return census.Resource{}
			}
			return resource(c, k.CacheClusterId, k.ARN, k.CacheClusterStatus, census.Deleter(c.DeleteCacheCluster, &elasticache.DeleteCacheClusterInput{CacheClusterId: k.CacheClusterId}))
		})
}

func listUserGroups(ctx context.Context, c *elasticache.Client) ([]census.Resource, error) {
	return census.Each(ctx, elasticache.NewDescribeUserGroupsPaginator(c, &elasticache.DescribeUserGroupsInput{}),
		func(p *elasticache.DescribeUserGroupsOutput) []types.UserGroup { return p.UserGroups },
		func(g types.UserGroup) census.Resource {
			return resource(c, g.UserGroupId, g.ARN, g.Status, census.Deleter(c.DeleteUserGroup, &elasticache.DeleteUserGroupInput{UserGroupId: g.UserGroupId}))
		})
}

// listUsers leaves out the user "default", which is in every account. A user that
// is being deleted is asked for by its id as well: an emulator takes it away only
// then.
func listUsers(ctx context.Context, c *elasticache.Client) ([]census.Resource, error) {
	users, err := census.Collect(ctx, elasticache.NewDescribeUsersPaginator(c, &elasticache.DescribeUsersInput{}),
		func(p *elasticache.DescribeUsersOutput) []types.User { return p.Users })
	if err != nil {
		return nil, err
	}
	var rs []census.Resource
	for _, u := range users {
		if aws.ToString(u.UserId) == "default" {
			continue
		}
		r := resource(c, u.UserId, u.ARN, u.Status, census.Deleter(c.DeleteUser, &elasticache.DeleteUserInput{UserId: u.UserId}))
		if r.Leaving {
			if _, err := c.DescribeUsers(ctx, &elasticache.DescribeUsersInput{UserId: u.UserId}); census.Gone(err) {
				continue
			}
		}
		rs = append(rs, r)
	}
	return rs, nil
}

// listSubnetGroups leaves out the group "default", which the service makes.
func listSubnetGroups(ctx context.Context, c *elasticache.Client) ([]census.Resource, error) {
	return census.Each(ctx, elasticache.NewDescribeCacheSubnetGroupsPaginator(c, &elasticache.DescribeCacheSubnetGroupsInput{}),
		func(p *elasticache.DescribeCacheSubnetGroupsOutput) []types.CacheSubnetGroup {
			return p.CacheSubnetGroups
		},
		func(g types.CacheSubnetGroup) census.Resource {
			if aws.ToString(g.CacheSubnetGroupName) == "default" {
				return census.Resource{}
			}
			return resource(c, g.CacheSubnetGroupName, g.ARN, nil, census.Deleter(c.DeleteCacheSubnetGroup, &elasticache.DeleteCacheSubnetGroupInput{CacheSubnetGroupName: g.CacheSubnetGroupName}))
		})
}

// listParameterGroups leaves out those that come with an engine.
func listParameterGroups(ctx context.Context, c *elasticache.Client) ([]census.Resource, error) {
	return census.Each(ctx, elasticache.NewDescribeCacheParameterGroupsPaginator(c, &elasticache.DescribeCacheParameterGroupsInput{}),
		func(p *elasticache.DescribeCacheParameterGroupsOutput) []types.CacheParameterGroup {
			return p.CacheParameterGroups
		},
		func(g types.CacheParameterGroup) census.Resource {
			if strings.HasPrefix(aws.ToString(g.CacheParameterGroupName), "default.") {
				return census.Resource{}
			}
			return resource(c, g.CacheParameterGroupName, g.ARN, nil, census.Deleter(c.DeleteCacheParameterGroup, &elasticache.DeleteCacheParameterGroupInput{CacheParameterGroupName: g.CacheParameterGroupName}))
		})
}
