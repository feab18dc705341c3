// Package rds_test proves the module rds: what it promises, read from the AWS
// API of an applied example, and what it refuses.
package rds_test

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	_ "github.com/fintrack/platform/test/kit/census/ec2"
	_ "github.com/fintrack/platform/test/kit/census/iam"
	_ "github.com/fintrack/platform/test/kit/census/kms"
	_ "github.com/fintrack/platform/test/kit/census/rds"
	_ "github.com/fintrack/platform/test/kit/census/secretsmanager"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deploy"
)

const (
	instance       = "module.rds.aws_db_instance.this"
	replica        = "module.rds.aws_db_instance.replica[0]"
	parameterGroup = "module.rds.aws_db_parameter_group.this"
	subnetGroup    = "module.rds.aws_db_subnet_group.this"
	securityGroup  = "module.rds.aws_security_group.this"
	monitoringRole = "module.rds.aws_iam_role.monitoring"
)

func TestMain(m *testing.M) { deploy.Main(m) }

func TestModule(t *testing.T) {
	deploy.Module(t, deploy.Spec{
		Module:  "rds",
		Unlock:  map[string]any{"deletion_protection": false},
		Verify:  verify,
		Residue: residue,
	})
}

// outputs are the module's outputs as the example passes them on.
type outputs struct {
	Identifier    string `json:"identifier"`
	ResourceID    string `json:"resource_id"`
	Secret        string `json:"master_user_secret_arn"`
	SecurityGroup string `json:"security_group_id"`
	Parameters    string `json:"parameter_group_name"`
	Role          string `json:"monitoring_role_arn"`
	Snapshot      string `json:"final_snapshot_identifier"`
	Replica       string `json:"replica_identifier"`
}

func verify(ctx context.Context, d *deploy.Deployment) {
	var out outputs
	d.OutputAs("rds", &out)
	api := rds.NewFromConfig(d.AWS)
	db, err := describe(ctx, api, out.Identifier)
	if err != nil {
		d.Checks.Err(promise("exists", "The instance exists", instance), out.Identifier, err)
		return
	}
	key := d.Output("kms_key_arn")
	verifyEngine(d, db)
	verifyEncryption(ctx, d, db, out, key)
	verifyIdentity(d, db)
	verifyAvailability(d, db)
	verifyObservation(ctx, d, db, out, key)
	verifyParameters(ctx, d, api, out)
	verifyNetwork(ctx, d, api, db, out)
	verifyReplica(ctx, d, api, out, key)
	verifyProtection(ctx, d, api, out)
}

func promise(id, title, subject string, controls ...string) check.Check {
	return check.Check{ID: "rds." + id, Title: title, Subject: subject, Controls: controls}
}

func describe(ctx context.Context, api *rds.Client, id string) (types.DBInstance, error) {
	out, err := api.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String(id)})
	if err != nil {
		return types.DBInstance{}, err
	}
	return out.DBInstances[0], nil
}

func verifyEngine(d *deploy.Deployment, db types.DBInstance) {
	d.Checks.That(promise("postgresql-16", "The engine is PostgreSQL 16", instance, "CC8.1"),
		aws.ToString(db.Engine) == "postgres" && strings.HasPrefix(aws.ToString(db.EngineVersion), "16."),
		"postgres 16.x", aws.ToString(db.Engine)+" "+aws.ToString(db.EngineVersion))
	d.Checks.Equal(promise("minor-upgrades", "Minor versions are installed by themselves", instance, "CC7.1", "CC6.8"), true, aws.ToBool(db.AutoMinorVersionUpgrade))
	d.Checks.Equal(promise("storage-gp3", "Storage is gp3", instance, "A1.1"), "gp3", aws.ToString(db.StorageType))
	d.Checks.That(promise("storage-grows", "Storage grows by itself before it is full", instance, "A1.1"),
		aws.ToInt32(db.MaxAllocatedStorage) > aws.ToInt32(db.AllocatedStorage),
		"a maximum above the allocated size", fmt.Sprintf("%d GiB of at most %d", aws.ToInt32(db.AllocatedStorage), aws.ToInt32(db.MaxAllocatedStorage)))
	d.Checks.Equal(promise("certificate-authority", "The server certificate is of a current authority", instance, "CC6.7"), "rds-ca-rsa2048-g1", aws.ToString(db.CACertificateIdentifier))
	for k, v := range d.Sandbox.Tags {
		d.Checks.Equal(promise("tag-"+strings.ReplaceAll(k, ":", "-"), "The instance carries the tag "+k, instance, "CC8.1"), v, tag(db.TagList, k))
	}
}

