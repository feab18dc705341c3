package observability_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/fintrack/platform/test/kit/check"
)

func (m module) tiers(ctx context.Context) (map[string]types.CompositeAlarm, error) {
	got, err := m.cloudwatch().DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: aws.String(m.Name + "-"), AlarmTypes: []types.AlarmType{types.AlarmTypeCompositeAlarm}})
	if err != nil {
		return nil, err
	}
	byName := map[string]types.CompositeAlarm{}
	for _, a := range got.CompositeAlarms {
		byName[strings.TrimPrefix(*a.AlarmName, m.Name+"-")] = a
	}
	return byName, nil
}

// composites proves that each of them tells the critical topic and says what to do.
func (m module) composites(ctx context.Context) {
	found, err := m.tiers(ctx)
	critical := []string{m.topicARN("critical")}
	for _, name := range []string{"database", "cache", "network", "edge", "incident"} {
		resource := `aws_cloudwatch_composite_alarm.tier["` + name + `"]`
		if name == "incident" {
			resource = "aws_cloudwatch_composite_alarm.incident[0]"
		}
		c := m.check("composite-"+name, "The composite alarm "+name+" wakes somebody, says what to do and when it is over", resource, "CC7.3", "A1.1")
		if err != nil {
			m.Checks.Err(c, "the critical topic", err)
			continue
		}
		a := found[name]
		m.Checks.Equal(c, []any{critical, critical, true, true},
			[]any{a.AlarmActions, a.OKActions, aws.ToBool(a.ActionsEnabled), strings.Contains(aws.ToString(a.AlarmDescription), " What to do: ")})
	}
	if err == nil {
		m.Checks.Equal(m.check("no-other-composites", "There is no composite alarm that nobody asked for", "aws_cloudwatch_composite_alarm.tier", "CC7.3"), 5, len(found))
	}
}

// scenario sets single alarms to ALARM and names the composite alarms that must follow.
type scenario struct {
	id, title string
	red, wake []string
}

var scenarios = []scenario{
	{"busy-database-wakes-nobody", "A busy CPU alone wakes nobody", []string{"rds-primary-cpu"}, nil},
	{"crowded-database-wakes", "CPU and connections together are a database in danger", []string{"rds-primary-cpu", "rds-primary-connections"}, []string{"database"}},
	{"cpu-and-connections-of-two-databases-wake-nobody", "CPU of one database and connections of another are not", []string{"rds-primary-cpu", "rds-replica-connections"}, nil},
	{"full-database-wakes", "A full database is in danger by itself", []string{"rds-primary-storage"}, []string{"database"}},
	{"lagging-replica-wakes", "So is a lagging replica", []string{"rds-replica-replica-lag"}, []string{"database"}},
	{"full-cache-wakes-nobody", "Memory of a cache that throws nothing out wakes nobody", []string{"elasticache-sessions-0002-memory"}, nil},
	{"evicting-cache-wakes", "Memory and evictions of one shard are a cache in danger", []string{"elasticache-sessions-0002-memory", "elasticache-sessions-0002-evictions"}, []string{"cache"}},
	{"lagging-cache-wakes", "So is a lagging replica of a cache", []string{"elasticache-sessions-0003-replication-lag"}, []string{"cache"}},
	{"nat-without-ports-wakes", "A NAT gateway without ports is a network in danger", []string{"nat-us-east-1b-port-allocation"}, []string{"network"}},
	{"server-errors-wake", "Server errors are an edge in danger", []string{"alb-public-5xx"}, []string{"edge"}},
	{"errors-with-a-cause-are-an-incident", "Server errors over a database in danger are an incident with its cause", []string{"alb-public-5xx", "rds-primary-storage"}, []string{"database", "edge", "incident"}},
}

// settleBound is how long a composite alarm may take to follow its children.
const settleBound = time.Minute

// states plays each scenario on the deployed alarms, with a queue that listens to the
// topics: what is heard is what the composite alarms, the topics' policies and the
// key's policy let through.
func (m module) states(ctx context.Context) {
	ears, err := m.listen(ctx)
	if err != nil {
		m.T.Errorf("listen to the topics: %v", err)
	} else {
		defer ears.close(context.WithoutCancel(ctx))
	}
	for _, s := range scenarios {
		c := m.check("scenario-"+s.id, s.title, "aws_cloudwatch_composite_alarm.tier", "CC7.2", "CC7.3")
		if err != nil {
			m.Checks.Err(c, "a queue that listens", err)
			continue
		}
		m.play(ctx, c, s, ears)
	}
}

func (m module) play(ctx context.Context, c check.Check, s scenario, ears *ears) {
	defer func() {
		if err := m.become(context.WithoutCancel(ctx), types.StateValueOk, s.red); err != nil {
			m.T.Errorf("scenario %s: %v", s.id, err)
		}
		if err := ears.drain(context.WithoutCancel(ctx)); err != nil {
			m.T.Errorf("scenario %s: %v", s.id, err)
		}
	}()
	want := map[string]bool{}
	for _, name := range append(append([]string{}, s.red...), s.wake...) {
		want[name+" ALARM"] = true
	}
	if err := m.become(ctx, types.StateValueAlarm, s.red); err != nil {
		m.Checks.Err(c, "alarms set to ALARM", err)
		return
	}
	heard, err := ears.hear(ctx, len(want))
	if err != nil {
		m.Checks.Err(c, fmt.Sprintf("%d notifications", len(want)), err)
		return
	}
	m.Checks.Equal(c, want, heard)
}

func (m module) become(ctx context.Context, state types.StateValue, names []string) error {
	client := m.cloudwatch()
	for _, name := range names {
		_, err := client.SetAlarmState(ctx, &cloudwatch.SetAlarmStateInput{AlarmName: aws.String(m.Name + "-" + name), StateValue: state, StateReason: aws.String("a scenario of the tests")})
		if err != nil {
			return fmt.Errorf("set the alarm %s to %s: %w", name, state, err)
		}
	}
	return nil
}
