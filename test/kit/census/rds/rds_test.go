package rds_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/rds"
)

func TestMain(m *testing.M) { censustest.Main(m) }

func TestRDS(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{
		Make: func(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string) {
			makeGroups(t, ctx, cfg, name, tagList(tags))
			makeDatabases(t, ctx, cfg, name, tagList(tags))
		},
		Types: []string{
			"aws_db_instance", "aws_rds_cluster_instance", "aws_rds_cluster",
			"aws_db_snapshot", "aws_db_cluster_snapshot", "aws_db_event_subscription",
			"aws_db_subnet_group", "aws_db_parameter_group", "aws_rds_cluster_parameter_group",
		},
	})
}

func tagList(tags map[string]string) (ts []types.Tag) {
	for k, v := range tags {
		ts = append(ts, types.Tag{Key: aws.String(k), Value: aws.String(v)})
	}
	return ts
}

func makeGroups(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags []types.Tag) {
	must, c := censustest.Must(t), rds.NewFromConfig(cfg)
	subnets := censustest.Do(t, ctx, ec2.NewFromConfig(cfg).DescribeSubnets, &ec2.DescribeSubnetsInput{})
	must(c.CreateDBSubnetGroup(ctx, &rds.CreateDBSubnetGroupInput{
		DBSubnetGroupName: &name, DBSubnetGroupDescription: &name, Tags: tags,
		SubnetIds: []string{*subnets.Subnets[0].SubnetId, *subnets.Subnets[1].SubnetId},
	}))
	must(c.CreateDBParameterGroup(ctx, &rds.CreateDBParameterGroupInput{
		DBParameterGroupName: &name, DBParameterGroupFamily: aws.String("postgres16"), Description: &name, Tags: tags,
	}))
	must(c.CreateDBClusterParameterGroup(ctx, &rds.CreateDBClusterParameterGroupInput{
		DBClusterParameterGroupName: &name, DBParameterGroupFamily: aws.String("aurora-postgresql16"), Description: &name, Tags: tags,
	}))
	must(c.CreateEventSubscription(ctx, &rds.CreateEventSubscriptionInput{
		SubscriptionName: &name, SnsTopicArn: aws.String("arn:aws:sns:us-east-1:123456789012:events"), SourceType: aws.String("db-instance"), Tags: tags,
	}))
}

// makeDatabases protects what can be protected, and gives the instance a replica.
func makeDatabases(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags []types.Tag) {
	must, c := censustest.Must(t), rds.NewFromConfig(cfg)
	must(c.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: &name, DBInstanceClass: aws.String("db.t4g.small"), Engine: aws.String("postgres"), AllocatedStorage: aws.Int32(20),
		MasterUsername: aws.String("fintrack"), MasterUserPassword: aws.String("a-long-password"), DBSubnetGroupName: &name, DBParameterGroupName: &name,
		DeletionProtection: aws.Bool(true), BackupRetentionPeriod: aws.Int32(35), Tags: tags,
	}))
	must(c.CreateDBInstanceReadReplica(ctx, &rds.CreateDBInstanceReadReplicaInput{
		DBInstanceIdentifier: aws.String(name + "-replica"), SourceDBInstanceIdentifier: &name, Tags: tags,
	}))
	must(c.CreateDBSnapshot(ctx, &rds.CreateDBSnapshotInput{DBSnapshotIdentifier: aws.String(name + "-final"), DBInstanceIdentifier: &name, Tags: tags}))

	must(c.CreateDBCluster(ctx, &rds.CreateDBClusterInput{
		DBClusterIdentifier: &name, Engine: aws.String("aurora-postgresql"), MasterUsername: aws.String("fintrack"), MasterUserPassword: aws.String("a-long-password"),
		DeletionProtection: aws.Bool(true), DBClusterParameterGroupName: &name, Tags: tags,
	}))
	must(c.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: aws.String(name + "-member"), DBInstanceClass: aws.String("db.t4g.medium"), Engine: aws.String("aurora-postgresql"), DBClusterIdentifier: &name, Tags: tags,
	}))
	must(c.CreateDBClusterSnapshot(ctx, &rds.CreateDBClusterSnapshotInput{DBClusterSnapshotIdentifier: aws.String(name + "-final"), DBClusterIdentifier: &name, Tags: tags}))
}
