package evidence

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/check"
)

// Gap is one reason why results are not yet evidence.
type Gap struct {
	// Kind is one of the kinds below.
	Kind string `json:"kind"`
	// Control is the criterion; empty where the gap is about none.
	Control string `json:"control,omitempty"`
	// What names the check, pattern or resource and says what is wrong with it.
	What string `json:"what"`
	// Line is the place in the file of controls; 0 where that is not the place.
	Line int `json:"line,omitempty"`
}

// The kinds of gaps.
const (
	// NoCheck is a criterion for which no check was executed: none ran, or all
	// that ran were not proven in their environment.
	NoCheck = "criterion without an executed check"
	// UnknownControl is a check that names a criterion that is not in scope.
	UnknownControl = "unknown control"
	// DidNotRun is a pattern that selected no check, or a check of the run before
	// that this run does not have.
	DidNotRun = "mapped check did not run"
	// NotMapped is a check that names a criterion whose list does not have it.
	NotMapped = "check that the controls do not list"
	// Unchecked is a resource of a population that no check is about.
	Unchecked = "resource without a check"
	// Ambiguous is a check that one run made twice.
	Ambiguous = "check made twice"
)

func (g Gap) String() string {
	var b strings.Builder
	if g.Line > 0 {
		fmt.Fprintf(&b, "%s:%d: ", ControlsFile, g.Line)
	}
	b.WriteString(g.Kind)
	if g.Control != "" {
		b.WriteString(": " + g.Control)
	}
	return b.String() + ": " + g.What
}

// Executed tells whether a check was really made: one that the environment could
// not answer was not.
func Executed(r check.Result) bool { return r.Verdict == check.Pass || r.Verdict == check.Fail }

// Selects tells whether the criterion counts a result among its checks.
func (c Criterion) Selects(r check.Result) bool {
	return slices.Contains(r.Controls, c.ID) && slices.ContainsFunc(c.Checks, func(p string) bool { return matches(p, r.ID) })
}

// Complete lists what is missing before the results are evidence for all criteria:
// nothing when they are. Resources are all that the configuration declares; before
// are the results of the run before, or nil.
func Complete(in Intent, results []check.Result, resources []Resource, before []check.Result) []Gap {
	var gaps []Gap
	gaps = append(gaps, namesUnknown(in, results)...)
	gaps = append(gaps, madeTwice(results)...)
	for _, c := range in.Criteria {
		gaps = append(gaps, c.complete(results)...)
		for _, v := range c.Cover(results, resources) {
			gaps = append(gaps, v.gaps()...)
		}
	}
	return append(gaps, vanished(in, results, before)...)
}

func namesUnknown(in Intent, results []check.Result) (gaps []Gap) {
	known := map[string]bool{}
	for _, c := range in.Criteria {
		known[c.ID] = true
	}
	for _, r := range results {
		for _, k := range r.Controls {
			if !known[k] {
				gaps = append(gaps, Gap{Kind: UnknownControl, Control: k, What: "named by the check " + r.ID})
			}
		}
	}
	return gaps
}

// madeTwice reports checks that one run of a suite made twice. Two runs of a suite are
// two answers, as of the layers with the values of two environments.
func madeTwice(results []check.Result) (gaps []Gap) {
	seen := map[string]bool{}
	for _, r := range results {
		if k := r.Run + " " + key(r); seen[k] {
			gaps = append(gaps, Gap{Kind: Ambiguous, What: fmt.Sprintf("%s of suite %s on %s", r.ID, r.Suite, r.Environment)})
		} else {
			seen[k] = true
		}
	}
	return gaps
}

func (c Criterion) complete(results []check.Result) (gaps []Gap) {
	selected, executed := map[string]int{}, 0
	for _, r := range results {
		if !slices.Contains(r.Controls, c.ID) {
			continue
		}
		listed := false
		for _, p := range c.Checks {
			if matches(p, r.ID) {
				selected[p]++
				listed = true
			}
		}
		switch {
		case !listed:
			gaps = append(gaps, Gap{Kind: NotMapped, Control: c.ID, Line: c.line,
				What: fmt.Sprintf("%s names %s; add it, or a pattern for it, to that criterion's checks", r.ID, c.ID)})
		case Executed(r):
			executed++
		}
	}
	for _, p := range c.Checks {
		if selected[p] == 0 {
			gaps = append(gaps, Gap{Kind: DidNotRun, Control: c.ID, Line: c.lines[p],
				What: fmt.Sprintf("no result that names %s has an id like %s", c.ID, p)})
		}
	}
	if executed == 0 {
		gaps = append(gaps, Gap{Kind: NoCheck, Control: c.ID, Line: c.line, What: c.Title})
	}
	return gaps
}

