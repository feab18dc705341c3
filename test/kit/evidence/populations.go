package evidence

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deployed"
)

// Instance is a resource that a suite applied, an instance of a declared one. Two
// environments' values make two instances of one address.
type Instance struct {
	Suite string `json:"suite"`
	// Address is Terraform's, from the root module of the suite.
	Address string `json:"address"`
	// Values is the environment whose values it was applied with, empty without one.
	Values string `json:"values,omitempty"`
	// Runs are the ids of the runs that applied it: a check of another run is not about it.
	Runs []string `json:"runs"`
}

func (i Instance) String() string {
	if i.Values == "" {
		return i.Address + " of " + i.Suite
	}
	return i.Address + " of " + i.Suite + " (" + i.Values + ")"
}

// Apply adds what a suite of a run applied to the declared resources. What examples bring
// along for themselves is no part of the platform; anything else must be declared.
func Apply(resources []Resource, suite deployed.Suite, facts deployed.Facts) error {
	at := map[string]int{}
	for i, r := range resources {
		at[r.Address()] = i
	}
	for _, a := range facts.Resources {
		i, ok := at[a.Declared]
		switch {
		case ok:
			resources[i].Instances = withInstance(resources[i].Instances, Instance{suite.Name, a.Address, facts.Values, []string{suite.Run}})
		case !strings.Contains(a.Declared, "/examples/"):
			return fmt.Errorf("%s applied %s, which no module and no layer declares (%s): the results are of another state of the code", suite.Name, a.Address, a.Declared)
		}
	}
	return nil
}

// withInstance adds an instance, or its runs to those of the same one.
func withInstance(all []Instance, x Instance) []Instance {
	for i, known := range all {
		if known.Suite == x.Suite && known.Address == x.Address && known.Values == x.Values {
			runs := append(slices.Clone(known.Runs), x.Runs...)
			slices.Sort(runs)
			all[i].Runs = slices.Compact(runs)
			return all
		}
	}
	return append(all, x)
}

// Coverage is one population of a criterion, and who in it was checked.
type Coverage struct {
	Criterion  string
	Population Population
	Members    []Member
}

// Member is a declared resource of a population.
type Member struct {
	Resource Resource
	// Checked says that an executed check of the criterion is about the declared
	// resource, or a part of it, in the suite of its module or layer.
	Checked bool
	// Except is why it need not be.
	Except string
	// Direct is the number of instances that a check names, ByModule of those that only
	// the proof of their module stands for.
	Direct, ByModule int
	// Unchecked are the instances that are neither.
	Unchecked []Instance
}

// Cover compares each population of a criterion with what its executed checks are about.
func (c Criterion) Cover(results []check.Result, resources []Resource) (out []Coverage) {
	var executed []check.Result
	for _, r := range results {
		if c.Selects(r) && Executed(r) {
			executed = append(executed, r)
		}
	}
	for _, p := range c.Populations {
		v := Coverage{Criterion: c.ID, Population: p}
		for _, r := range resources {
			if slices.Contains(p.Resources, r.Type) {
				v.Members = append(v.Members, member(p, r, executed, resources))
			}
		}
		out = append(out, v)
	}
	return out
}

func member(p Population, r Resource, executed []check.Result, all []Resource) Member {
	m := Member{Resource: r, Except: p.Except[r.Address()]}
	family := []Resource{r}
	for _, x := range all {
		if x.Folder == r.Folder && x.PartOf == r.Type+"."+r.Name {
			family = append(family, x)
		}
	}
	for _, x := range executed {
		m.Checked = m.Checked || slices.ContainsFunc(family, func(f Resource) bool { return f.IsSubjectOf(x) })
	}
	module := m.Checked && strings.HasPrefix(r.Folder, "modules/")
	for _, i := range r.Instances {
		switch {
		case slices.ContainsFunc(executed, func(x check.Result) bool {
			return slices.Contains(i.Runs, x.Run) && i.isNamedBy(i.wordsOf(x), r, family)
		}):
			m.Direct++
		case module:
			m.ByModule++
		default:
			m.Unchecked = append(m.Unchecked, i)
		}
	}
	// A layer's own resource is checked by the name of its instance, of whatever suite.
	m.Checked = m.Checked || m.Direct > 0
	return m
}

