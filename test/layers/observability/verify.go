// Package observability holds what the layer observability promises beyond its
// module: that what is watched are the platform's own resources, who is told of what,
// and that the month's cost is watched.
package observability

import (
	"context"

	_ "github.com/fintrack/platform/test/kit/census/budgets"      // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/chatbot"      // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/cloudwatch"   // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/costexplorer" // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/events"       // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/iam"          // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/logs"         // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/sns"          // lists what is left
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deploy"
)

// services are the six services of the platform.
var services = []string{"auth-service", "ml-anomaly-detector", "notification-service", "reconciliation-service", "reporting-service", "transaction-worker"}

// Layer is the layer for the runner. Chat configurations live in the Region of their
// service, where the runner looks for what is left.
func Layer() deploy.Layer {
	return deploy.Layer{Name: "observability", Verify: verify}
}

// layer reads one applied layer.
type layer struct {
	d *deploy.Deployment
	// topics are the ARNs of the topics.
	topics map[string]string
	// key is the key of logs and topics.
	key string
}

func verify(ctx context.Context, d *deploy.Deployment) {
	l := layer{d: d}
	d.OutputAs("topic_arns", &l.topics)
	var keys map[string]string
	d.Stack.Deployment("security").OutputAs("kms_key_arns", &keys)
	l.key = keys["sns"]
	l.logs(ctx)
	l.tell(ctx)
	l.alarms(ctx)
	l.queue(ctx)
	l.events(ctx)
	l.dashboards(ctx)
	l.cost(ctx)
}

func (l layer) check(id, title, subject string, controls ...string) check.Check {
	return check.Check{ID: "observability." + id, Title: title, Subject: subject, Controls: controls}
}

// of is a text output of another layer.
func (l layer) of(other, output string) string { return l.d.Stack.Deployment(other).Output(output) }

// databases are the identifiers of the database and its replicas.
func (l layer) databases() []string {
	var replicas []string
	l.d.Stack.Deployment("data").OutputAs("rds_replica_ids", &replicas)
	return append([]string{l.of("data", "rds_instance_id")}, replicas...)
}

// gateways are the ids of the NAT gateways.
func (l layer) gateways() (ids []string) {
	var byZone map[string]string
	l.d.Stack.Deployment("networking").OutputAs("nat_gateway_ids", &byZone)
	for _, id := range byZone {
		ids = append(ids, id)
	}
	return ids
}