// vanished reports checks of the run before that this one does not have, and
// checks that are said to be retired and ran.
func vanished(in Intent, results, before []check.Result) (gaps []Gap) {
	here := byKey(results)
	for _, r := range results {
		for _, x := range in.Retired {
			if matches(x.Checks, r.ID) {
				gaps = append(gaps, Gap{Kind: DidNotRun, Line: x.line, What: r.ID + " is said to be retired and ran: take " + x.Checks + " off the list"})
			}
		}
	}
	was := byKey(before)
	for _, k := range sortedKeys(was) {
		r := was[k]
		_, still := here[k]
		retired := slices.ContainsFunc(in.Retired, func(x Retired) bool { return matches(x.Checks, r.ID) })
		if !still && !retired {
			gaps = append(gaps, Gap{Kind: DidNotRun, What: fmt.Sprintf("%s of suite %s on %s ran before (%s) and did not run now", r.ID, r.Suite, r.Environment, r.Time.UTC().Format("2006-01-02"))})
		}
	}
	return gaps
}

// key names a check across runs. A module and a layer can have one name, and so the
// same id twice: the subject tells them apart. What is another in each run counts for
// nothing in it.
func key(r check.Result) string {
	subject := r.Subject
	for _, x := range ofOneRun {
		subject = x.like.ReplaceAllString(subject, x.as)
	}
	return r.Environment + " " + r.Suite + " " + r.ID + " " + subject
}

// ofOneRun are names in a subject that are another in each run: the account, the prefix
// of a throwaway environment, and ids that AWS gives ("Resource IDs" in the EC2 user
// guide: eight or seventeen hexadecimal digits; a database's DbiResourceId).
var ofOneRun = []struct {
	like *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(`\b[0-9]{12}\b`), "account"},
	{regexp.MustCompile(`\bft-[0-9a-f]{6}\b`), "ft"},
	{regexp.MustCompile(`\b([a-z]+)-(?:[0-9a-f]{17}|[0-9a-f]{8})\b`), "$1"},
	{regexp.MustCompile(`\bdb-[A-Z0-9]{26}\b`), "db"},
}

// ByKey is byKey for other packages: two attempts of one step are compared by it.
func ByKey(rs []check.Result) map[string]check.Result { return byKey(rs) }

// byKey finds results again in another run. Where a suite ran more than once, its
// answers are told apart by their order.
func byKey(rs []check.Result) map[string]check.Result {
	out := map[string]check.Result{}
	for _, r := range ordered(rs) {
		k := key(r)
		for n := 2; ; n++ {
			if _, taken := out[k]; !taken {
				break
			}
			k = fmt.Sprintf("%s #%d", key(r), n)
		}
		out[k] = r
	}
	return out
}

// matches tells whether an id is like a pattern in which * stands for any run of
// characters.
func matches(pattern, id string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == id
	}
	if !strings.HasPrefix(id, parts[0]) {
		return false
	}
	id = id[len(parts[0]):]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(id, p)
		if i < 0 {
			return false
		}
		id = id[i+len(p):]
	}
	return strings.HasSuffix(id, parts[len(parts)-1])
}

// Resource is a resource that a Terraform configuration declares.
type Resource struct {
	// Folder is where, from the top of the repository: modules/rds, terraform/data.
	Folder string `json:"folder"`
	Type   string `json:"type"`
	Name   string `json:"name"`
	// File and Line say where it is declared.
	File string `json:"file"`
	Line int    `json:"line"`
	// PartOf is the resource that this one sets a part of, as type.name: the bucket of a
	// bucket's policy. Empty for one that stands alone.
	PartOf string `json:"part_of,omitempty"`
	// Instances are those that the suites of the run applied.
	Instances []Instance `json:"instances,omitempty"`
}

// Address is <folder>:<type>.<name>.
func (r Resource) Address() string { return r.Folder + ":" + r.Type + "." + r.Name }

// IsSubjectOf tells whether a check is about the resource: the check's suite is
// that of the resource's folder, and its subject names the resource.
func (r Resource) IsSubjectOf(x check.Result) bool {
	home := r.Folder
	if parts := strings.Split(r.Folder, "/"); len(parts) > 1 {
		home = parts[1] // a module within a module is proven with the one around it
	}
	if x.Suite != home && !strings.HasPrefix(x.Suite, home+"-") {
		return false
	}
	return names(x.Subject, r.Type+"."+r.Name)
}

var wordRune = regexp.MustCompile(`[A-Za-z0-9_-]`)

// names tells whether a subject holds an address that is not part of a longer one.
func names(subject, address string) bool {
	for from := 0; ; {
		i := strings.Index(subject[from:], address)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(address)
		before := start == 0 || !wordRune.MatchString(subject[start-1:start])
		after := end == len(subject) || !wordRune.MatchString(subject[end:end+1])
		if before && after {
			return true
		}
		from = start + 1
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
