// Package delivery runs Alertmanager's own dispatcher, inhibitor, mute times and
// notification log in simulated time, with the deployed configuration, and says
// who was told what and when. Days take milliseconds.
package delivery

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/inhibit"
	"github.com/prometheus/alertmanager/marker"
	"github.com/prometheus/alertmanager/nflog"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/provider/mem"
	"github.com/prometheus/alertmanager/silence"
	"github.com/prometheus/alertmanager/timeinterval"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"

	"github.com/fintrack/platform/test/kit/alerts"
)

// Notice is one alert in one notification to one receiver.
type Notice struct {
	Receiver, Alert string
	Labels          model.LabelSet
	Summary         string
	Resolved        bool
	// At is the time from the start of the scenario.
	At time.Duration
}

const (
	// resendDelay is Prometheus' --rules.alert.resend-delay, as values.yaml sets it.
	resendDelay = 2 * time.Minute
	// validity is how long Alertmanager believes an alert that it hears no more
	// of: four times the resend delay (rules.Manager).
	validity = 4 * resendDelay
	// afterwards is how long the simulation goes on behind the scenario, so that
	// the last groups are sent: more than the longest group_interval.
	afterwards = 10 * time.Minute
)

// Simulate delivers what fired in a run, as Prometheus would send it, and
// returns the notices in order. It runs in a time of its own (testing/synctest),
// which begins at the start of the scenario.
func Simulate(t *testing.T, routing *alerts.Routing, run *alerts.Run) []Notice {
	t.Helper()
	rec := &recorder{}
	synctest.Test(t, func(t *testing.T) {
		// The bubble's clock starts in the year 2000.
		time.Sleep(time.Until(run.Scenario.Start))
		rec.start = time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		am, err := start(ctx, routing, rec)
		if err != nil {
			t.Errorf("start Alertmanager: %v", err)
			return
		}
		for _, send := range sends(run) {
			time.Sleep(time.Until(send.at))
			if err := am.alerts.Put(ctx, send.alert); err != nil {
				t.Errorf("put %s: %v", send.alert.Labels, err)
			}
		}
		time.Sleep(time.Until(run.Store.End().Add(afterwards)))
		synctest.Wait()
		am.stop()
	})
	return rec.notices
}

// send is one alert on its way from Prometheus.
type send struct {
	at    time.Time
	alert *alert.Alert
}

