// Package rds lists and deletes what Amazon RDS holds.
package rds

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/fintrack/platform/test/kit/census"
)

// Groups can go only after what uses them.
const (
	members  = census.Workloads
	clusters = census.Workloads + 10
	backups  = census.Workloads + 30
	groups   = census.Workloads + 40
)

func init() {
	census.Register(
		lister(members, listInstances, "aws_db_instance", "aws_rds_cluster_instance"),
		lister(members, listSubscriptions, "aws_db_event_subscription"),
		lister(clusters, listClusters, "aws_rds_cluster"),
		lister(backups, listSnapshots, "aws_db_snapshot"),
		lister(backups, listClusterSnapshots, "aws_db_cluster_snapshot"),
		lister(groups, listSubnetGroups, "aws_db_subnet_group"),
		lister(groups, listParameterGroups, "aws_db_parameter_group"),
		lister(groups, listClusterParameterGroups, "aws_rds_cluster_parameter_group"),
	)
}

var parts = map[string][]census.Part{
	"aws_db_instance": {
		{Type: "aws_db_instance_role_association", Of: "aws_db_instance", Why: "which roles an instance uses is an attribute of it"},
	},
	"aws_rds_cluster": {
		{Type: "aws_rds_cluster_role_association", Of: "aws_rds_cluster", Why: "which roles a cluster uses is an attribute of it"},
		{Type: "aws_rds_cluster_endpoint", Of: "aws_rds_cluster", Why: "a custom endpoint goes with its cluster"},
	},
}

func lister(order int, list func(context.Context, *rds.Client) ([]census.Resource, error), types ...string) census.Lister {
	return census.Lister{
		Service: "rds", Types: types, Regional: true, Order: order, Parts: parts[types[0]],
		List: census.With(rds.NewFromConfig, list),
	}
}

// resource makes a resource that is identified by its name. When the answer that
// lists it does not carry tags, ts is nil and they are asked for by ARN.
func resource(c *rds.Client, name, arn *string, ts []types.Tag, del func(context.Context) error) census.Resource {
	r := census.Resource{ID: aws.ToString(name), Name: aws.ToString(name), ARN: aws.ToString(arn), Delete: del}
	if ts != nil {
		r.Tags = tags(ts)
		return r
	}
	r.ReadTags = func(ctx context.Context) (map[string]string, error) {
		out, err := c.ListTagsForResource(ctx, &rds.ListTagsForResourceInput{ResourceName: arn})
		if err != nil {
			return nil, err
		}
		return tags(out.TagList), nil
	}
	return r
}

func tags(ts []types.Tag) map[string]string {
	return census.Tags(ts, func(t types.Tag) (k, v *string) { return t.Key, t.Value })
}

func listInstances(ctx context.Context, c *rds.Client) ([]census.Resource, error) {
	return census.Each(ctx, rds.NewDescribeDBInstancesPaginator(c, &rds.DescribeDBInstancesInput{}),
		func(p *rds.DescribeDBInstancesOutput) []types.DBInstance { return p.DBInstances },
		func(i types.DBInstance) census.Resource {
			r := resource(c, i.DBInstanceIdentifier, i.DBInstanceArn, i.TagList, func(ctx context.Context) error { return deleteInstance(ctx, c, i) })
			if i.DBClusterIdentifier != nil {
				r.Type = "aws_rds_cluster_instance"
			}
			r.Leaving = aws.ToString(i.DBInstanceStatus) == "deleting"
			return r
		})
}

// deleteInstance lifts the deletion protection, and leaves replicas to go first:
// a replica whose source is deleted is promoted and goes on by itself ("Working
// with DB instance read replicas").
func deleteInstance(ctx context.Context, c *rds.Client, i types.DBInstance) error {
	if len(i.ReadReplicaDBInstanceIdentifiers) > 0 {
		return fmt.Errorf("its read replicas go first: %s", strings.Join(i.ReadReplicaDBInstanceIdentifiers, ", "))
	}
	if aws.ToBool(i.DeletionProtection) && i.DBClusterIdentifier == nil {
		_, err := c.ModifyDBInstance(ctx, &rds.ModifyDBInstanceInput{
			DBInstanceIdentifier: i.DBInstanceIdentifier, DeletionProtection: aws.Bool(false), ApplyImmediately: aws.Bool(true),
		})
		if err != nil {
			return fmt.Errorf("lift the deletion protection: %w", err)
		}
	}
	_, err := c.DeleteDBInstance(ctx, &rds.DeleteDBInstanceInput{
		DBInstanceIdentifier: i.DBInstanceIdentifier, SkipFinalSnapshot: aws.Bool(true), DeleteAutomatedBackups: aws.Bool(true),
	})
	return err
}

func listClusters(ctx context.Context, c *rds.Client) ([]census.Resource, error) {
	return census.Each(ctx, rds.NewDescribeDBClustersPaginator(c, &rds.DescribeDBClustersInput{}),
		func(p *rds.DescribeDBClustersOutput) []types.DBCluster { return p.DBClusters },
		func(k types.DBCluster) census.Resource {
			r := resource(c, k.DBClusterIdentifier, k.DBClusterArn, k.TagList, func(ctx context.Context) error { return deleteCluster(ctx, c, k) })
			r.Leaving = aws.ToString(k.Status) == "deleting"
			return r
		})
}

func deleteCluster(ctx context.Context, c *rds.Client, k types.DBCluster) error {
	if aws.ToBool(k.DeletionProtection) {
		_, err := c.ModifyDBCluster(ctx, &rds.ModifyDBClusterInput{
			DBClusterIdentifier: k.DBClusterIdentifier, DeletionProtection: aws.Bool(false), ApplyImmediately: aws.Bool(true),
		})
		if err != nil {
			return fmt.Errorf("lift the deletion protection: %w", err)
		}
	}
	_, err := c.DeleteDBCluster(ctx, &rds.DeleteDBClusterInput{DBClusterIdentifier: k.DBClusterIdentifier, SkipFinalSnapshot: aws.Bool(true)})
	return err
}
