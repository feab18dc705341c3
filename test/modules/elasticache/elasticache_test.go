// Package elasticache_test proves the module elasticache: what the cluster
// promises, read from the AWS API of an applied example, and what it refuses.
package elasticache_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	"github.com/aws/aws-sdk-go-v2/service/elasticache/types"
	_ "github.com/fintrack/platform/test/kit/census/ec2"
	_ "github.com/fintrack/platform/test/kit/census/elasticache"
	_ "github.com/fintrack/platform/test/kit/census/kms"
	_ "github.com/fintrack/platform/test/kit/census/logs"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deploy"
)

const (
	group      = "module.elasticache.aws_elasticache_replication_group.this"
	parameters = "module.elasticache.aws_elasticache_parameter_group.this"
	security   = "module.elasticache.aws_security_group.this"
	users      = "module.elasticache.aws_elasticache_user_group.this"
)

func TestMain(m *testing.M) { deploy.Main(m) }

func TestModule(t *testing.T) {
	deploy.Module(t, deploy.Spec{Module: "elasticache", Verify: verify})
}

// outputs are the module's outputs as the example passes them on.
type outputs struct {
	ID            string            `json:"replication_group_id"`
	ARN           string            `json:"replication_group_arn"`
	Endpoint      string            `json:"configuration_endpoint"`
	SecurityGroup string            `json:"security_group_id"`
	UserARNs      map[string]string `json:"user_arns"`
	UserGroup     string            `json:"user_group_id"`
	Parameters    string            `json:"parameter_group_name"`
	Logs          map[string]string `json:"log_group_names"`
}

func promise(id, title, subject string, controls ...string) check.Check {
	return check.Check{ID: "elasticache." + id, Title: title, Subject: subject, Controls: controls}
}

// cluster is the applied cluster and what asks for it.
type cluster struct {
	*deploy.Deployment
	api *elasticache.Client
	out outputs
}

func verify(ctx context.Context, d *deploy.Deployment) {
	c := cluster{Deployment: d, api: elasticache.NewFromConfig(d.AWS)}
	d.OutputAs("elasticache", &c.out)
	got, err := c.api.DescribeReplicationGroups(ctx, &elasticache.DescribeReplicationGroupsInput{ReplicationGroupId: &c.out.ID})
	if err != nil {
		d.Checks.Err(promise("exists", "The cluster exists", group, "A1.1"), c.out.ID, err)
		return
	}
	c.availability(got.ReplicationGroups[0])
	c.encryption(got.ReplicationGroups[0])
	c.keeping(got.ReplicationGroups[0])
	c.nodes(ctx)
	c.parameters(ctx)
	c.users(ctx, got.ReplicationGroups[0])
	c.network(ctx)
	c.logs(ctx, got.ReplicationGroups[0])
	c.tags(ctx)
	d.Checks.NotProven(promise("failover", "A replica takes over within a minute when its primary fails", group, "A1.2", "A1.3"), "aws", "the emulator runs no node that could fail")
	d.Checks.NotProven(promise("login", "A connection without TLS, or as the user default, is refused", group, "CC6.1", "CC6.7"), "aws", "the emulator runs no Redis that could be connected to")
}

func (c cluster) availability(g types.ReplicationGroup) {
	c.Checks.Equal(promise("cluster-mode", "The cluster is sharded", group, "A1.1"), true, aws.ToBool(g.ClusterEnabled))
	var shards []string
	for _, s := range g.NodeGroups {
		shards = append(shards, fmt.Sprintf("%s: %d nodes", aws.ToString(s.NodeGroupId), len(s.NodeGroupMembers)))
	}
	slices.Sort(shards)
	c.Checks.Equal(promise("three-shards", "There are three shards with a primary and two replicas each", group, "A1.1", "A1.2"), []string{"0001: 3 nodes", "0002: 3 nodes", "0003: 3 nodes"}, shards)
	c.Checks.Equal(promise("automatic-failover", "A replica takes over by itself", group, "A1.2"), types.AutomaticFailoverStatusEnabled, g.AutomaticFailover)
	c.Checks.Equal(promise("multi-az", "The nodes of a shard stand in several availability zones", group, "A1.2"), types.MultiAZStatusEnabled, g.MultiAZ)
	zones := map[string]map[string]bool{}
	alone := []string{}
	for _, s := range g.NodeGroups {
		id := aws.ToString(s.NodeGroupId)
		zones[id] = map[string]bool{}
		for _, m := range s.NodeGroupMembers {
			zones[id][aws.ToString(m.PreferredAvailabilityZone)] = true
		}
		if len(zones[id]) < 2 {
			alone = append(alone, id)
		}
	}
	c.Checks.That(promise("zones", "Each shard has nodes in more than one availability zone", group, "A1.2"), len(alone) == 0 && len(zones) > 0, "at least two zones a shard", fmt.Sprintf("%v; in one zone alone: %v", zones, alone))
}

