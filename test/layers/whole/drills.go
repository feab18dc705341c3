package whole

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/fintrack/platform/test/kit/deploy"
	"github.com/fintrack/platform/test/kit/sandbox"
)

// drillBound bounds the wait for one thing of a drill, by whether AWS is emulated:
// a restore of a database takes tens of minutes on AWS.
var drillBound = map[bool]time.Duration{true: time.Minute, false: 90 * time.Minute}

// drillPause is the time between two looks.
var drillPause = map[bool]time.Duration{true: 200 * time.Millisecond, false: 20 * time.Second}

// drills do what would be done on a bad day, and undo it.
func drills(ctx context.Context, s *deploy.Stack) {
	d := drill{s: s, data: s.Deployment("data")}
	d.stateRestored(ctx)
	d.failover(ctx)
	d.databaseRestored(ctx)
	d.tableRestored(ctx)
	d.objectRestored(ctx)
	cache := promise("drill-cache-failover", "The cache serves on when the primary of a shard is gone", "module.redis", "A1.2", "A1.3")
	s.Checks.NotProven(cache, "aws", "the emulator runs no node that could fail")
	copies := promise("drill-backup-copy", "A backup is restored from the vault in the other Region", "aws_backup_plan.this", "A1.2", "A1.3")
	s.Checks.NotProven(copies, "aws", "the emulator keeps the plan and makes no backup")
}

type drill struct {
	s    *deploy.Stack
	data *deploy.Deployment
}

// stateRestored deletes the state of networking. What needs that layer must say so
// and how to mend it; the bucket's versions bring the state back.
func (d drill) stateRestored(ctx context.Context) {
	says := promise("drill-state-missing", "A layer says which one that it needs is not applied, and the command that applies it", "terraform/data", "CC8.1")
	back := promise("drill-state-restore", "A deleted state is brought back from the bucket's versions", "terraform/networking", "A1.2", "A1.3")
	client := sandbox.S3(d.s.Sandbox.AWS, d.s.Sandbox.Entry())
	key := d.s.Platform.Layers["networking"].Key
	gone, err := client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &d.s.Bucket, Key: &key})
	if err != nil || !aws.ToBool(gone.DeleteMarker) {
		d.s.Checks.Err(back, "a delete that leaves a marker", err)
		return
	}
	planned := d.s.Plan(ctx, "data")
	// Its lines are wrapped and framed.
	said := strings.Join(strings.Fields(strings.ReplaceAll(fmt.Sprint(planned), "│", " ")), " ")
	const want = "Not applied yet, and needed by data: networking. Apply what is missing first, in this order: terraform -chdir=terraform/networking apply."
	d.s.Checks.That(says, planned != nil && strings.Contains(said, want), want, said)
	if _, err := client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &d.s.Bucket, Key: &key, VersionId: gone.VersionId}); err != nil {
		d.s.Checks.Err(back, "a delete that is taken back", err)
		return
	}
	err = d.s.Plan(ctx, "data")
	d.s.Checks.That(back, err == nil, "a plan that reads the state", fmt.Sprint("a plan that ended with: ", err))
}

// wait looks until done says true.
func (d drill) wait(ctx context.Context, what string, done func() (bool, error)) error {
	emulated := d.s.Sandbox.Run.Environment.EmulatesAWS()
	ctx, cancel := context.WithTimeoutCause(ctx, drillBound[emulated], fmt.Errorf("%s: not within %s", what, drillBound[emulated]))
	defer cancel()
	for {
		ok, err := done()
		if err != nil || ok {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(drillPause[emulated]):
		}
	}
}

func instance(ctx context.Context, client *rds.Client, id string) (rdstypes.DBInstance, error) {
	out, err := client.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: &id})
	if err != nil {
		return rdstypes.DBInstance{}, err
	}
	if len(out.DBInstances) != 1 {
		return rdstypes.DBInstance{}, fmt.Errorf("%d instances %s", len(out.DBInstances), id)
	}
	return out.DBInstances[0], nil
}

// available waits until an instance is, and returns it.
func (d drill) available(ctx context.Context, client *rds.Client, id string) (i rdstypes.DBInstance, err error) {
	err = d.wait(ctx, "the database "+id+" is available", func() (bool, error) {
		i, err = instance(ctx, client, id)
		return err == nil && aws.ToString(i.DBInstanceStatus) == "available", err
	})
	return i, err
}

