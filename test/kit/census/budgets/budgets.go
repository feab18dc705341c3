// Package budgets lists and deletes the budgets of AWS Budgets.
package budgets

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/budgets"
	"github.com/aws/aws-sdk-go-v2/service/budgets/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/fintrack/platform/test/kit/census"
)

func init() {
	const budget = "aws_budgets_budget"
	census.Register(census.Lister{
		Service: "budgets", Types: []string{budget}, List: list,
		Parts: []census.Part{{Type: "aws_budgets_budget_action", Of: budget, Why: "an action is an entry of its budget"}},
	})
}

func list(ctx context.Context, cfg aws.Config) ([]census.Resource, error) {
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return nil, fmt.Errorf("ask whose account this is: %w", err)
	}
	c, account := budgets.NewFromConfig(cfg), who.Account
	return census.Each(ctx, budgets.NewDescribeBudgetsPaginator(c, &budgets.DescribeBudgetsInput{AccountId: account}),
		func(p *budgets.DescribeBudgetsOutput) []types.Budget { return p.Budgets },
		func(b types.Budget) census.Resource {
			arn := fmt.Sprintf("arn:%s:budgets::%s:budget/%s", census.Partition(cfg.Region), aws.ToString(account), aws.ToString(b.BudgetName))
			return census.Resource{
				ID: aws.ToString(b.BudgetName), Name: aws.ToString(b.BudgetName), ARN: arn,
				ReadTags: func(ctx context.Context) (map[string]string, error) {
					out, err := c.ListTagsForResource(ctx, &budgets.ListTagsForResourceInput{ResourceARN: &arn})
					if err != nil {
						return nil, err
					}
					return census.Tags(out.ResourceTags, func(t types.ResourceTag) (k, v *string) { return t.Key, t.Value }), nil
				},
				Delete: census.Deleter(c.DeleteBudget, &budgets.DeleteBudgetInput{AccountId: account, BudgetName: b.BudgetName}),
			}
		})
}
