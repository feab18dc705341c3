// Package networking holds what the layer networking promises beyond its modules:
// the ways to other networks, and that its flow logs can be asked.
package networking

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/athena"
	athenatypes "github.com/aws/aws-sdk-go-v2/service/athena/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	_ "github.com/fintrack/platform/test/kit/census/athena" // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/ec2"    // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/glue"   // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/logs"   // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/s3"     // lists what is left
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deploy"
	"github.com/fintrack/platform/test/kit/policydoc"
)

// Layer is the layer for the runner.
func Layer() deploy.Layer { return deploy.Layer{Name: "networking", Verify: verify} }

type layer struct{ d *deploy.Deployment }

func verify(ctx context.Context, d *deploy.Deployment) {
	l := layer{d: d}
	l.zones(ctx)
	l.peers(ctx)
	l.logs(ctx)
	l.forensics(ctx)
	l.refusals(ctx)
}

func (l layer) check(id, title, subject string, controls ...string) check.Check {
	return check.Check{ID: "networking." + id, Title: title, Subject: subject, Controls: controls}
}

func (l layer) zones(ctx context.Context) {
	var letters, private []string
	var gateways map[string]string
	l.d.Variable("availability_zones", &letters)
	l.d.OutputAs("private_subnet_ids", &private)
	l.d.OutputAs("nat_gateway_ids", &gateways)
	var single bool
	l.d.Variable("single_nat_gateway", &single)
	c := l.check("zones", "There is a private subnet in each zone that the environment names, each with its own way out where the environment wants that", "module.vpc.aws_subnet.private", "A1.1", "A1.2")
	out, err := ec2.NewFromConfig(l.d.AWS).DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: private})
	if err != nil {
		l.d.Checks.Err(c, "subnets", err)
		return
	}
	var want, got []string
	for _, z := range letters {
		want = append(want, l.d.Region+z)
	}
	for _, s := range out.Subnets {
		got = append(got, aws.ToString(s.AvailabilityZone))
	}
	slices.Sort(got)
	exits := len(letters)
	if single {
		exits = 1
	}
	l.d.Checks.Equal(c, []any{want, exits}, []any{got, len(gateways)})
}

// peers reads the ways to networks behind the transit gateway.
func (l layer) peers(ctx context.Context) {
	c := l.check("peers", "Networks of the company are reached through the transit gateway from the private subnets alone; without peers there is no gateway", "aws_ec2_transit_gateway.this", "CC6.6")
	closed := l.check("transit-gateway-closed", "The transit gateway accepts nobody by itself and passes on no route by itself", "aws_ec2_transit_gateway.this", "CC6.6")
	client := ec2.NewFromConfig(l.d.AWS)
	var peers map[string]string
	l.d.Variable("peer_cidrs", &peers)
	tables, err := client.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: []ec2types.Filter{{Name: aws.String("vpc-id"), Values: []string{l.d.Output("vpc_id")}}}})
	if err != nil {
		l.d.Checks.Err(c, "routes", err)
		return
	}
	var private map[string]string
	l.d.OutputAs("private_route_table_ids", &private)
	want, got := []string{}, []string{}
	for _, table := range private {
		for _, cidr := range peers {
			want = append(want, table+" "+cidr)
		}
	}
	for _, t := range tables.RouteTables {
		for _, r := range t.Routes {
			if aws.ToString(r.TransitGatewayId) != "" {
				got = append(got, aws.ToString(t.RouteTableId)+" "+aws.ToString(r.DestinationCidrBlock))
			}
		}
	}
	l.d.Checks.Equal(c, slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got)))
	gateways, err := client.DescribeTransitGateways(ctx, &ec2.DescribeTransitGatewaysInput{})
	if err != nil {
		l.d.Checks.Err(closed, "gateways", err)
		return
	}
	wanted, found := [][]string{}, [][]string{}
	if len(peers) > 0 {
		wanted = append(wanted, []string{"disable", "disable", "disable"})
	}
	for _, g := range gateways.TransitGateways {
		if g.State == ec2types.TransitGatewayStateDeleted {
			continue
		}
		o := g.Options
		found = append(found, []string{string(o.AutoAcceptSharedAttachments), string(o.DefaultRouteTableAssociation), string(o.DefaultRouteTablePropagation)})
	}
	l.d.Checks.Equal(closed, wanted, found)
}