func tag(tags []types.Tag, key string) string {
	for _, t := range tags {
		if aws.ToString(t.Key) == key {
			return aws.ToString(t.Value)
		}
	}
	return ""
}

func verifyEncryption(ctx context.Context, d *deploy.Deployment, db types.DBInstance, out outputs, key string) {
	d.Checks.Equal(promise("storage-encrypted", "Storage is encrypted", instance, "CC6.1", "C1.1"), true, aws.ToBool(db.StorageEncrypted))
	d.Checks.Equal(promise("storage-key", "Storage is encrypted under the customer's key", instance, "CC6.1", "C1.1"), key, aws.ToString(db.KmsKeyId))
	d.Checks.Equal(promise("insights-key", "Performance Insights is encrypted under the customer's key", instance, "CC6.1", "C1.1"), key, aws.ToString(db.PerformanceInsightsKMSKeyId))
	c := promise("password-managed", "The administrator's password is made and kept by RDS, under the customer's key", instance, "CC6.1")
	if db.MasterUserSecret == nil {
		d.Checks.That(c, false, out.Secret, "no managed secret")
		return
	}
	d.Checks.Equal(c, [2]string{out.Secret, key}, [2]string{aws.ToString(db.MasterUserSecret.SecretArn), aws.ToString(db.MasterUserSecret.KmsKeyId)})
	c = promise("password-exists", "The secret of the managed password exists", instance, "CC6.1")
	if _, err := secretsmanager.NewFromConfig(d.AWS).DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: aws.String(out.Secret)}); err != nil {
		d.Checks.Err(c, out.Secret, err)
		return
	}
	d.Checks.That(c, true, out.Secret, "found")
}

func verifyIdentity(d *deploy.Deployment, db types.DBInstance) {
	d.Checks.Equal(promise("iam-authentication", "Services log in by IAM token", instance, "CC6.1", "CC6.2"), true, aws.ToBool(db.IAMDatabaseAuthenticationEnabled))
	user := aws.ToString(db.MasterUsername)
	d.Checks.That(promise("administrator-name", "The administrator has no well-known name", instance, "CC6.1"),
		!slices.Contains([]string{"postgres", "admin", "root", "rdsadmin"}, user), "not postgres, admin, root or rdsadmin", user)
}

func verifyAvailability(d *deploy.Deployment, db types.DBInstance) {
	d.Checks.Equal(promise("multi-az", "A standby stands in another availability zone", instance, "A1.2"), true, aws.ToBool(db.MultiAZ))
	d.Checks.Equal(promise("backup-retention", "Backups are kept for 35 days", instance, "A1.2", "C1.2"), int32(35), aws.ToInt32(db.BackupRetentionPeriod))
	d.Checks.Equal(promise("backup-window", "Backups have a window of their own", instance, "A1.2"), "02:00-03:00", aws.ToString(db.PreferredBackupWindow))
	d.Checks.Equal(promise("maintenance-window", "Maintenance has a window outside the backups'", instance, "A1.2"), "sun:04:00-sun:05:00", aws.ToString(db.PreferredMaintenanceWindow))
	d.Checks.Equal(promise("snapshots-tagged", "Snapshots carry the instance's tags", instance, "CC8.1"), true, aws.ToBool(db.CopyTagsToSnapshot))
	d.Checks.NotProven(promise("failover-time", "A failover to the standby takes less than two minutes", instance, "A1.2", "A1.3"), "aws", "the emulator has no standby that could take over")
}

func verifyObservation(ctx context.Context, d *deploy.Deployment, db types.DBInstance, out outputs, key string) {
	d.Checks.Equal(promise("performance-insights", "Performance Insights is on and keeps two years", instance, "CC7.2"),
		fmt.Sprint(true, 731), fmt.Sprint(aws.ToBool(db.PerformanceInsightsEnabled), aws.ToInt32(db.PerformanceInsightsRetentionPeriod)))
	logs := slices.Clone(db.EnabledCloudwatchLogsExports)
	sort.Strings(logs)
	d.Checks.Equal(promise("logs-exported", "The PostgreSQL and upgrade logs go to CloudWatch", instance, "CC7.2", "CC7.3"), []string{"postgresql", "upgrade"}, logs)
	d.Checks.Equal(promise("enhanced-monitoring", "Enhanced Monitoring runs each minute under its role", instance, "CC7.2", "A1.1"),
		fmt.Sprint(60, " ", out.Role), fmt.Sprint(aws.ToInt32(db.MonitoringInterval), " ", aws.ToString(db.MonitoringRoleArn)))

	api := iam.NewFromConfig(d.AWS)
	name := out.Role[strings.LastIndex(out.Role, "/")+1:]
	c := promise("monitoring-policy", "The monitoring role has AWS's policy for it and no other", monitoringRole, "CC6.3")
	attached, err := api.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: aws.String(name)})
	if err != nil {
		d.Checks.Err(c, "one attached policy", err)
		return
	}
	inline, err := api.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: aws.String(name)})
	if err != nil {
		d.Checks.Err(c, "no inline policy", err)
		return
	}
	var have []string
	for _, p := range attached.AttachedPolicies {
		have = append(have, aws.ToString(p.PolicyArn))
	}
	have = append(have, inline.PolicyNames...)
	d.Checks.Equal(c, []string{"arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"}, have)
	verifyTrust(ctx, d, api, name)
}

