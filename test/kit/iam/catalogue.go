package iam

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed" // the catalogue
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// The catalogue holds the facts of AWS's Service Authorization Reference.
// scripts/refresh-iam-catalogue writes it; its first line says from what and of when.
//
//go:embed catalogue.txt.gz
var catalogueData []byte

// Catalogue is every action of AWS, with its resource types and condition keys.
type Catalogue struct {
	// Source and Version say what the facts were taken from, Date as of when.
	Source, Version, Date string
	// Actions are sorted by service and name.
	Actions []Action
	// Types are the resource types of all services.
	Types []*ResourceType

	byName    map[string]int
	byService map[string][2]int // where a service's actions begin and end
}

// Level is what an action does to its resource, as AWS classifies it.
type Level string

// The access levels of the Service Authorization Reference.
const (
	Read                  Level = "Read"
	List                  Level = "List"
	Write                 Level = "Write"
	Tagging               Level = "Tagging"
	PermissionsManagement Level = "Permissions management"
)

var levels = map[string]Level{"r": Read, "l": List, "w": Write, "t": Tagging, "p": PermissionsManagement}

// Action is one action of a service.
type Action struct {
	// Name is with its service, such as s3:GetObject.
	Name  string
	Level Level
	// Resources are the types that the action is about; without any it is about "*".
	Resources []ResourceUse
	// Keys are the condition keys of the service that a request may carry, in AWS's
	// spelling; a key such as aws:RequestTag/${TagKey} stands for many.
	Keys []string
}

// Service is what comes before the colon.
func (a *Action) Service() string { return a.Name[:strings.IndexByte(a.Name, ':')] }

// ResourceUse is a resource type of an action.
type ResourceUse struct {
	Type *ResourceType
	// Required says that a request names such a resource in any case.
	Required bool
}

// ResourceType is a kind of resource.
type ResourceType struct {
	Service, Name string
	// ARN has variables such as ${Account} for what differs.
	ARN  string
	Keys []string
}

// Pattern is the type's ARN with a "*" for everything that differs.
func (t *ResourceType) Pattern() string { return t.In("*", "*", "*") }

// In is the type's ARN of a partition, a Region and an account, with a "*" for the
// rest.
func (t *ResourceType) In(partition, region, account string) string {
	s := strings.NewReplacer("${Partition}", partition, "${Region}", region, "${Account}", account).Replace(t.ARN)
	for {
		from := strings.Index(s, "${")
		if from < 0 {
			return s
		}
		to := strings.IndexByte(s[from:], '}')
		if to < 0 {
			return s
		}
		s = s[:from] + "*" + s[from+to+1:]
	}
}

// KnownActions is the catalogue, read once. It is not to be changed.
var KnownActions = sync.OnceValues(func() (*Catalogue, error) { return readCatalogue(catalogueData) })

func readCatalogue(data []byte) (*Catalogue, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("catalogue of actions: %w", err)
	}
	c := &Catalogue{byName: make(map[string]int, 24000), byService: map[string][2]int{}, Actions: make([]Action, 0, 24000)}
	r := catalogueReader{c: c}
	lines := bufio.NewScanner(z)
	for n := 1; lines.Scan(); n++ {
		if err := r.line(strings.Fields(lines.Text())); err != nil {
			return nil, fmt.Errorf("catalogue of actions, line %d: %w", n, err)
		}
	}
	return c, lines.Err()
}

type catalogueReader struct {
	c       *Catalogue
	service string
	keys    []string
	types   []*ResourceType
}

func (r *catalogueReader) line(f []string) error {
	switch {
	case len(f) == 4 && f[0] == "source":
		r.c.Source, r.c.Version, r.c.Date = f[1], f[2], f[3]
		return nil
	case len(f) == 2 && f[0] == "service":
		r.service, r.keys, r.types = f[1], nil, nil
		return nil
	case len(f) == 3 && f[0] == "key":
		r.keys = append(r.keys, f[2])
		return nil
	case len(f) == 4 && f[0] == "type":
		keys, err := pick(f[2], r.keys)
		t := &ResourceType{Service: r.service, Name: f[1], ARN: f[3], Keys: keys}
		r.types = append(r.types, t)
		r.c.Types = append(r.c.Types, t)
		return err
	case len(f) == 5 && f[0] == "action":
		return r.action(f)
	}
	return fmt.Errorf("cannot read %q", strings.Join(f, " "))
}

