package gitops

import (
	"fmt"
	"regexp"
	"strings"

	"sigs.k8s.io/yaml"
)

// ExternalMetrics finds metrics that a HorizontalPodAutoscaler asks for and that do not
// come from anywhere. adapter are the values of prometheus-adapter, exporter those of
// the CloudWatch exporter; queues are the names of the queues by the short name that an
// autoscaler uses.
func (t Tree) ExternalMetrics(adapter, exporter map[string]any, queues map[string]string) ([]Finding, error) {
	scalers, err := t.autoscalers()
	if err != nil {
		return nil, err
	}
	rules := map[string]any{}
	for _, r := range list(at(adapter, "rules", "external")) {
		rules[text(r, "name", "as")] = r
	}
	series, err := exported(exporter)
	if err != nil {
		return nil, err
	}
	var out []Finding
	for _, target := range names(scalers) {
		h := scalers[target]
		for _, m := range h.Spec.Metrics {
			if m.External == nil {
				continue
			}
			subject := Finding{Subject: "HorizontalPodAutoscaler " + h.Name, Origin: Origin{File: "gitops/addons/prometheus-adapter/values.yaml"}}
			name := m.External.Metric.Name
			rule, ok := rules[name]
			if !ok {
				subject.Problem, subject.Fix = fmt.Sprintf("no rule gives the metric %s", name), "the rules give "+strings.Join(names(rules), ", ")
				out = append(out, subject)
				continue
			}
			query := text(rule, "seriesQuery")
			base, _, _ := strings.Cut(query, "{")
			if !strings.Contains(text(rule, "metricsQuery"), "<<.LabelMatchers>>") {
				subject.Problem = fmt.Sprintf("the rule of %s does not use the labels that the autoscaler asks by", name)
				out = append(out, subject)
			}
			asked := m.External.Metric.Selector.MatchLabels
			found := false
			for _, s := range series {
				found = found || s.metric == base && s.queue == queues[asked["queue"]] && s.short == asked["queue"]
			}
			if !found {
				subject.Origin.File = "gitops/addons/cloudwatch-exporter/values.yaml"
				subject.Problem = fmt.Sprintf("nothing exports %s for the queue %q (%s)", base, asked["queue"], queues[asked["queue"]])
				out = append(out, subject)
			}
		}
	}
	return out, nil
}

// sample is one series of the CloudWatch exporter after relabelling.
type sample struct{ metric, queue, short string }

// exported are the series that the CloudWatch exporter's configuration leads to: the
// exporter's names are the namespace and metric in snake case with the statistic behind
// (its README, "Exported metrics"), which the ServiceMonitor relabels.
func exported(values map[string]any) ([]sample, error) {
	var config struct {
		Metrics []struct {
			Namespace  string              `json:"aws_namespace"`
			Name       string              `json:"aws_metric_name"`
			Select     map[string][]string `json:"aws_dimension_select"`
			Statistics []string            `json:"aws_statistics"`
		} `json:"metrics"`
	}
	if err := yaml.Unmarshal([]byte(text(values, "config")), &config); err != nil {
		return nil, fmt.Errorf("the configuration of the CloudWatch exporter: %w", err)
	}
	relabel := list(at(values, "serviceMonitor", "metricRelabelings"))
	var out []sample
	for _, m := range config.Metrics {
		for _, statistic := range m.Statistics {
			queues := m.Select["QueueName"]
			if len(queues) == 0 {
				queues = []string{""} // not a queue's metric
			}
			for _, queue := range queues {
				labels := map[string]string{
					"__name__":   strings.ToLower(strings.ReplaceAll(m.Namespace, "/", "_")) + "_" + snake(m.Name) + "_" + strings.ToLower(statistic),
					"queue_name": queue,
				}
				for _, r := range relabel {
					if err := relabelOne(labels, r); err != nil {
						return nil, err
					}
				}
				out = append(out, sample{labels["__name__"], labels["queue_name"], labels["queue"]})
			}
		}
	}
	return out, nil
}

// Exported finds metrics that are said to come from the CloudWatch exporter and do not.
func Exported(file string, named []string, exporter map[string]any) ([]Finding, error) {
	have, err := ExportedMetrics(exporter)
	if err != nil {
		return nil, err
	}
	var out []Finding
	for _, name := range named {
		if !matchAny(have, name) {
			out = append(out, Finding{Subject: "metric " + name, Origin: Origin{File: file}, Problem: "the CloudWatch exporter does not export it", Fix: "it exports " + strings.Join(have, ", ")})
		}
	}
	return out, nil
}

// ExportedMetrics are the names of those series.
func ExportedMetrics(values map[string]any) ([]string, error) {
	series, err := exported(values)
	set := map[string]bool{}
	for _, s := range series {
		set[s.metric] = true
	}
	return names(set), err
}

// relabelOne applies a relabelling of the action replace (Prometheus's documentation,
// "relabel_config").
func relabelOne(labels map[string]string, rule any) error {
	if action := text(rule, "action"); action != "" && action != "replace" {
		return fmt.Errorf("relabelling of the CloudWatch exporter: the action %s is not read here", action)
	}
	var in []string
	for _, s := range list(at(rule, "sourceLabels")) {
		in = append(in, labels[fmt.Sprint(s)])
	}
	re, err := regexp.Compile("^(?s:" + text(rule, "regex") + ")$")
	if err != nil {
		return fmt.Errorf("relabelling of the CloudWatch exporter: %w", err)
	}
	value := strings.Join(in, ";")
	m := re.FindStringSubmatchIndex(value)
	if m == nil {
		return nil
	}
	replacement := text(rule, "replacement")
	if replacement == "" {
		replacement = "$1"
	}
	labels[text(rule, "targetLabel")] = string(re.ExpandString(nil, replacement, value, m))
	return nil
}

var upper = regexp.MustCompile(`([a-z0-9])([A-Z])`)

func snake(s string) string { return strings.ToLower(upper.ReplaceAllString(s, "${1}_${2}")) }
