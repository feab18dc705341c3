package data

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	elasticachetypes "github.com/aws/aws-sdk-go-v2/service/elasticache/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/fintrack/platform/test/kit/deploy"
)

func (l layer) database(ctx context.Context) {
	c := l.check("database-size", "The database has the size, the standby and the backups that the environment says", "module.rds.aws_db_instance.this", "A1.1", "A1.2")
	key := l.check("database-key", "The database is encrypted with the layer security's key for RDS", "module.rds.aws_db_instance.this", "CC6.1", "C1.1")
	protected := l.check("database-protected", "The database refuses to be deleted", "module.rds.aws_db_instance.this", "A1.2")
	var want struct {
		Class     string  `json:"instance_class"`
		MultiAZ   bool    `json:"multi_az"`
		Retention int32   `json:"backup_retention_days"`
		Storage   int32   `json:"allocated_storage"`
		Most      int32   `json:"max_allocated_storage"`
		Replica   *string `json:"read_replica"`
	}
	l.d.Variable("rds", &want)
	out, err := rds.NewFromConfig(l.d.AWS).DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String(l.d.Output("rds_instance_id"))})
	if err != nil || len(out.DBInstances) != 1 {
		l.d.Checks.Err(c, "one instance", err)
		l.d.Checks.Err(key, "one instance", err)
		l.d.Checks.Err(protected, "one instance", err)
		return
	}
	i := out.DBInstances[0]
	l.d.Checks.Equal(c, []any{want.Class, want.MultiAZ, want.Retention, want.Storage, want.Most},
		[]any{aws.ToString(i.DBInstanceClass), aws.ToBool(i.MultiAZ), aws.ToInt32(i.BackupRetentionPeriod), aws.ToInt32(i.AllocatedStorage), aws.ToInt32(i.MaxAllocatedStorage)})
	l.d.Checks.Equal(key, []any{true, l.keys["rds"]}, []any{aws.ToBool(i.StorageEncrypted), aws.ToString(i.KmsKeyId)})
	l.d.Checks.Equal(protected, true, aws.ToBool(i.DeletionProtection))

	c = l.check("database-replica", "There is a read replica where the environment wants one, and none elsewhere", "module.rds.aws_db_instance.replica", "A1.1")
	replicas := 0
	if want.Replica != nil {
		replicas = 1
	}
	l.d.Checks.Equal(c, replicas, len(i.ReadReplicaDBInstanceIdentifiers))
}

// residue: the database is gone, its last state is not. The snapshot is encrypted
// with the layer security's key, which is still there to read it.
func residue(ctx context.Context, d *deploy.Deployment) {
	l := layer{d: d}
	d.Stack.Deployment("security").OutputAs("kms_key_arns", &l.keys)
	c := l.check("database-final-snapshot", "A destroy of the database leaves its last state, encrypted", "module.rds.aws_db_instance.this", "A1.2", "C1.2")
	client := rds.NewFromConfig(d.AWS)
	out, err := client.DescribeDBSnapshots(ctx, &rds.DescribeDBSnapshotsInput{SnapshotType: aws.String("manual")})
	if err != nil || len(out.DBSnapshots) != 1 {
		d.Checks.Err(c, "one snapshot", err)
		return
	}
	s := out.DBSnapshots[0]
	d.Checks.Equal(c, []any{l.d.Output("rds_instance_id"), true, l.keys["rds"]}, []any{aws.ToString(s.DBInstanceIdentifier), aws.ToBool(s.Encrypted), aws.ToString(s.KmsKeyId)})
	if _, err := client.DeleteDBSnapshot(ctx, &rds.DeleteDBSnapshotInput{DBSnapshotIdentifier: s.DBSnapshotIdentifier}); err != nil {
		d.T.Errorf("remove the final snapshot %s: %v", aws.ToString(s.DBSnapshotIdentifier), err)
	}
}