func (r *catalogueReader) action(f []string) error {
	a := Action{Name: r.service + ":" + f[1], Level: levels[f[2]]}
	if a.Level == "" {
		return fmt.Errorf("unknown level %q", f[2])
	}
	if f[3] != "-" {
		for _, spot := range strings.Split(f[3], ",") {
			number, required := strings.CutSuffix(spot, "!")
			t, err := pick(number, r.types)
			if err != nil {
				return err
			}
			a.Resources = append(a.Resources, ResourceUse{t[0], required})
		}
	}
	var err error
	a.Keys, err = pick(f[4], r.keys)
	r.c.byName[strings.ToLower(a.Name)] = len(r.c.Actions)
	first, ok := r.c.byService[r.service]
	if !ok {
		first[0] = len(r.c.Actions)
	}
	r.c.Actions = append(r.c.Actions, a)
	r.c.byService[r.service] = [2]int{first[0], len(r.c.Actions)}
	return err
}

// pick takes elements by their places, "3,5"; "-" is none.
func pick[T any](places string, from []T) ([]T, error) {
	if places == "-" {
		return nil, nil
	}
	out := make([]T, 0, strings.Count(places, ",")+1)
	for rest, more := places, true; more; {
		var place string
		place, rest, more = strings.Cut(rest, ",")
		i, err := strconv.Atoi(place)
		if err != nil || i < 0 || i >= len(from) {
			return nil, fmt.Errorf("no place %q", place)
		}
		out = append(out, from[i])
	}
	return out, nil
}

// Action finds an action by its name, whatever the case.
func (c *Catalogue) Action(name string) (*Action, bool) {
	i, ok := c.byName[strings.ToLower(name)]
	if !ok {
		return nil, false
	}
	return &c.Actions[i], true
}

// Nearest are up to three actions whose names are most like a wrong one: of its
// service where that is known, or of any.
func (c *Catalogue) Nearest(name string) []string {
	type candidate struct {
		name string
		far  int
	}
	service, _, _ := strings.Cut(strings.ToLower(name), ":")
	var list []candidate
	known := slices.ContainsFunc(c.Actions, func(a Action) bool { return a.Service() == service })
	for i := range c.Actions {
		a := &c.Actions[i]
		if known && a.Service() != service {
			continue
		}
		if d := distance(strings.ToLower(name), strings.ToLower(a.Name)); d <= len(name)/2 {
			list = append(list, candidate{a.Name, d})
		}
	}
	slices.SortStableFunc(list, func(a, b candidate) int { return a.far - b.far })
	var out []string
	for i := 0; i < len(list) && i < 3; i++ {
		out = append(out, list[i].name)
	}
	return out
}

// Of are the actions of the catalogue that a statement is about.
func (c *Catalogue) Of(s *Statement) []*Action {
	var out []*Action
	for _, span := range c.spans(s) {
		for i := span[0]; i < span[1]; i++ {
			if s.MatchesAction(c.Actions[i].Name) {
				out = append(out, &c.Actions[i])
			}
		}
	}
	return out
}

// spans are the parts of the catalogue in which a statement's actions lie.
func (c *Catalogue) spans(s *Statement) [][2]int {
	var services []string
	for _, a := range s.Actions {
		service, _, _ := strings.Cut(strings.ToLower(a), ":")
		if s.NotActions || strings.ContainsAny(service, "*?") {
			return [][2]int{{0, len(c.Actions)}}
		}
		if !slices.Contains(services, service) {
			services = append(services, service)
		}
	}
	slices.Sort(services)
	out := make([][2]int, 0, len(services))
	for _, service := range services {
		out = append(out, c.byService[service])
	}
	return out
}

// Matching are the catalogue's actions that a pattern of a policy names.
func (c *Catalogue) Matching(pattern string) ([]string, error) {
	p, err := naming.compile(pattern)
	if err != nil {
		return nil, err
	}
	var out []string
	for i := range c.Actions {
		if p.match(c.Actions[i].Name, true, nil) == matches {
			out = append(out, c.Actions[i].Name)
		}
	}
	return out, nil
}