func verifyParameters(ctx context.Context, d *deploy.Deployment, api *rds.Client, out outputs) {
	want := map[string]struct{ value, title string }{
		"rds.force_ssl":              {"1", "Connections without TLS are refused"},
		"log_statement":              {"ddl", "Changes of the schema are logged"},
		"log_connections":            {"1", "Connections are logged"},
		"log_disconnections":         {"1", "Disconnections are logged"},
		"log_min_duration_statement": {"1000", "Statements of more than a second are logged"},
	}
	have := map[string]string{}
	pages := rds.NewDescribeDBParametersPaginator(api, &rds.DescribeDBParametersInput{DBParameterGroupName: aws.String(out.Parameters)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			d.Checks.Err(promise("parameters", "The parameter group can be read", parameterGroup), out.Parameters, err)
			return
		}
		for _, p := range page.Parameters {
			have[aws.ToString(p.ParameterName)] = aws.ToString(p.ParameterValue)
		}
	}
	for name, w := range want {
		id := "parameter-" + strings.NewReplacer("_", "-", ".", "-").Replace(name)
		d.Checks.Equal(promise(id, w.title, parameterGroup, "CC6.7", "CC7.2"), name+"="+w.value, name+"="+have[name])
	}
	db, err := describe(ctx, api, out.Identifier)
	c := promise("parameter-group-used", "The instance uses the module's parameter group", instance, "CC8.1")
	if err != nil || len(db.DBParameterGroups) != 1 {
		d.Checks.That(c, false, out.Parameters, fmt.Sprint(len(db.DBParameterGroups), " groups ", err))
		return
	}
	d.Checks.Equal(c, out.Parameters, aws.ToString(db.DBParameterGroups[0].DBParameterGroupName))
}

func verifyNetwork(ctx context.Context, d *deploy.Deployment, api *rds.Client, db types.DBInstance, out outputs) {
	d.Checks.Equal(promise("not-public", "The instance has no public address", instance, "CC6.6"), false, aws.ToBool(db.PubliclyAccessible))
	verifySubnets(ctx, d, db)
	var groups []string
	for _, g := range db.VpcSecurityGroups {
		groups = append(groups, aws.ToString(g.VpcSecurityGroupId))
	}
	d.Checks.Equal(promise("one-security-group", "The instance stands behind the module's security group alone", instance, "CC6.6"), []string{out.SecurityGroup}, groups)

	c := promise("ingress-from-groups", "Only the named group reaches PostgreSQL, on its port, and nothing else", securityGroup, "CC6.1", "CC6.6")
	rules, err := ec2.NewFromConfig(d.AWS).DescribeSecurityGroupRules(ctx, &ec2.DescribeSecurityGroupRulesInput{
		Filters: []ec2types.Filter{{Name: aws.String("group-id"), Values: []string{out.SecurityGroup}}},
	})
	if err != nil {
		d.Checks.Err(c, "one rule", err)
		return
	}
	var ingress, egress []string
	for _, r := range rules.SecurityGroupRules {
		from := aws.ToString(r.CidrIpv4) + aws.ToString(r.CidrIpv6) + aws.ToString(r.PrefixListId)
		if r.ReferencedGroupInfo != nil {
			from += aws.ToString(r.ReferencedGroupInfo.GroupId)
		}
		line := fmt.Sprintf("%s %d-%d %s", aws.ToString(r.IpProtocol), aws.ToInt32(r.FromPort), aws.ToInt32(r.ToPort), from)
		if aws.ToBool(r.IsEgress) {
			egress = append(egress, line)
		} else {
			ingress = append(ingress, line)
		}
	}
	d.Checks.Equal(c, []string{"tcp 5432-5432 " + d.Output("services_security_group_id")}, ingress)
	d.Checks.That(promise("no-egress", "The database calls nobody", securityGroup, "CC6.6"), len(egress) == 0, "no egress rule", fmt.Sprint(egress))
}

