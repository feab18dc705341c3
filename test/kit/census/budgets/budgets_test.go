package budgets_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/budgets"
	"github.com/aws/aws-sdk-go-v2/service/budgets/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/budgets"
)

func TestMain(m *testing.M) { censustest.Main(m) }

func TestBudgets(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{
		Make: func(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string) {
			in := &budgets.CreateBudgetInput{
				AccountId: censustest.Do(t, ctx, sts.NewFromConfig(cfg).GetCallerIdentity, &sts.GetCallerIdentityInput{}).Account,
				Budget: &types.Budget{
					BudgetName: &name, BudgetType: types.BudgetTypeCost, TimeUnit: types.TimeUnitMonthly,
					BudgetLimit: &types.Spend{Amount: aws.String("100"), Unit: aws.String("USD")},
				},
			}
			for k, v := range tags {
				in.ResourceTags = append(in.ResourceTags, types.ResourceTag{Key: aws.String(k), Value: aws.String(v)})
			}
			censustest.Do(t, ctx, budgets.NewFromConfig(cfg).CreateBudget, in)
		},
		Types: []string{"aws_budgets_budget"},
	})
}
