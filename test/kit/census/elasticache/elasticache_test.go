package elasticache_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	"github.com/aws/aws-sdk-go-v2/service/elasticache/types"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/elasticache"
)

func TestMain(m *testing.M) { censustest.Main(m) }

func TestElastiCache(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{
		Make: makeCaches,
		Types: []string{
			"aws_elasticache_replication_group", "aws_elasticache_cluster", "aws_elasticache_user_group", "aws_elasticache_user",
			"aws_elasticache_subnet_group", "aws_elasticache_parameter_group",
		},
	})
}

func makeCaches(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string) {
	must, c := censustest.Must(t), elasticache.NewFromConfig(cfg)
	var ts []types.Tag
	for k, v := range tags {
		ts = append(ts, types.Tag{Key: aws.String(k), Value: aws.String(v)})
	}
	subnets := censustest.Do(t, ctx, ec2.NewFromConfig(cfg).DescribeSubnets, &ec2.DescribeSubnetsInput{})
	must(c.CreateCacheSubnetGroup(ctx, &elasticache.CreateCacheSubnetGroupInput{
		CacheSubnetGroupName: &name, CacheSubnetGroupDescription: &name, SubnetIds: []string{*subnets.Subnets[0].SubnetId}, Tags: ts,
	}))
	must(c.CreateCacheParameterGroup(ctx, &elasticache.CreateCacheParameterGroupInput{
		CacheParameterGroupName: &name, CacheParameterGroupFamily: aws.String("redis7"), Description: &name, Tags: ts,
	}))
	must(c.CreateUser(ctx, &elasticache.CreateUserInput{
		UserId: &name, UserName: aws.String("default"), Engine: aws.String("redis"), AccessString: aws.String("off -@all"), NoPasswordRequired: aws.Bool(true), Tags: ts,
	}))
	must(c.CreateUserGroup(ctx, &elasticache.CreateUserGroupInput{UserGroupId: &name, Engine: aws.String("redis"), UserIds: []string{name}, Tags: ts}))
	must(c.CreateReplicationGroup(ctx, &elasticache.CreateReplicationGroupInput{
		ReplicationGroupId: &name, ReplicationGroupDescription: &name, Engine: aws.String("redis"), CacheNodeType: aws.String("cache.t4g.micro"),
		NumNodeGroups: aws.Int32(1), ReplicasPerNodeGroup: aws.Int32(1), AutomaticFailoverEnabled: aws.Bool(true), TransitEncryptionEnabled: aws.Bool(true),
		CacheSubnetGroupName: &name, UserGroupIds: []string{name}, Tags: ts,
	}))
	must(c.CreateCacheCluster(ctx, &elasticache.CreateCacheClusterInput{
		CacheClusterId: aws.String(name + "-one"), Engine: aws.String("redis"), CacheNodeType: aws.String("cache.t4g.micro"), NumCacheNodes: aws.Int32(1),
		CacheSubnetGroupName: &name, Tags: ts,
	}))
}
