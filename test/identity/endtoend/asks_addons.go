package endtoend

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	r53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	census "github.com/fintrack/platform/test/kit/census/cloudwatch"
)

// secretAsks are those to the secrets.
func (w *world) secretAsks() []ask {
	by := map[string][]string{
		"rds":   {reconciliation, reporting, notification, auth, worker, secretsSync},
		"redis": {reconciliation, auth, worker, secretsSync},
		"sqs":   {reconciliation, worker, secretsSync},
	}
	var asks []ask
	for _, short := range sorted(by) {
		id := w.material.secrets[short]
		asks = append(asks,
			ask{id: "secret-" + short, title: "The secret " + short + " is read by those who need it", by: by[short], do: func(ctx context.Context, s session) error {
				client := secretsmanager.NewFromConfig(s.aws)
				if _, err := client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &id}); err != nil {
					return err
				}
				_, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &id})
				return err
			}},
			ask{id: "secret-" + short + "-write", title: "The secret " + short + " is written by no pod", do: func(ctx context.Context, s session) error {
				_, err := secretsmanager.NewFromConfig(s.aws).PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: &id, SecretString: aws.String("{}")})
				return err
			}},
		)
	}
	rds := w.material.secrets["rds"]
	return append(asks, ask{id: "secret-versions", title: "The versions of a secret are listed by External Secrets alone", by: []string{secretsSync}, do: func(ctx context.Context, s session) error {
		_, err := secretsmanager.NewFromConfig(s.aws).ListSecretVersionIds(ctx, &secretsmanager.ListSecretVersionIdsInput{SecretId: &rds})
		return err
	}})
}

// addonAsks are those of the add-ons: records, logs, metrics, images, certificates.
func (w *world) addonAsks() []ask {
	m := &w.material
	readers := []string{updater, trivy}
	asks := []ask{
		{id: "record-challenge", title: "The answer to a challenge is put into the zone by cert-manager", by: []string{certManager}, do: w.record("_acme-challenge.app."+m.domain, r53types.RRTypeTxt, `"x"`)},
		{id: "record-address", title: "An address is put into the zone by nobody", do: w.record("_acme-challenge.app."+m.domain, r53types.RRTypeA, "192.0.2.1")},
		{id: "record-elsewhere", title: "A text at another name is put into the zone by nobody", do: w.record("app."+m.domain, r53types.RRTypeTxt, `"x"`)},
		{id: "records-list", title: "The zone's records are listed by cert-manager", by: []string{certManager}, do: func(ctx context.Context, s session) error {
			_, err := route53.NewFromConfig(s.aws).ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: &m.zone})
			return err
		}},
		{id: "record-change", title: "A change of the zone is waited for by cert-manager", by: []string{certManager}, do: func(ctx context.Context, s session) error {
			_, err := route53.NewFromConfig(s.aws).GetChange(ctx, &route53.GetChangeInput{Id: aws.String("C1PA6795UKMFR9")})
			return err
		}},
		{id: "logs-write", title: "Lines are added to a service's log by Fluent Bit", by: []string{fluentBit}, do: logged(m.logGroup)},
		{id: "logs-write-elsewhere", title: "Lines are added to another log by nobody", do: logged(m.otherGroup)},
		{id: "logs-read", title: "Logs are read in CloudWatch by no pod", do: func(ctx context.Context, s session) error {
			_, err := cloudwatchlogs.NewFromConfig(s.aws).FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &m.logGroup})
			return err
		}},
		{id: "metrics-read", title: "Metrics and names are read by the exporter", by: []string{exporter}, do: measured("")},
		{id: "metrics-read-elsewhere", title: "Metrics of another Region are read by nobody", do: measured("eu-west-1")},
		{id: "metrics-write", title: "Metrics are written by no pod", do: func(ctx context.Context, s session) error {
			_, err := census.New(s.aws).PutMetricData(ctx, &cloudwatch.PutMetricDataInput{Namespace: aws.String("x"), MetricData: []cwtypes.MetricDatum{{MetricName: aws.String("x"), Value: aws.Float64(1)}}})
			return err
		}},
		{id: "images-login", title: "The registry is entered by those who read images", by: readers, do: func(ctx context.Context, s session) error {
			_, err := ecr.NewFromConfig(s.aws).GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{})
			return err
		}},
		{id: "images-read", title: "Images are listed by those who read images", by: readers, do: func(ctx context.Context, s session) error {
			client := ecr.NewFromConfig(s.aws)
			if _, err := client.ListImages(ctx, &ecr.ListImagesInput{RepositoryName: &m.repository}); err != nil {
				return err
			}
			if _, err := client.BatchGetImage(ctx, &ecr.BatchGetImageInput{RepositoryName: &m.repository, ImageIds: []ecrtypes.ImageIdentifier{{ImageTag: aws.String("none")}}}); err != nil {
				return err
			}
			_, err := client.DescribeImages(ctx, &ecr.DescribeImagesInput{RepositoryName: &m.repository})
			return err
		}},
		{id: "images-layers", title: "An image's layers are fetched by those who read images", by: readers, lacks: "no layers", do: func(ctx context.Context, s session) error {
			return answer(ecr.NewFromConfig(s.aws).GetDownloadUrlForLayer(ctx, &ecr.GetDownloadUrlForLayerInput{RepositoryName: &m.repository, LayerDigest: aws.String("sha256:" + strings.Repeat("0", 64))}))
		}},
		{id: "images-write", title: "Images are pushed by no pod", do: func(ctx context.Context, s session) error {
			_, err := ecr.NewFromConfig(s.aws).PutImage(ctx, &ecr.PutImageInput{RepositoryName: &m.repository, ImageManifest: aws.String("{}"), ImageTag: aws.String("x")})
			return err
		}},
		{id: "certificates-list", title: "Certificates are listed by the load balancer controller", by: []string{balancer}, do: func(ctx context.Context, s session) error {
			_, err := acm.NewFromConfig(s.aws).ListCertificates(ctx, &acm.ListCertificatesInput{})
			return err
		}},
	}
	return asks
}