// failover moves the database to its standby, where the environment has one.
func (d drill) failover(ctx context.Context) {
	c := promise("drill-database-failover", "A forced failover moves the database to the standby's zone", "module.rds.aws_db_instance.this", "A1.2", "A1.3")
	client := rds.NewFromConfig(d.data.AWS)
	id := d.data.Output("rds_instance_id")
	before, err := instance(ctx, client, id)
	if err != nil {
		d.s.Checks.Err(c, "the database", err)
		return
	}
	if !aws.ToBool(before.MultiAZ) {
		d.s.Checks.NotProven(c, "an environment with a standby (staging, prod)", "this one's database has none")
		return
	}
	if _, err := client.RebootDBInstance(ctx, &rds.RebootDBInstanceInput{DBInstanceIdentifier: &id, ForceFailover: aws.Bool(true)}); err != nil {
		d.s.Checks.Err(c, "a failover", err)
		return
	}
	var after rdstypes.DBInstance
	err = d.wait(ctx, "the failover", func() (bool, error) {
		after, err = instance(ctx, client, id)
		return err == nil && aws.ToString(after.DBInstanceStatus) == "available" && aws.ToString(after.AvailabilityZone) != aws.ToString(before.AvailabilityZone), err
	})
	if err != nil {
		d.s.Checks.Err(c, "a failover", err)
		return
	}
	d.s.Checks.Equal(c, aws.ToString(before.SecondaryAvailabilityZone), aws.ToString(after.AvailabilityZone))
	if d.s.Sandbox.Run.Environment.EmulatesAWS() {
		d.s.Checks.NotProven(promise("drill-database-failover-time", "The database answers again within two minutes of a failover", "module.rds.aws_db_instance.this", "A1.2", "A1.3"),
			"aws", "the emulator runs no database that could be asked")
	}
}

// databaseRestored restores the database to the latest second beside itself. The
// copy must be as closed and encrypted as the original.
func (d drill) databaseRestored(ctx context.Context) {
	c := promise("drill-database-restore", "The database is restored to a point in time, encrypted, closed and with IAM logins as it was", "module.rds.aws_db_instance.this", "A1.2", "A1.3", "CC6.1")
	client := rds.NewFromConfig(d.data.AWS)
	original, err := instance(ctx, client, d.data.Output("rds_instance_id"))
	if err != nil {
		d.s.Checks.Err(c, "the database", err)
		return
	}
	var groups []string
	for _, g := range original.VpcSecurityGroups {
		groups = append(groups, aws.ToString(g.VpcSecurityGroupId))
	}
	id := d.data.Name + "-drill"
	_, err = client.RestoreDBInstanceToPointInTime(ctx, &rds.RestoreDBInstanceToPointInTimeInput{
		SourceDBInstanceIdentifier: original.DBInstanceIdentifier, TargetDBInstanceIdentifier: &id, UseLatestRestorableTime: aws.Bool(true),
		DBSubnetGroupName: original.DBSubnetGroup.DBSubnetGroupName, VpcSecurityGroupIds: groups, PubliclyAccessible: aws.Bool(false),
		DBParameterGroupName: original.DBParameterGroups[0].DBParameterGroupName, EnableIAMDatabaseAuthentication: aws.Bool(true), DeletionProtection: aws.Bool(false),
	})
	if err != nil {
		d.s.Checks.Err(c, "a restored database", err)
		return
	}
	defer func() {
		if err := d.removed(ctx, client, id); err != nil {
			d.s.T.Errorf("remove the restored database %s: %v", id, err)
		}
	}()
	restored, err := d.available(ctx, client, id)
	if err != nil {
		d.s.Checks.Err(c, "a restored database", err)
		return
	}
	d.s.Checks.Equal(c, traits(original), traits(restored))
	if d.s.Sandbox.Run.Environment.EmulatesAWS() {
		d.s.Checks.NotProven(promise("drill-database-restore-data", "The restored database holds the transactions up to the chosen second", "module.rds.aws_db_instance.this", "A1.2", "A1.3"),
			"aws", "the emulator keeps no rows")
	}
}

// removed deletes an instance and waits until it is gone: its network is to be
// destroyed next.
func (d drill) removed(ctx context.Context, client *rds.Client, id string) error {
	if _, err := client.DeleteDBInstance(ctx, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: &id, SkipFinalSnapshot: aws.Bool(true)}); err != nil {
		return err
	}
	return d.wait(ctx, "the delete of "+id, func() (bool, error) {
		_, err := instance(ctx, client, id)
		var gone *rdstypes.DBInstanceNotFoundFault
		if errors.As(err, &gone) {
			return true, nil
		}
		return false, err
	})
}

// traits are what a restored database must share with the original.
func traits(i rdstypes.DBInstance) map[string]any {
	t := map[string]any{
		"encrypted": aws.ToBool(i.StorageEncrypted), "key": aws.ToString(i.KmsKeyId), "public": aws.ToBool(i.PubliclyAccessible),
		"IAM logins": aws.ToBool(i.IAMDatabaseAuthenticationEnabled), "engine": aws.ToString(i.Engine) + " " + aws.ToString(i.EngineVersion),
	}
	if i.DBSubnetGroup != nil {
		t["subnet group"] = aws.ToString(i.DBSubnetGroup.DBSubnetGroupName)
	}
	for n, g := range i.VpcSecurityGroups {
		t[fmt.Sprint("security group ", n+1)] = aws.ToString(g.VpcSecurityGroupId)
	}
	for _, p := range i.DBParameterGroups {
		t["parameters"] = aws.ToString(p.DBParameterGroupName)
	}
	return t
}

