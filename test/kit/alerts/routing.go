package alerts

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/dispatch"
	amlabels "github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// Routing is Alertmanager's configuration as it is deployed, with the lines on
// which its routes stand.
type Routing struct {
	Config *config.Config
	Tree   *dispatch.Route
	file   string
	lines  map[*dispatch.Route]int
}

// secretKeys are settings of Alertmanager (Configuration, prometheus.io) that
// hold a secret in the file itself. Each has a form with _file.
var secretKeys = []string{
	"api_key", "api_secret", "api_url", "auth_password", "auth_secret", "basic_auth", "bearer_token", "bot_token",
	"client_secret", "credentials", "opsgenie_api_key", "password", "routing_key", "service_key", "slack_api_url", "token", "url", "user_key", "webhook_url",
}

// ParseRouting reads alertmanager.config out of the values of
// kube-prometheus-stack. It refuses, with file and line, secrets in the file,
// receivers that do not exist, and routes that can never be reached.
func ParseRouting(file string, values []byte) (*Routing, error) {
	var doc struct {
		Alertmanager struct {
			Config yaml.Node `yaml:"config"`
		} `yaml:"alertmanager"`
	}
	if err := yaml.Unmarshal(values, &doc); err != nil {
		return nil, inFile(file, err)
	}
	node := &doc.Alertmanager.Config
	if node.IsZero() {
		return nil, fmt.Errorf("%s: no alertmanager.config", file)
	}
	if err := errors.Join(findSecrets(file, node), findReceivers(file, node)); err != nil {
		return nil, err
	}
	var plain map[string]any
	if err := node.Decode(&plain); err != nil {
		return nil, inFile(file, err)
	}
	text, err := yaml.Marshal(plain)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	cfg, err := config.Load(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: alertmanager.config (line %d): %w", file, node.Line, err)
	}
	r := &Routing{Config: cfg, Tree: dispatch.NewRoute(cfg.Route, nil), file: file, lines: map[*dispatch.Route]int{}}
	r.place(child(node, "route"), r.Tree)
	return r, r.shadowed(r.Tree)
}

// child is the value of a key of a mapping.
func child(n *yaml.Node, key string) *yaml.Node {
	for i := 0; n != nil && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func (r *Routing) place(n *yaml.Node, route *dispatch.Route) {
	r.lines[route] = n.Line
	routes := child(n, "routes")
	for i, sub := range route.Routes {
		r.place(routes.Content[i], sub)
	}
}

// Place is the file and line of a route.
func (r *Routing) Place(route *dispatch.Route) Place { return Place{r.file, r.lines[route]} }

func findSecrets(file string, n *yaml.Node) error {
	var errs []error
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if key := n.Content[i]; slices.Contains(secretKeys, key.Value) {
				errs = append(errs, fmt.Errorf("%s: %s holds a secret in the file: use %s_file", Place{file, key.Line}, key.Value, key.Value))
			}
		}
	}
	for _, c := range n.Content {
		errs = append(errs, findSecrets(file, c))
	}
	return errors.Join(errs...)
}

func findReceivers(file string, n *yaml.Node) error {
	var names []string
	if list := child(n, "receivers"); list != nil {
		for _, r := range list.Content {
			if name := child(r, "name"); name != nil {
				names = append(names, name.Value)
			}
		}
	}
	var walk func(route *yaml.Node) error
	walk = func(route *yaml.Node) error {
		if route == nil {
			return nil
		}
		var errs []error
		if r := child(route, "receiver"); r != nil && !slices.Contains(names, r.Value) {
			errs = append(errs, fmt.Errorf("%s: unknown receiver %q; known are %s", Place{file, r.Line}, r.Value, strings.Join(names, ", ")))
		}
		if routes := child(route, "routes"); routes != nil {
			for _, sub := range routes.Content {
				errs = append(errs, walk(sub))
			}
		}
		return errors.Join(errs...)
	}
	return walk(child(n, "route"))
}