func (c cluster) encryption(g types.ReplicationGroup) {
	c.Checks.Equal(promise("encrypted-at-rest", "Data at rest is encrypted under the customer's key", group, "CC6.1", "C1.1"), []any{true, c.Output("kms_key_arn")}, []any{aws.ToBool(g.AtRestEncryptionEnabled), aws.ToString(g.KmsKeyId)})
	c.Checks.Equal(promise("encrypted-in-transit", "TLS is required, not only offered", group, "CC6.7"), []any{true, types.TransitEncryptionModeRequired}, []any{aws.ToBool(g.TransitEncryptionEnabled), g.TransitEncryptionMode})
	c.Checks.Equal(promise("no-shared-password", "There is no password that all clients share", group, "CC6.1"), false, aws.ToBool(g.AuthTokenEnabled))
}

func (c cluster) keeping(g types.ReplicationGroup) {
	c.Checks.Equal(promise("snapshots", "A snapshot is taken each day and kept for 7 days", group, "A1.2"), []any{int32(7), "02:00-03:00"}, []any{aws.ToInt32(g.SnapshotRetentionLimit), aws.ToString(g.SnapshotWindow)})
	c.Checks.Equal(promise("minor-upgrades", "Minor versions are installed by themselves", group, "CC6.8", "CC7.1"), true, aws.ToBool(g.AutoMinorVersionUpgrade))
}

// nodes reads what only the member clusters say.
func (c cluster) nodes(ctx context.Context) {
	version := promise("redis-7", "Every node runs Redis 7", group, "CC8.1")
	window := promise("maintenance-window", "Maintenance has a window outside the snapshots'", group, "A1.2")
	got, err := c.api.DescribeCacheClusters(ctx, &elasticache.DescribeCacheClustersInput{})
	if err != nil {
		c.Checks.Err(version, "9 nodes of Redis 7", err)
		c.Checks.Err(window, "sun:04:00-sun:05:00", err)
		return
	}
	engines, windows, count := map[string]bool{}, map[string]bool{}, 0
	for _, x := range got.CacheClusters {
		if aws.ToString(x.ReplicationGroupId) != c.out.ID {
			continue
		}
		count++
		engines[aws.ToString(x.Engine)+" "+strings.SplitN(aws.ToString(x.EngineVersion), ".", 2)[0]] = true
		windows[aws.ToString(x.PreferredMaintenanceWindow)] = true
	}
	c.Checks.Equal(version, []any{9, map[string]bool{"redis 7": true}}, []any{count, engines})
	c.Checks.Equal(window, map[string]bool{"sun:04:00-sun:05:00": true}, windows)
}

func (c cluster) parameters(ctx context.Context) {
	k := promise("parameters", "The module's parameters are in force: a cluster, and entries with an expiry go first", parameters, "A1.1", "CC8.1")
	got, err := c.api.DescribeCacheParameters(ctx, &elasticache.DescribeCacheParametersInput{CacheParameterGroupName: &c.out.Parameters})
	if err != nil {
		c.Checks.Err(k, "cluster-enabled and maxmemory-policy", err)
		return
	}
	found := map[string]string{}
	for _, p := range got.Parameters {
		if n := aws.ToString(p.ParameterName); n == "cluster-enabled" || n == "maxmemory-policy" {
			found[n] = aws.ToString(p.ParameterValue)
		}
	}
	c.Checks.Equal(k, map[string]string{"cluster-enabled": "yes", "maxmemory-policy": "volatile-lru"}, found)
}