func verifySubnets(ctx context.Context, d *deploy.Deployment, db types.DBInstance) {
	var want, have []string
	d.OutputAs("subnet_ids", &want)
	c := promise("isolated-subnets", "The instance stands in the given subnets, in three availability zones", subnetGroup, "CC6.6", "A1.2")
	if db.DBSubnetGroup == nil {
		d.Checks.That(c, false, fmt.Sprint(want), "no subnet group")
		return
	}
	for _, s := range db.DBSubnetGroup.Subnets {
		have = append(have, aws.ToString(s.SubnetIdentifier))
	}
	sort.Strings(want)
	sort.Strings(have)
	subnets, err := ec2.NewFromConfig(d.AWS).DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: have})
	if err != nil {
		d.Checks.Err(c, fmt.Sprint(want), err)
		return
	}
	zones := map[string]bool{}
	for _, s := range subnets.Subnets {
		zones[aws.ToString(s.AvailabilityZone)] = true
	}
	d.Checks.Equal(c, fmt.Sprint(want, " in 3 zones"), fmt.Sprintf("%v in %d zones", have, len(zones)))
}

func verifyReplica(ctx context.Context, d *deploy.Deployment, api *rds.Client, out outputs, key string) {
	r, err := describe(ctx, api, out.Replica)
	c := promise("replica-source", "The read replica follows the instance", replica, "A1.2")
	if err != nil {
		d.Checks.Err(c, out.Identifier, err)
		return
	}
	d.Checks.Equal(c, out.Identifier, aws.ToString(r.ReadReplicaSourceDBInstanceIdentifier))
	d.Checks.Equal(promise("replica-encrypted", "The replica is encrypted under the same key", replica, "CC6.1", "C1.1"),
		fmt.Sprint(true, " ", key), fmt.Sprint(aws.ToBool(r.StorageEncrypted), " ", aws.ToString(r.KmsKeyId)))
	d.Checks.Equal(promise("replica-not-public", "The replica has no public address", replica, "CC6.6"), false, aws.ToBool(r.PubliclyAccessible))
	d.Checks.Equal(promise("replica-iam-authentication", "Services log in to the replica by IAM token", replica, "CC6.1"), true, aws.ToBool(r.IAMDatabaseAuthenticationEnabled))
}

// verifyProtection tries what must be refused.
func verifyProtection(ctx context.Context, d *deploy.Deployment, api *rds.Client, out outputs) {
	for id, subject := range map[string]string{out.Identifier: instance, out.Replica: replica} {
		name := "deletion-refused"
		if subject == replica {
			name = "replica-deletion-refused"
		}
		_, err := api.DeleteDBInstance(ctx, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String(id), SkipFinalSnapshot: aws.Bool(true)})
		observed := "DeleteDBInstance was accepted"
		if err != nil {
			observed = err.Error()
		}
		d.Checks.That(promise(name, "A delete is refused while protection is on, as it is by default", subject, "A1.2", "CC6.1"),
			err != nil && strings.Contains(strings.ToLower(observed), "deletion protection"), "refused because of deletion protection", observed)
	}
}

// residue proves that the destroy left a snapshot from which the data can be had
// again, and removes it.
func residue(ctx context.Context, d *deploy.Deployment) {
	var out outputs
	d.OutputAs("rds", &out)
	api := rds.NewFromConfig(d.AWS)
	c := promise("final-snapshot", "A destroy leaves a final snapshot, encrypted under the customer's key", instance, "A1.2", "C1.2")
	found, err := api.DescribeDBSnapshots(ctx, &rds.DescribeDBSnapshotsInput{DBSnapshotIdentifier: aws.String(out.Snapshot)})
	if err != nil || len(found.DBSnapshots) != 1 {
		d.Checks.Err(c, out.Snapshot, fmt.Errorf("snapshot %s: %w", out.Snapshot, err))
		return
	}
	s := found.DBSnapshots[0]
	d.Checks.Equal(c, fmt.Sprint("encrypted ", true, " ", d.Output("kms_key_arn")), fmt.Sprint("encrypted ", aws.ToBool(s.Encrypted), " ", aws.ToString(s.KmsKeyId)))
	if _, err := api.DeleteDBSnapshot(ctx, &rds.DeleteDBSnapshotInput{DBSnapshotIdentifier: aws.String(out.Snapshot)}); err != nil {
		d.T.Errorf("remove the final snapshot %s: %v", out.Snapshot, err)
	}
}
