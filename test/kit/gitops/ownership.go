package gitops

import (
	"fmt"
	"regexp"
	"strings"
)

// exact is a version of a chart that can mean one thing only.
var exact = regexp.MustCompile(`^v?[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$`)

// Pinned finds Applications whose sources can change without a commit: a chart without
// an exact version, our repository at another revision than the root's.
func (t Tree) Pinned() []Finding {
	var out []Finding
	for _, a := range t.Applications {
		for _, s := range a.Sources {
			switch {
			case s.Chart != "" && s.TargetRevision == "":
				out = append(out, found(a.Object, a.Object.Origin, "give targetRevision", "the chart %s has no version", s.Chart))
			case s.Chart != "" && !exact.MatchString(s.TargetRevision):
				out = append(out, found(a.Object, a.Object.Origin, "name one version, as in 1.2.3", "the chart %s has the version %q, which can mean several", s.Chart, s.TargetRevision))
			case s.Chart == "" && s.RepoURL == t.Repository && s.TargetRevision != t.Revision:
				out = append(out, found(a.Object, a.Object.Origin, "follow the revision of the root Application", "it follows %q, the root follows %q", s.TargetRevision, t.Revision))
			}
		}
	}
	return out
}

// Duplicates finds objects that are declared twice: two Applications would undo each
// other's changes for ever.
func (t Tree) Duplicates() []Finding {
	var out []Finding
	first := map[string]Object{}
	for _, o := range sorted(t.Objects) {
		was, again := first[o.ID()]
		if !again {
			first[o.ID()] = o
			continue
		}
		out = append(out, found(o, o.Origin, "leave it to one of them", "the Application %s owns it, and so does %s, which declares it at %s", o.Application, was.Application, was.Origin))
	}
	return out
}

// Permitted finds Applications that their project does not allow: a source, a
// destination or a kind that is not on its lists (Argo CD's documentation,
// "Projects").
func (t Tree) Permitted() []Finding {
	projects := map[string]project{}
	for _, o := range t.Projects {
		projects[o.Name()] = asProject(o)
	}
	var out []Finding
	byName := map[string]Application{}
	for _, a := range t.Applications {
		byName[a.Object.Name()] = a
		p, ok := projects[a.Project]
		if !ok {
			out = append(out, found(a.Object, a.Object.Origin, "there are "+strings.Join(names(projects), ", "), "the project %q does not exist", a.Project))
			continue
		}
		for _, s := range a.Sources {
			if !matchAny(p.sources, s.RepoURL) {
				out = append(out, found(a.Object, a.Object.Origin, "add it to "+p.origin.String(), "the project %s does not allow the source %s", a.Project, s.RepoURL))
			}
		}
		if !p.allowsDestination(a.Server, a.Namespace) {
			out = append(out, found(a.Object, a.Object.Origin, "add it to "+p.origin.String(), "the project %s does not allow the namespace %s", a.Project, a.Namespace))
		}
	}
	for _, o := range sorted(t.Objects) {
		a, ok := byName[o.Application]
		p, known := projects[a.Project]
		if !ok || !known {
			continue
		}
		list := p.clusterKinds
		if Namespaced(o) {
			list = p.kinds
			if !p.allowsDestination(a.Server, o.Namespace) {
				out = append(out, found(o, o.Origin, "add it to "+p.origin.String(), "the project %s of %s does not allow the namespace %s", a.Project, o.Application, o.Namespace))
			}
		}
		if !list.has(o.Group(), o.Kind()) {
			out = append(out, found(o, o.Origin, "add it to "+p.origin.String(), "the project %s of %s does not allow the kind %s", a.Project, o.Application, strings.TrimPrefix(o.Group()+"/"+o.Kind(), "/")))
		}
	}
	return out
}

// Tight finds lists of projects that allow everything.
func (t Tree) Tight() []Finding {
	var out []Finding
	for _, o := range t.Projects {
		p := asProject(o)
		for _, s := range p.sources {
			if strings.Contains(s, "*") {
				out = append(out, found(o, o.Origin, "name each source", "sourceRepos has %q", s))
			}
		}
		for _, d := range p.destinations {
			if strings.Contains(d.namespace+d.server, "*") {
				out = append(out, found(o, o.Origin, "name each namespace", "destinations has namespace %q of %q", d.namespace, d.server))
			}
		}
		for _, k := range append(append(kinds{}, p.clusterKinds...), p.kinds...) {
			if k.group == "*" || k.kind == "*" && !ownGroups[k.group] {
				out = append(out, found(o, o.Origin, "name each kind", "it allows %s/%s", k.group, k.kind))
			}
		}
	}
	return out
}

