package costexplorer_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/costexplorer"
	"github.com/aws/aws-sdk-go-v2/service/costexplorer/types"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/costexplorer"
)

func TestMain(m *testing.M) { censustest.Main(m) }

func TestCostExplorer(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{
		Make: func(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string) {
			c := costexplorer.NewFromConfig(cfg)
			var ts []types.ResourceTag
			for k, v := range tags {
				ts = append(ts, types.ResourceTag{Key: aws.String(k), Value: aws.String(v)})
			}
			monitor := censustest.Do(t, ctx, c.CreateAnomalyMonitor, &costexplorer.CreateAnomalyMonitorInput{ResourceTags: ts, AnomalyMonitor: &types.AnomalyMonitor{
				MonitorName: &name, MonitorType: types.MonitorTypeDimensional, MonitorDimension: types.MonitorDimensionService,
			}})
			censustest.Do(t, ctx, c.CreateAnomalySubscription, &costexplorer.CreateAnomalySubscriptionInput{ResourceTags: ts, AnomalySubscription: &types.AnomalySubscription{
				SubscriptionName: &name, Frequency: types.AnomalySubscriptionFrequencyDaily, MonitorArnList: []string{*monitor.MonitorArn}, Threshold: aws.Float64(100),
				Subscribers: []types.Subscriber{{Type: types.SubscriberTypeEmail, Address: aws.String("costs@example.com")}},
			}})
		},
		Types: []string{"aws_ce_anomaly_monitor", "aws_ce_anomaly_subscription"},
	})
}