// users reads who may log in, and as what.
func (c cluster) users(ctx context.Context, g types.ReplicationGroup) {
	c.Checks.Equal(promise("user-group-used", "The cluster lets in the module's users alone", group, "CC6.1"), []string{c.out.UserGroup}, g.UserGroupIds)
	k := promise("users", "The group has the switched-off default user and the named ones, by IAM, and no others", users, "CC6.1", "CC6.2", "CC6.3")
	got, err := c.api.DescribeUserGroups(ctx, &elasticache.DescribeUserGroupsInput{UserGroupId: &c.out.UserGroup})
	if err != nil {
		c.Checks.Err(k, "three users", err)
		return
	}
	found := map[string]string{}
	for _, id := range got.UserGroups[0].UserIds {
		u, err := c.api.DescribeUsers(ctx, &elasticache.DescribeUsersInput{UserId: aws.String(id)})
		if err != nil {
			c.Checks.Err(k, "user "+id, err)
			return
		}
		x := u.Users[0]
		method := ""
		if x.Authentication != nil {
			method = string(x.Authentication.Type)
		}
		found[aws.ToString(x.UserName)] = method + ": " + aws.ToString(x.AccessString)
	}
	c.Checks.Equal(k, map[string]string{
		"default":          "no-password: off ~* -@all",
		c.Name + "-auth":   "iam: on ~session:* +@read +@write +@connection -@dangerous",
		c.Name + "-worker": "iam: on ~transactions:* +@read +@write +@stream +@connection -@dangerous",
	}, found)
	var arns []string
	for key, arn := range c.out.UserARNs {
		arns = append(arns, key+"="+arn)
	}
	slices.Sort(arns)
	here := "arn:aws:elasticache:" + c.Region + ":" + c.Sandbox.Account + ":"
	c.Checks.Equal(promise("connect-arns", "The outputs name what elasticache:Connect is allowed on", users, "CC6.3"),
		[]string{here + "replicationgroup:" + c.Name, "auth=" + here + "user:" + c.Name + "-auth", "worker=" + here + "user:" + c.Name + "-worker"}, append([]string{c.out.ARN}, arns...))
}