func (l layer) logs(ctx context.Context) {
	bucket := l.d.Output("flow_log_bucket")
	client := s3.NewFromConfig(l.d.AWS, func(o *s3.Options) { o.UsePathStyle = l.d.Sandbox.PathStyle() })
	c := l.check("flow-logs-written", "The log service of this account alone writes flow logs, and only there", "module.flow_logs.aws_s3_bucket_policy.this", "CC6.1", "CC7.2")
	p, err := client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &bucket})
	if err != nil {
		l.d.Checks.Err(c, "a policy", err)
		return
	}
	all, err := policydoc.BySid(aws.ToString(p.Policy))
	if err != nil {
		l.d.Checks.Err(c, "a policy", err)
		return
	}
	allowed := map[string]any{}
	for sid, s := range all {
		if s["Effect"] == "Allow" {
			allowed[sid] = []any{s["Principal"], s["Action"], s["Resource"], s["Condition"]}
		}
	}
	logs := map[string]any{"Service": "delivery.logs.amazonaws.com"}
	account := map[string]any{"aws:SourceAccount": l.d.Sandbox.Account}
	l.d.Checks.Equal(c, map[string]any{
		"AWSLogDeliveryWrite": []any{logs, "s3:PutObject", "arn:aws:s3:::" + bucket + "/AWSLogs/*", map[string]any{
			"StringEquals": account, "ArnLike": map[string]any{"aws:SourceArn": "arn:aws:logs:" + l.d.Region + ":" + l.d.Sandbox.Account + ":*"}}},
		"AWSLogDeliveryCheck": []any{logs, "s3:GetBucketAcl", "arn:aws:s3:::" + bucket, map[string]any{"StringEquals": account}},
	}, allowed)

	c = l.check("flow-logs-kept", "Flow logs are kept as long as the environment says", "module.flow_logs.aws_s3_bucket_lifecycle_configuration.this", "CC7.2", "CC7.3")
	var days int32
	l.d.Variable("flow_log_retention_days", &days)
	rules, err := client.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: &bucket})
	if err != nil {
		l.d.Checks.Err(c, "rules", err)
		return
	}
	var got []int32
	for _, r := range rules.Rules {
		if r.Expiration != nil && aws.ToInt32(r.Expiration.Days) > 0 {
			got = append(got, aws.ToInt32(r.Expiration.Days))
		}
	}
	l.d.Checks.Equal(c, []int32{days}, got)
}

// forensics reads what an investigator finds ready.
func (l layer) forensics(ctx context.Context) {
	client := athena.NewFromConfig(l.d.AWS)
	group := l.d.Output("athena_workgroup")
	c := l.check("forensics-workgroup", "Questions to the flow logs are encrypted, bounded in cost, and nobody sets that aside", "aws_athena_workgroup.forensics", "CC7.3", "C1.1")
	w, err := client.GetWorkGroup(ctx, &athena.GetWorkGroupInput{WorkGroup: &group})
	if err != nil {
		l.d.Checks.Err(c, "a workgroup", err)
		return
	}
	o := w.WorkGroup.Configuration
	var encryption athenatypes.EncryptionOption
	if o.ResultConfiguration.EncryptionConfiguration != nil {
		encryption = o.ResultConfiguration.EncryptionConfiguration.EncryptionOption
	}
	l.d.Checks.Equal(c, []any{true, int64(107374182400), athenatypes.EncryptionOptionSseS3, "s3://" + l.d.Output("flow_log_bucket") + "/athena/"},
		[]any{aws.ToBool(o.EnforceWorkGroupConfiguration), aws.ToInt64(o.BytesScannedCutoffPerQuery), encryption, aws.ToString(o.ResultConfiguration.OutputLocation)})

	c = l.check("forensics-queries", "The questions of an investigation are written down, and ask the table that there is", "aws_athena_named_query.this", "CC7.3")
	list, err := client.ListNamedQueries(ctx, &athena.ListNamedQueriesInput{WorkGroup: &group})
	if err != nil {
		l.d.Checks.Err(c, "queries", err)
		return
	}
	database := l.d.Output("glue_database")
	got := map[string]bool{}
	for _, id := range list.NamedQueryIds {
		q, err := client.GetNamedQuery(ctx, &athena.GetNamedQueryInput{NamedQueryId: &id})
		if err != nil {
			l.d.Checks.Err(c, "a query", err)
			return
		}
		got[aws.ToString(q.NamedQuery.Name)] = aws.ToString(q.NamedQuery.Database) == database && strings.Contains(aws.ToString(q.NamedQuery.QueryString), " FROM flow_logs WHERE ")
	}
	l.d.Checks.Equal(c, map[string]bool{"rejected-to-data": true, "data-on-other-ports": true, "top-talkers-to-internet": true, "one-address": true, "remote-logins": true, "scans": true}, got)

	c = l.check("forensics-table", "The table reads the flow logs where they are written, by hours, without a crawler", "aws_glue_catalog_table.flow_logs", "CC7.3")
	t, err := glue.NewFromConfig(l.d.AWS).GetTable(ctx, &glue.GetTableInput{DatabaseName: &database, Name: aws.String("flow_logs")})
	if err != nil {
		l.d.Checks.Err(c, "a table", err)
		return
	}
	logs := "s3://" + l.d.Output("flow_log_bucket") + "/AWSLogs/aws-account-id=" + l.d.Sandbox.Account + "/aws-service=vpcflowlogs/aws-region=" + l.d.Region
	l.d.Checks.Equal(c, []any{logs, logs + "/year=${year}/month=${month}/day=${day}/hour=${hour}", "true", 14, 4},
		[]any{aws.ToString(t.Table.StorageDescriptor.Location), t.Table.Parameters["storage.location.template"], t.Table.Parameters["projection.enabled"], len(t.Table.StorageDescriptor.Columns), len(t.Table.PartitionKeys)})
}
