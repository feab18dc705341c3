// Command alerts is `fintrack alerts`: alert rules over simulated days. It is a
// program of its own so that the others do not link Prometheus.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"

	"github.com/fintrack/platform/test/kit/alerts"
)

// addOn is where the rules, scenarios and metrics are, below the repository.
const addOn = "gitops/addons/prometheus-stack"

// errUnexpected is the answer of a simulation in which something else happened
// than the scenario expects: exit code 1.
var errUnexpected = errors.New("not what the scenario expects")

func main() {
	if err := command().Execute(); err != nil {
		fmt.Fprintf(os.Stderr, "fintrack alerts: %v\n", err)
		if errors.Is(err, errUnexpected) {
			os.Exit(1)
		}
		os.Exit(2)
	}
}

func command() *cobra.Command {
	root := &cobra.Command{Use: "alerts", Short: "Alert rules over simulated days", SilenceUsage: true, SilenceErrors: true}
	root.AddCommand(simulate(), observe(), list())
	return root
}

func load() (*alerts.Book, error) {
	b, err := alerts.Load(os.DirFS(addOn))
	if err != nil {
		return nil, fmt.Errorf("read %s:\n%w", addOn, err)
	}
	return b, nil
}

func simulate() *cobra.Command {
	var rule, scenario string
	c := &cobra.Command{Use: "simulate --rule ALERT --scenario NAME", Short: "Draw what a rule sees over a scenario, and when it fires", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			b, err := load()
			if err != nil {
				return err
			}
			r, err := b.Rules.Alert(rule)
			if err != nil {
				return err
			}
			s, err := b.Scenario(scenario)
			if err != nil {
				return err
			}
			p, err := alerts.NewSimulator().Draw(c.Context(), b.Rules, s, r)
			if err != nil {
				return err
			}
			return p.Write(c.OutOrStdout())
		}}
	c.Flags().StringVar(&rule, "rule", "", "the name of an alert")
	c.Flags().StringVar(&scenario, "scenario", "", "the name of a scenario")
	for _, name := range []string{"rule", "scenario"} {
		_ = c.MarkFlagRequired(name)
	}
	return c
}

func observe() *cobra.Command {
	return &cobra.Command{Use: "observe SCENARIO", Short: "Print what fires in a scenario, as expectations to review and keep", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			b, err := load()
			if err != nil {
				return err
			}
			s, err := b.Scenario(args[0])
			if err != nil {
				return err
			}
			run, err := alerts.NewSimulator().Run(context.Background(), b.Rules, s)
			if err != nil {
				return err
			}
			fmt.Fprintln(c.OutOrStdout(), "expect:")
			for _, in := range run.Instances {
				for _, f := range in.Firing {
					fmt.Fprintln(c.OutOrStdout(), expectation(in, f, s.Start))
				}
			}
			if problems := run.Judge(); len(problems) > 0 {
				for _, p := range problems {
					fmt.Fprintln(c.ErrOrStderr(), p)
				}
				return errUnexpected
			}
			return nil
		}}
}

// expectation writes one firing interval. How far the times may differ depends
// on "for": halving it must not go unnoticed.
func expectation(in *alerts.Instance, f alerts.Interval, start time.Time) string {
	margin := time.Minute
	switch {
	case in.Rule.For > 0 && in.Rule.For <= time.Minute:
		margin = 0
	case in.Rule.For > 0 && in.Rule.For <= 2*time.Minute:
		margin = alerts.Step
	}
	resolves := "never"
	if !f.To.IsZero() {
		resolves = window(f.To.Sub(start), margin)
	}
	labels := ""
	own := in.Labels.Map()
	names := make([]string, 0, len(own))
	for name := range own {
		if fixed := in.Rule.Labels[name]; name != "alertname" && fixed != own[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if labels != "" {
			labels += ", "
		}
		labels += fmt.Sprintf("%s: %q", name, own[name])
	}
	if labels != "" {
		labels = ", labels: {" + labels + "}"
	}
	return fmt.Sprintf("  - {alert: %s%s, fires: %s, resolves: %s}", in.Rule.Alert, labels, window(f.From.Sub(start), margin), resolves)
}

func window(at, margin time.Duration) string {
	return fmt.Sprintf("%s..%s", model.Duration(max(0, at-margin)), model.Duration(at+margin))
}

func list() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List the alerts and the scenarios", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			b, err := load()
			if err != nil {
				return err
			}
			for _, r := range b.Rules.Alerts {
				fmt.Fprintf(c.OutOrStdout(), "alert     %-34s %-9s %s\n", r.Alert, r.Labels["severity"], r.Place)
			}
			for _, s := range b.Scenarios {
				fmt.Fprintf(c.OutOrStdout(), "scenario  %-34s %-9s %s\n", s.Name, model.Duration(s.Duration), s.About)
			}
			return nil
		}}
}