// ownGroups are groups of which every kind may be allowed at once: their kinds are
// made by our own templates, or configure Prometheus alone.
var ownGroups = map[string]bool{"constraints.gatekeeper.sh": true, "monitoring.coreos.com": true}

type project struct {
	origin              Origin
	sources             []string
	destinations        []destination
	clusterKinds, kinds kinds
}

type destination struct{ server, namespace string }

type kinds []struct{ group, kind string }

func (ks kinds) has(group, kind string) bool {
	for _, k := range ks {
		if (k.group == "*" || k.group == group) && (k.kind == "*" || k.kind == kind) {
			return true
		}
	}
	return false
}

func (p project) allowsDestination(server, namespace string) bool {
	for _, d := range p.destinations {
		if match(d.server, server) && match(d.namespace, namespace) {
			return true
		}
	}
	return false
}

func asProject(o Object) project {
	p := project{origin: o.Origin}
	for _, s := range list(o.At("spec", "sourceRepos")) {
		p.sources = append(p.sources, fmt.Sprint(s))
	}
	for _, d := range list(o.At("spec", "destinations")) {
		p.destinations = append(p.destinations, destination{text(d, "server"), text(d, "namespace")})
	}
	read := func(field string) (out kinds) {
		for _, k := range list(o.At("spec", field)) {
			out = append(out, struct{ group, kind string }{text(k, "group"), text(k, "kind")})
		}
		return out
	}
	p.clusterKinds, p.kinds = read("clusterResourceWhitelist"), read("namespaceResourceWhitelist")
	return p
}

// Orphans are files below the given folders that no environment reads. ignore are
// patterns of files that are for people, or for other programs.
func Orphans(files []string, trees []Tree, ignore []string) []Finding {
	var out []Finding
	for _, f := range files {
		read := matchAny(ignore, f)
		for _, t := range trees {
			read = read || t.Files[f]
		}
		if !read {
			out = append(out, Finding{Subject: "file", Origin: Origin{File: f}, Problem: "no Application reads it", Fix: "name it in an Application, or remove it"})
		}
	}
	return out
}

// Ordered finds objects of a kind whose CRD comes in a later wave, or in the same one
// from another Application: the sync would wait for what it has not made.
func (t Tree) Ordered() []Finding {
	waves := map[string]int{}
	for _, a := range t.Applications {
		waves[a.Object.Name()] = a.Object.Wave()
	}
	maker := map[string]string{}
	for _, o := range t.Of("apiextensions.k8s.io", "CustomResourceDefinition") {
		maker[o.Text("spec", "group")+"/"+text(o.At("spec", "names"), "kind")] = o.Application
	}
	var out []Finding
	for _, o := range sorted(t.Objects) {
		by, ok := maker[o.Group()+"/"+o.Kind()]
		if !ok || by == o.Application || waves[by] < waves[o.Application] {
			continue
		}
		// A ServiceMonitor of an add-on that Prometheus itself needs may come before;
		// it is applied on a later try. Everything else must not.
		if o.Group() == "monitoring.coreos.com" {
			continue
		}
		out = append(out, found(o, o.Origin, "raise the wave of "+o.Application, "%s applies it in wave %d, and its CRD comes from %s in wave %d", o.Application, waves[o.Application], by, waves[by]))
	}
	return out
}

func matchAny(patterns []string, s string) bool {
	for _, p := range patterns {
		if match(p, s) {
			return true
		}
	}
	return false
}

// match is a glob in which * stands for anything, slashes too.
func match(pattern, s string) bool {
	if !strings.Contains(pattern, "*") {
		return pattern == s
	}
	parts := strings.Split(pattern, "*")
	if !strings.HasPrefix(s, parts[0]) {
		return false
	}
	s = s[len(parts[0]):]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(s, p)
		if i < 0 {
			return false
		}
		s = s[i+len(p):]
	}
	return strings.HasSuffix(s, parts[len(parts)-1])
}

func list(v any) []any { l, _ := v.([]any); return l }

func text(v any, path ...string) string { s, _ := at(v, path...).(string); return s }

func names[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	return sortStrings(out)
}