var lastIndex = regexp.MustCompile(`\[("(?:[^"\\]|\\.)*"|\d+)\]$`)

// wordsOf are the words of a check's subject that can name the instance. A check of
// another suite names it by its folder, too: terraform/data:aws_iam_role.backup.
func (i Instance) wordsOf(x check.Result) []string {
	words := subjectWords(x.Subject)
	if x.Suite == i.Suite {
		return words
	}
	var out []string
	for _, w := range words {
		if address, ours := strings.CutPrefix(w, "terraform/"+i.Suite+":"); ours {
			out = append(out, address)
		}
	}
	return out
}

// isNamedBy tells whether words name the instance: itself, all instances of its
// block, a part of it, or the module that it is in. The name of another instance is none.
func (i Instance) isNamedBy(words []string, r Resource, family []Resource) bool {
	index := lastIndex.FindString(i.Address)
	block := strings.TrimSuffix(i.Address, index)
	modules := strings.TrimSuffix(strings.TrimSuffix(block, r.Type+"."+r.Name), ".")
	for _, word := range words {
		at := lastIndex.FindString(word)
		if strings.HasPrefix(word, "module.") && (word == modules || strings.HasPrefix(modules, word+".") || at == "" && strings.HasPrefix(modules, word+"[")) {
			return true
		}
		for _, f := range family {
			whole := strings.TrimPrefix(modules+"."+f.Type+"."+f.Name, ".")
			part := f.Name != r.Name || f.Type != r.Type
			if strings.TrimSuffix(word, at) == whole && (at == "" || at == index || part && index == "") {
				return true
			}
		}
	}
	return false
}

var subjectWord = regexp.MustCompile(`(?:"(?:[^"\\]|\\.)*"|[^\s,;()"])+`)

func subjectWords(subject string) []string { return subjectWord.FindAllString(subject, -1) }

// gaps are the members that no executed check is about, and exceptions that are none.
func (v Coverage) gaps() (gaps []Gap) {
	add := func(format string, args ...any) {
		gaps = append(gaps, Gap{Kind: Unchecked, Control: v.Criterion, Line: v.Population.line, What: fmt.Sprintf(format, args...)})
	}
	used := map[string]bool{}
	for _, m := range v.Members {
		address := m.Resource.Address()
		complete := m.Checked && len(m.Unchecked) == 0
		used[address] = m.Except != "" && !complete
		switch {
		case m.Except != "":
		case !m.Checked:
			add("%s (%s): no executed check of %s is about it", address, v.Population.What, v.Criterion)
		default:
			for _, i := range m.Unchecked {
				add("%s (%s): no executed check of %s names it", i, v.Population.What, v.Criterion)
			}
		}
	}
	for _, a := range slices.Sorted(maps.Keys(v.Population.Except)) {
		if !used[a] {
			add("%s is excepted and need not be: take it off the list", a)
		}
	}
	return gaps
}

// Counts are the declared members, the instances applied, those that a check names,
// those that their module's proof stands for, and what is not checked.
func (v Coverage) Counts() (declared, applied, direct, byModule, unchecked int) {
	for _, m := range v.Members {
		declared++
		applied += len(m.Resource.Instances)
		direct += m.Direct
		byModule += m.ByModule
		if m.Except == "" {
			unchecked += len(m.Unchecked)
			if !m.Checked && len(m.Unchecked) == 0 {
				unchecked++
			}
		}
	}
	return declared, applied, direct, byModule, unchecked
}

// Summary is the coverage in one line.
func (v Coverage) Summary() string {
	declared, applied, direct, byModule, unchecked := v.Counts()
	excepted := 0
	for _, m := range v.Members {
		if m.Except != "" {
			excepted++
		}
	}
	text := fmt.Sprintf("%s: %d declared", v.Population.What, declared)
	if applied > 0 {
		text += fmt.Sprintf(", %d applied (%d named by a check, %d by the proof of their module)", applied, direct, byModule)
	}
	if excepted > 0 {
		text += fmt.Sprintf(", %d excepted", excepted)
	}
	return text + fmt.Sprintf(", %d unchecked", unchecked)
}