// tableRestored writes an item, restores the table to now beside itself, and reads
// the item there.
func (d drill) tableRestored(ctx context.Context) {
	c := promise("drill-table-restore", "A table is restored to a point in time with its items, under the same key", `aws_dynamodb_table.this["reconciliations"]`, "A1.2", "A1.3", "CC6.1")
	client := dynamodb.NewFromConfig(d.data.AWS)
	var names map[string]string
	d.data.OutputAs("dynamodb_table_names", &names)
	source, target := names["reconciliations"], d.data.Name+"-drill"
	item := map[string]dynamotypes.AttributeValue{
		"client_id": &dynamotypes.AttributeValueMemberS{Value: "drill"}, "run_id": &dynamotypes.AttributeValueMemberS{Value: d.s.Sandbox.Run.ID},
	}
	if _, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &source, Item: item}); err != nil {
		d.s.Checks.Err(c, "an item", err)
		return
	}
	table, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &source})
	if err != nil || table.Table.SSEDescription == nil {
		d.s.Checks.Err(c, "the table's key", err)
		return
	}
	if err := d.restorable(ctx, client, source); err != nil {
		d.s.Checks.Err(c, "a table that can be restored to now", err)
		return
	}
	key := table.Table.SSEDescription.KMSMasterKeyArn
	_, err = client.RestoreTableToPointInTime(ctx, &dynamodb.RestoreTableToPointInTimeInput{
		SourceTableName: &source, TargetTableName: &target, UseLatestRestorableTime: aws.Bool(true),
		SSESpecificationOverride: &dynamotypes.SSESpecification{Enabled: aws.Bool(true), SSEType: dynamotypes.SSETypeKms, KMSMasterKeyId: key},
	})
	if err != nil {
		d.s.Checks.Err(c, "a restored table", err)
		return
	}
	defer func() {
		if _, err := client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &target}); err != nil {
			d.s.T.Errorf("remove the restored table %s: %v", target, err)
		}
	}()
	var restored *dynamodb.DescribeTableOutput
	err = d.wait(ctx, "the restore of "+source, func() (bool, error) {
		restored, err = client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &target})
		return err == nil && restored.Table.TableStatus == dynamotypes.TableStatusActive, err
	})
	if err != nil {
		d.s.Checks.Err(c, "a restored table", err)
		return
	}
	got, err := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &target, Key: item, ConsistentRead: aws.Bool(true)})
	if err != nil {
		d.s.Checks.Err(c, "the item", err)
		return
	}
	under := ""
	if restored.Table.SSEDescription != nil {
		under = aws.ToString(restored.Table.SSEDescription.KMSMasterKeyArn)
	}
	d.s.Checks.Equal(c, []any{len(item), aws.ToString(key)}, []any{len(got.Item), under})
	if _, err := client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &source, Key: item}); err != nil {
		d.s.T.Errorf("remove the drill's item from %s: %v", source, err)
	}
}

// restorable waits until what was just written can be restored: on AWS the latest
// restorable time lies some five minutes back ("Point-in-time backups for DynamoDB").
func (d drill) restorable(ctx context.Context, client *dynamodb.Client, table string) error {
	if d.s.Sandbox.Run.Environment.EmulatesAWS() {
		return nil // it restores to now, whatever time is asked
	}
	written := time.Now()
	return d.wait(ctx, "the latest restorable time of "+table, func() (bool, error) {
		b, err := client.DescribeContinuousBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{TableName: &table})
		if err != nil {
			return false, err
		}
		return aws.ToTime(b.ContinuousBackupsDescription.PointInTimeRecoveryDescription.LatestRestorableDateTime).After(written), nil
	})
}

// objectRestored deletes a report and takes the delete back.
func (d drill) objectRestored(ctx context.Context) {
	c := promise("drill-object-restore", "A deleted report is brought back as it was", `module.bucket["reports"]`, "A1.2", "A1.3", "C1.2")
	var names map[string]string
	d.data.OutputAs("bucket_names", &names)
	bucket, key := names["reports"], "reports/drill/"+d.s.Sandbox.Run.ID
	client := sandbox.S3(d.data.AWS, d.s.Sandbox.Entry())
	put, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("before")})
	if err != nil {
		d.s.Checks.Err(c, "an object", err)
		return
	}
	defer func() {
		if _, err := client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: &key, VersionId: put.VersionId}); err != nil {
			d.s.T.Errorf("remove the drill's object %s: %v", key, err)
		}
	}()
	gone, err := client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: &key})
	if err != nil || !aws.ToBool(gone.DeleteMarker) {
		d.s.Checks.Err(c, "a delete that leaves a marker", err)
		return
	}
	if out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key}); err == nil {
		out.Body.Close()
		d.s.Checks.That(c, false, "a deleted object is not read", "it is read")
		return
	}
	if _, err := client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: &key, VersionId: gone.VersionId}); err != nil {
		d.s.Checks.Err(c, "a delete that is taken back", err)
		return
	}
	got, err := read(ctx, client, bucket, key)
	if err != nil {
		d.s.Checks.Err(c, "the object", err)
		return
	}
	d.s.Checks.Equal(c, "before", got)
}

func read(ctx context.Context, client *s3.Client, bucket, key string) (string, error) {
	out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return "", err
	}
	defer out.Body.Close()
	b, err := io.ReadAll(out.Body)
	return string(b), err
}
