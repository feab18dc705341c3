package observability

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/budgets"
	"github.com/aws/aws-sdk-go-v2/service/costexplorer"
)

// cost reads the budget, and the watch over anomalies.
func (l layer) cost(ctx context.Context) {
	l.budget(ctx)
	l.anomalies(ctx)
}

func (l layer) budget(ctx context.Context) {
	c := l.check("budget", "The month's cost is held against the environment's budget: told at four fifths spent, and when the whole is foreseen", "aws_budgets_budget.month", "A1.1")
	var limit float64
	l.d.Variable("budget_usd", &limit)
	client := budgets.NewFromConfig(l.d.AWS)
	account, name := aws.String(l.d.Sandbox.Account), aws.String(l.d.Name+"-month")
	b, err := client.DescribeBudget(ctx, &budgets.DescribeBudgetInput{AccountId: account, BudgetName: name})
	if err != nil {
		l.d.Checks.Err(c, "a budget", err)
		return
	}
	amount, err := strconv.ParseFloat(aws.ToString(b.Budget.BudgetLimit.Amount), 64)
	if err != nil {
		l.d.Checks.Err(c, "an amount", err)
		return
	}
	list, err := client.DescribeNotificationsForBudget(ctx, &budgets.DescribeNotificationsForBudgetInput{AccountId: account, BudgetName: name})
	if err != nil {
		l.d.Checks.Err(c, "notifications", err)
		return
	}
	var told []string
	for _, n := range list.Notifications {
		who, err := client.DescribeSubscribersForNotification(ctx, &budgets.DescribeSubscribersForNotificationInput{AccountId: account, BudgetName: name, Notification: &n})
		if err != nil {
			l.d.Checks.Err(c, "subscribers", err)
			return
		}
		for _, s := range who.Subscribers {
			told = append(told, fmt.Sprint(n.NotificationType, " ", n.ComparisonOperator, " ", n.Threshold, " ", n.ThresholdType, " ", s.SubscriptionType, " ", aws.ToString(s.Address)))
		}
	}
	slices.Sort(told)
	l.d.Checks.Equal(c, []any{limit, "USD", "COST", "MONTHLY", []string{
		"ACTUAL GREATER_THAN 80 PERCENTAGE SNS " + l.topics["cost"],
		"FORECASTED GREATER_THAN 100 PERCENTAGE SNS " + l.topics["cost"],
	}}, []any{amount, aws.ToString(b.Budget.BudgetLimit.Unit), string(b.Budget.BudgetType), string(b.Budget.TimeUnit), told})
}

func (l layer) anomalies(ctx context.Context) {
	c := l.check("cost-anomalies", "What a service costs beyond what was expected is told at once", "aws_ce_anomaly_subscription.services", "A1.1")
	client := costexplorer.NewFromConfig(l.d.AWS)
	monitors, err := client.GetAnomalyMonitors(ctx, &costexplorer.GetAnomalyMonitorsInput{})
	if err != nil || len(monitors.AnomalyMonitors) != 1 {
		l.d.Checks.Err(c, "one monitor", err)
		return
	}
	m := monitors.AnomalyMonitors[0]
	out, err := client.GetAnomalySubscriptions(ctx, &costexplorer.GetAnomalySubscriptionsInput{MonitorArn: m.MonitorArn})
	if err != nil || len(out.AnomalySubscriptions) != 1 {
		l.d.Checks.Err(c, "one subscription", err)
		return
	}
	s := out.AnomalySubscriptions[0]
	var who []string
	for _, x := range s.Subscribers {
		who = append(who, fmt.Sprint(x.Type, " ", aws.ToString(x.Address)))
	}
	var from []string
	if e := s.ThresholdExpression; e != nil && e.Dimensions != nil {
		from = append([]string{string(e.Dimensions.Key)}, e.Dimensions.Values...)
	}
	var dollars int
	l.d.Variable("cost_anomaly_usd", &dollars)
	l.d.Checks.Equal(c, []any{"DIMENSIONAL", "SERVICE", "IMMEDIATE", []string{"SNS " + l.topics["cost"]}, []string{"ANOMALY_TOTAL_IMPACT_ABSOLUTE", strconv.Itoa(dollars)}},
		[]any{string(m.MonitorType), string(m.MonitorDimension), string(s.Frequency), who, from})
}