// Routes lists all routes but the root, in order.
func (r *Routing) Routes() []*dispatch.Route {
	var out []*dispatch.Route
	var walk func(route *dispatch.Route)
	walk = func(route *dispatch.Route) {
		for _, sub := range route.Routes {
			out = append(out, sub)
			walk(sub)
		}
	}
	walk(r.Tree)
	return out
}

// shadowed refuses a route that a sibling before it always takes everything from.
func (r *Routing) shadowed(route *dispatch.Route) error {
	var errs []error
	for j, later := range route.Routes {
		for _, earlier := range route.Routes[:j] {
			if !earlier.Continue && narrower(later.Matchers, earlier.Matchers) {
				errs = append(errs, fmt.Errorf("%s: this route is never reached: the route of line %d takes everything that it matches; put the narrower one first, or set continue", r.Place(later), r.lines[earlier]))
				break
			}
		}
		errs = append(errs, r.shadowed(later))
	}
	return errors.Join(errs...)
}

// narrower says that whatever a matches b matches as well, as far as that can be
// told from the matchers alone.
func narrower(a, b amlabels.Matchers) bool {
	for _, want := range b {
		implied := slices.ContainsFunc(a, func(has *amlabels.Matcher) bool {
			return has.Name == want.Name && (has.String() == want.String() || has.Type == amlabels.MatchEqual && want.Matches(has.Value))
		})
		if !implied {
			return false
		}
	}
	return true
}

// CheckOverlaps reports alerts that two sibling routes match while only the
// first of them gets them: which one it is then depends on their order.
func (r *Routing) CheckOverlaps(rs *Rules) error {
	var errs []error
	for _, rule := range rs.Alerts {
		set := model.LabelSet{model.AlertNameLabel: model.LabelValue(rule.Alert)}
		for k, v := range rule.Labels {
			set[model.LabelName(k)] = model.LabelValue(v)
		}
		errs = append(errs, r.overlap(r.Tree, set, rule))
	}
	return errors.Join(errs...)
}

func (r *Routing) overlap(route *dispatch.Route, set model.LabelSet, rule *Rule) error {
	var taken *dispatch.Route
	for _, sub := range route.Routes {
		if !sub.Matchers.Matches(set) {
			continue
		}
		if taken != nil {
			return fmt.Errorf("%s: this route overlaps with the one of line %d: both match %s (%s), and only the first gets it", r.Place(sub), r.lines[taken], rule.Alert, rule.Place)
		}
		if err := r.overlap(sub, set, rule); err != nil {
			return err
		}
		if !sub.Continue {
			taken = sub
		}
	}
	return nil
}

// Receivers lists who is told of an alert with these labels, inhibition and
// mute times aside.
func (r *Routing) Receivers(set model.LabelSet) []string {
	var out []string
	for _, route := range r.Tree.Match(set) {
		out = append(out, route.RouteOpts.Receiver)
	}
	return out
}

// LabelSet is the labels of an instance, as Alertmanager knows them.
func (in *Instance) LabelSet() model.LabelSet {
	set := model.LabelSet{}
	for k, v := range in.Labels.Map() {
		set[model.LabelName(k)] = model.LabelValue(v)
	}
	return set
}

// CheckReceivers refuses a scenario that names a receiver that there is not.
func (r *Routing) CheckReceivers(s *Scenario) error {
	var names []string
	for _, one := range r.Config.Receivers {
		names = append(names, one.Name)
	}
	var errs []error
	for _, name := range sortedKeys(s.receivers) {
		if !slices.Contains(names, name) {
			errs = append(errs, fmt.Errorf("%s: unknown receiver %q; nearest: %s", Place{s.Place.File, s.receivers[name]}, name, strings.Join(Nearest(name, names), ", ")))
		}
	}
	return errors.Join(errs...)
}