// sends follows Prometheus' AlertingRule.sendAlerts: at once when an alert fires
// or resolves, and again when the last time is longer ago than the resend delay.
func sends(run *alerts.Run) []send {
	var out []send
	for _, in := range run.Instances {
		base := alert.Alert{Alert: model.Alert{Labels: in.LabelSet(), Annotations: model.LabelSet{}}}
		for k, v := range in.Annotations {
			base.Annotations[model.LabelName(k)] = model.LabelValue(v)
		}
		for _, f := range in.Firing {
			var last time.Time
			for i := range run.Store.N {
				now := run.Store.At(i)
				if now.Before(f.From) || !run.Scenario.Evaluates(i) {
					continue
				}
				a := base
				a.StartsAt, a.UpdatedAt = f.From, now
				if !f.To.IsZero() && !now.Before(f.To) {
					a.EndsAt = f.To
					out = append(out, send{now, &a})
					break
				}
				if last.IsZero() || last.Add(resendDelay).Before(now) {
					a.EndsAt = now.Add(validity)
					out = append(out, send{now, &a})
					last = now
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b send) int { return a.at.Compare(b.at) })
	return out
}

type manager struct {
	alerts    *mem.Alerts
	inhibitor *inhibit.Inhibitor
	dispatch  *dispatch.Dispatcher
	running   sync.WaitGroup
}

func start(ctx context.Context, routing *alerts.Routing, rec *recorder) (*manager, error) {
	log, events, reg, flags := slog.New(slog.DiscardHandler), eventrecorder.NopRecorder(), prometheus.NewRegistry(), featurecontrol.NoopFlags{}
	am := &manager{}
	var err error
	if am.alerts, err = mem.NewAlerts(ctx, time.Hour, 0, nil, log, events, reg, flags); err != nil {
		return nil, err
	}
	am.inhibitor = inhibit.NewInhibitor(am.alerts, routing.Config.InhibitRules, log, events)
	silences, err := silence.New(silence.Options{Retention: time.Hour, Metrics: reg, Logger: log})
	if err != nil {
		return nil, err
	}
	notified, err := nflog.New(nflog.Options{Retention: 120 * time.Hour, Metrics: reg, Logger: log})
	if err != nil {
		return nil, err
	}
	groups := marker.NewGroupMarker()
	pipeline := notify.NewPipelineBuilder(reg, flags, events).New(
		integrations(routing, rec), func() time.Duration { return 0 }, am.inhibitor,
		silence.NewSilencer(silences, log, events), timeinterval.NewIntervener(intervals(routing)), groups, notified, nil)
	same := func(d time.Duration) time.Duration { return d }
	am.dispatch = dispatch.NewDispatcher(am.alerts, routing.Tree, pipeline, groups, same, time.Minute, nil, log, events, nil, nil)
	am.running.Go(am.inhibitor.Run)
	am.running.Go(func() { am.dispatch.Run(time.Now()) })
	return am, nil
}

func (am *manager) stop() {
	am.dispatch.Stop()
	am.inhibitor.Stop()
	am.alerts.Close()
	am.running.Wait()
}

func intervals(routing *alerts.Routing) map[string][]timeinterval.TimeInterval {
	out := map[string][]timeinterval.TimeInterval{}
	for _, i := range routing.Config.TimeIntervals {
		out[i.Name] = i.TimeIntervals
	}
	return out
}

// integrations gives each receiver one recorder for each of its integrations,
// which sends resolved alerts or not as the configuration says.
func integrations(routing *alerts.Routing, rec *recorder) map[string][]notify.Integration {
	out := map[string][]notify.Integration{}
	for _, r := range routing.Config.Receivers {
		add := func(name string, resolved notify.ResolvedSender) {
			n := &notifier{rec: rec, receiver: r.Name}
			out[r.Name] = append(out[r.Name], notify.NewIntegration(n, resolved, name, len(out[r.Name]), r.Name))
		}
		for _, c := range r.PagerdutyConfigs {
			add("pagerduty", c)
		}
		for _, c := range r.SlackConfigs {
			add("slack", c)
		}
		for _, c := range r.WebhookConfigs {
			add("webhook", c)
		}
	}
	return out
}

type recorder struct {
	mu      sync.Mutex
	start   time.Time
	notices []Notice
}

type notifier struct {
	rec      *recorder
	receiver string
}

// Notify implements notify.Notifier.
func (n *notifier) Notify(_ context.Context, list ...*alert.Alert) (bool, error) {
	n.rec.mu.Lock()
	defer n.rec.mu.Unlock()
	for _, a := range list {
		n.rec.notices = append(n.rec.notices, Notice{
			Receiver: n.receiver, Alert: a.Name(), Labels: a.Labels, Summary: string(a.Annotations["summary"]),
			Resolved: a.Resolved(), At: time.Since(n.rec.start),
		})
	}
	return false, nil
}

// Judge compares the notices with what the scenario promises: every receiver
// hears of exactly the alerts that are listed for it, and hears that they are
// over, where it wants to. Each problem begins with the scenario's file.
func Judge(routing *alerts.Routing, run *alerts.Run, notices []Notice) []string {
	s := run.Scenario
	heard, over := map[string]map[string]bool{}, map[string]map[string]bool{}
	for _, n := range notices {
		into := heard
		if n.Resolved {
			into = over
		}
		if into[n.Receiver] == nil {
			into[n.Receiver] = map[string]bool{}
		}
		into[n.Receiver][n.Alert] = true
	}
	var problems []string
	known := map[string]bool{}
	for _, r := range routing.Config.Receivers {
		known[r.Name] = true
		want := s.Told[r.Name]
		for _, name := range want {
			if !heard[r.Name][name] {
				problems = append(problems, fmt.Sprintf("%s: %s must be told of %s and was not", s.Place, r.Name, name))
			}
			if heard[r.Name][name] && !over[r.Name][name] && sendsResolved(routing, r.Name) && resolved(run, name) {
				problems = append(problems, fmt.Sprintf("%s: %s was not told that %s is over", s.Place, r.Name, name))
			}
		}
		for name := range heard[r.Name] {
			if !slices.Contains(want, name) {
				problems = append(problems, fmt.Sprintf("%s: %s was told of %s and must not be", s.Place, r.Name, name))
			}
		}
	}
	for name := range s.Told {
		if !known[name] {
			problems = append(problems, fmt.Sprintf("%s: told names %q, which is no receiver", s.Place, name))
		}
	}
	slices.Sort(problems)
	return append(problems, judgeSilence(s, notices)...)
}

// judgeSilence checks that a receiver heard nothing in the times in which it must not.
func judgeSilence(s *alerts.Scenario, notices []Notice) []string {
	var problems []string
	for receiver, w := range s.Silent {
		for _, n := range notices {
			if n.Receiver == receiver && n.At > w.From && n.At < w.To {
				problems = append(problems, fmt.Sprintf("%s: %s must hear nothing within %s and heard of %s after %s", s.Place, receiver, w, n.Alert, model.Duration(n.At)))
			}
		}
	}
	slices.Sort(problems)
	return problems
}

func sendsResolved(routing *alerts.Routing, receiver string) bool {
	for _, list := range integrations(routing, nil)[receiver] {
		if list.SendResolved() {
			return true
		}
	}
	return false
}

// resolved says whether all instances of an alert ended within the scenario.
func resolved(run *alerts.Run, name string) bool {
	for _, in := range run.Instances {
		for _, f := range in.Firing {
			if in.Rule.Alert == name && f.To.IsZero() {
				return false
			}
		}
	}
	return true
}