// network reads where the nodes stand and who reaches them.
func (c cluster) network(ctx context.Context) {
	k := promise("isolated-subnets", "The nodes stand in the given subnets, in three availability zones", group, "CC6.6", "A1.2")
	s, err := c.api.DescribeCacheSubnetGroups(ctx, &elasticache.DescribeCacheSubnetGroupsInput{CacheSubnetGroupName: aws.String(c.Name)})
	if err != nil {
		c.Checks.Err(k, "three subnets", err)
	} else {
		var want, got []string
		c.OutputAs("subnet_ids", &want)
		zones := map[string]bool{}
		for _, x := range s.CacheSubnetGroups[0].Subnets {
			got = append(got, aws.ToString(x.SubnetIdentifier))
			if x.SubnetAvailabilityZone != nil {
				zones[aws.ToString(x.SubnetAvailabilityZone.Name)] = true
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		c.Checks.Equal(k, []any{want, 3}, []any{got, len(zones)})
	}
	api := ec2.NewFromConfig(c.AWS)
	ingress := promise("ingress-from-groups", "Only the named group reaches Redis, on its port, and nothing else", security, "CC6.1", "CC6.6")
	egress := promise("no-egress", "The cache calls nobody", security, "CC6.6")
	rules, err := api.DescribeSecurityGroupRules(ctx, &ec2.DescribeSecurityGroupRulesInput{Filters: []ec2types.Filter{{Name: aws.String("group-id"), Values: []string{c.out.SecurityGroup}}}})
	if err != nil {
		c.Checks.Err(ingress, "one rule", err)
		c.Checks.Err(egress, "no rule", err)
		return
	}
	in, out := []string{}, []string{}
	for _, r := range rules.SecurityGroupRules {
		peer := aws.ToString(r.CidrIpv4) + aws.ToString(r.CidrIpv6) + aws.ToString(r.PrefixListId)
		if r.ReferencedGroupInfo != nil {
			peer = aws.ToString(r.ReferencedGroupInfo.GroupId)
		}
		line := fmt.Sprintf("%s %d-%d %s", aws.ToString(r.IpProtocol), aws.ToInt32(r.FromPort), aws.ToInt32(r.ToPort), peer)
		if aws.ToBool(r.IsEgress) {
			out = append(out, line)
		} else {
			in = append(in, line)
		}
	}
	c.Checks.Equal(ingress, []string{"tcp 6379-6379 " + c.Output("services_security_group_id")}, in)
	c.Checks.Equal(egress, []string{}, out)
	c.securityGroup(ctx)
}

// securityGroup reads that the nodes stand behind that group alone.
func (c cluster) securityGroup(ctx context.Context) {
	k := promise("one-security-group", "Every node stands behind the module's security group alone", group, "CC6.6")
	got, err := c.api.DescribeCacheClusters(ctx, &elasticache.DescribeCacheClustersInput{})
	if err != nil {
		c.Checks.Err(k, c.out.SecurityGroup, err)
		return
	}
	groups := map[string]int{}
	for _, x := range got.CacheClusters {
		if aws.ToString(x.ReplicationGroupId) != c.out.ID {
			continue
		}
		for _, s := range x.SecurityGroups {
			groups[aws.ToString(s.SecurityGroupId)]++
		}
	}
	c.Checks.Equal(k, map[string]int{c.out.SecurityGroup: 9}, groups)
}

// logs reads that slow and engine logs arrive where they are encrypted and kept.
func (c cluster) logs(ctx context.Context, g types.ReplicationGroup) {
	got := map[string]string{}
	for _, l := range g.LogDeliveryConfigurations {
		to := ""
		if l.DestinationDetails != nil && l.DestinationDetails.CloudWatchLogsDetails != nil {
			to = aws.ToString(l.DestinationDetails.CloudWatchLogsDetails.LogGroup)
		}
		got[string(l.LogType)] = fmt.Sprintf("%s %s %s", l.DestinationType, l.LogFormat, to)
	}
	c.Checks.Equal(promise("logs-delivered", "The slow log and the engine's log go to CloudWatch", group, "CC7.2"), map[string]string{
		"slow-log":   "cloudwatch-logs json " + c.out.Logs["slow"],
		"engine-log": "cloudwatch-logs json " + c.out.Logs["engine"],
	}, got)
	api := cloudwatchlogs.NewFromConfig(c.AWS)
	for _, name := range []string{"slow", "engine"} {
		k := promise("log-kept-"+name, "The "+name+" log is encrypted under the customer's key and kept for a year", fmt.Sprintf("module.elasticache.aws_cloudwatch_log_group.this[%q]", name), "CC7.2", "C1.1")
		found, err := api.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String(c.out.Logs[name])})
		if err != nil {
			c.Checks.Err(k, "365 days", err)
			continue
		}
		var have []any
		for _, x := range found.LogGroups {
			if aws.ToString(x.LogGroupName) == c.out.Logs[name] {
				have = []any{aws.ToString(x.KmsKeyId), aws.ToInt32(x.RetentionInDays)}
			}
		}
		c.Checks.Equal(k, []any{c.Output("kms_key_arn"), int32(365)}, have)
	}
}

func (c cluster) tags(ctx context.Context) {
	k := promise("tags", "The cluster carries the given tags", group, "CC8.1")
	got, err := c.api.ListTagsForResource(ctx, &elasticache.ListTagsForResourceInput{ResourceName: &c.out.ARN})
	if err != nil {
		c.Checks.Err(k, fmt.Sprint(c.Sandbox.Tags), err)
		return
	}
	want, have := map[string]string{"Name": c.Name}, map[string]string{}
	for key, v := range c.Sandbox.Tags {
		want[key] = v
	}
	for _, t := range got.TagList {
		have[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	c.Checks.Equal(k, want, have)
}