// record puts a record into the zone.
func (w *world) record(name string, kind r53types.RRType, value string) do {
	return func(ctx context.Context, s session) error {
		_, err := route53.NewFromConfig(s.aws).ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{
			HostedZoneId: &w.material.zone, ChangeBatch: &r53types.ChangeBatch{Changes: []r53types.Change{{
				Action: r53types.ChangeActionUpsert, ResourceRecordSet: &r53types.ResourceRecordSet{
					Name: &name, Type: kind, TTL: aws.Int64(60), ResourceRecords: []r53types.ResourceRecord{{Value: &value}}}}}}})
		return err
	}
}

// logged makes a stream, adds a line and looks at the streams.
func logged(group string) do {
	return func(ctx context.Context, s session) error {
		client := cloudwatchlogs.NewFromConfig(s.aws)
		stream := aws.String(time.Now().Format("150405.000000000"))
		if _, err := client.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &group, LogStreamName: stream}); err != nil {
			return err
		}
		if _, err := client.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: &group, LogStreamName: stream,
			LogEvents: []logtypes.InputLogEvent{{Message: aws.String("x"), Timestamp: aws.Int64(time.Now().UnixMilli())}}}); err != nil {
			return err
		}
		_, err := client.DescribeLogStreams(ctx, &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: &group})
		return err
	}
}

// measured reads metrics and tags, in another region when one is named.
func measured(region string) do {
	return func(ctx context.Context, s session) error {
		c := s.aws
		if region != "" {
			c.Region = region
		}
		client := census.New(c)
		if _, err := client.ListMetrics(ctx, &cloudwatch.ListMetricsInput{}); err != nil {
			return err
		}
		_, err := client.GetMetricData(ctx, &cloudwatch.GetMetricDataInput{StartTime: aws.Time(time.Now().Add(-time.Hour)), EndTime: aws.Time(time.Now()),
			MetricDataQueries: []cwtypes.MetricDataQuery{{Id: aws.String("x"), MetricStat: &cwtypes.MetricStat{Period: aws.Int32(60), Stat: aws.String("Sum"), Metric: &cwtypes.Metric{Namespace: aws.String("x"), MetricName: aws.String("x")}}}}})
		if err != nil {
			return err
		}
		_, err = resourcegroupstaggingapi.NewFromConfig(c).GetResources(ctx, &resourcegroupstaggingapi.GetResourcesInput{})
		return err
	}
}