func (l layer) cache(ctx context.Context) {
	c := l.check("cache-size", "The cache has the shards, replicas and nodes that the environment says, under the layer security's key", "module.redis.aws_elasticache_replication_group.this", "A1.1", "A1.2", "C1.1")
	var want struct {
		Node     string `json:"node_type"`
		Shards   int    `json:"shards"`
		Replicas int    `json:"replicas_per_shard"`
	}
	l.d.Variable("redis", &want)
	out, err := elasticache.NewFromConfig(l.d.AWS).DescribeReplicationGroups(ctx, &elasticache.DescribeReplicationGroupsInput{ReplicationGroupId: aws.String(l.d.Output("elasticache_replication_group_id"))})
	if err != nil || len(out.ReplicationGroups) != 1 {
		l.d.Checks.Err(c, "one replication group", err)
		return
	}
	g := out.ReplicationGroups[0]
	l.d.Checks.Equal(c, []any{want.Node, want.Shards, want.Shards * (1 + want.Replicas), elasticachetypes.AutomaticFailoverStatusEnabled, l.keys["elasticache"]},
		[]any{aws.ToString(g.CacheNodeType), len(g.NodeGroups), len(g.MemberClusters), g.AutomaticFailover, aws.ToString(g.KmsKeyId)})
}

func (l layer) tables(ctx context.Context) {
	client := dynamodb.NewFromConfig(l.d.AWS)
	var names map[string]string
	l.d.OutputAs("dynamodb_table_names", &names)
	l.d.Checks.Equal(l.check("tables", "The tables of the platform are there: idempotency, reconciliations, anomalies", "aws_dynamodb_table.this", "CC8.1"),
		map[string]string{"idempotency": l.d.Name + "-idempotency", "reconciliations": l.d.Name + "-reconciliations", "anomalies": l.d.Name + "-anomalies"}, names)
	for short, name := range names {
		subject := `aws_dynamodb_table.this["` + short + `"]`
		c := l.check("table-key."+short, "The table is encrypted with the layer security's key, refuses to be deleted and is in the daily backup", subject, "CC6.1", "C1.1", "A1.2")
		pitr := l.check("table-recovery."+short, "The table can be restored to any second of the last 35 days", subject, "A1.2", "A1.3")
		t, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
		if err != nil {
			l.d.Checks.Err(c, "a table", err)
			l.d.Checks.Err(pitr, "a table", err)
			continue
		}
		tags, err := client.ListTagsOfResource(ctx, &dynamodb.ListTagsOfResourceInput{ResourceArn: t.Table.TableArn})
		if err != nil {
			l.d.Checks.Err(c, "its tags", err)
			continue
		}
		var key string
		if t.Table.SSEDescription != nil {
			key = aws.ToString(t.Table.SSEDescription.KMSMasterKeyArn)
		}
		l.d.Checks.Equal(c, []any{l.keys["dynamodb"], true, "daily"}, []any{key, aws.ToBool(t.Table.DeletionProtectionEnabled), tag(tags.Tags, "Backup")})
		b, err := client.DescribeContinuousBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{TableName: &name})
		if err != nil {
			l.d.Checks.Err(pitr, "continuous backups", err)
			continue
		}
		l.d.Checks.Equal(pitr, dynamotypes.PointInTimeRecoveryStatusEnabled, b.ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus)
	}
	c := l.check("idempotency-expires", "Kept answers leave the idempotency table by their own date", `aws_dynamodb_table.this["idempotency"]`, "C1.2")
	ttl, err := client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: aws.String(names["idempotency"])})
	if err != nil {
		l.d.Checks.Err(c, "expires_at", err)
		return
	}
	l.d.Checks.Equal(c, []any{"expires_at", dynamotypes.TimeToLiveStatusEnabled}, []any{aws.ToString(ttl.TimeToLiveDescription.AttributeName), ttl.TimeToLiveDescription.TimeToLiveStatus})
}

func tag(tags []dynamotypes.Tag, key string) string {
	for _, t := range tags {
		if aws.ToString(t.Key) == key {
			return aws.ToString(t.Value)
		}
	}
	return ""
}
