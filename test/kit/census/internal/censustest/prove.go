package censustest

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/fintrack/platform/test/kit/census"
)

// Maker creates resources through the SDK.
type Maker func(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string)

// Fixture makes one of each kind of a service.
type Fixture struct {
	// Make makes what can exist several times in an account. Every name starts
	// with name; everything that can carry tags gets the tags.
	Make Maker
	// Types are the Terraform types that Make makes.
	Types []string
	// Untagged are those of Types of which a resource cannot carry tags, and
	// Nameless those whose name nobody chooses.
	Untagged, Nameless []string
	// Apart are types that have a test of their own beside the fixture.
	Apart []string
	// Inside are types whose resources also go when the one that they are in goes,
	// though a census would not know them for ours.
	Inside []string
	// MakeOnce makes what an account or region has once at most, without a name
	// or tags; OnceTypes are its Terraform types. Only in an account of its own
	// can a run be known to have made it.
	MakeOnce  Maker
	OnceTypes []string
}

// Prove runs every test of the fixture.
func Prove(t *testing.T, f Fixture) {
	t.Run("every registered type is proven", func(t *testing.T) {
		var registered []string
		for _, l := range census.Listers() {
			registered = append(registered, l.Types...)
		}
		slices.Sort(registered)
		registered = slices.Compact(registered)
		proven := slices.Sorted(slices.Values(slices.Concat(f.Types, f.OnceTypes, f.Apart)))
		if !slices.Equal(registered, proven) {
			t.Errorf("registered: %v\nproven:     %v", registered, proven)
		}
	})
	t.Run("an account of our own is emptied down to its baseline", func(t *testing.T) {
		t.Parallel()
		proveOwn(t, f)
	})
	t.Run("in a shared account only ours is found and removed", func(t *testing.T) {
		t.Parallel()
		proveShared(t, f)
	})
}

func proveOwn(t *testing.T, f Fixture) {
	ctx, cfg := Context(t), Account(t)
	scope := census.Scope{Regions: []string{Region}, Own: true}
	earlier := Unique("before-")
	if f.Make != nil {
		f.Make(t, ctx, cfg, earlier, nil)
	}
	baseline := take(t, ctx, cfg, scope)
	scope.Baseline = census.Known(baseline.Keys())
	if now := take(t, ctx, cfg, scope); now.Len() != 0 {
		t.Fatalf("right after the baseline the census finds:\n%s", Lines(now.Resources()))
	}

	name, tags := Unique("ft-"), map[string]string{"fintrack:run": "one"}
	if f.Make != nil {
		f.Make(t, ctx, cfg, name, tags)
	}
	if f.MakeOnce != nil {
		f.MakeOnce(t, ctx, cfg, name, tags)
	}
	found := take(t, ctx, cfg, scope)
	t.Logf("found:\n%s", Lines(found.Resources()))
	wantTypes(t, found, append(slices.Clone(f.Types), f.OnceTypes...))
	marks := census.Scope{Prefix: name}
	for _, r := range found.Resources() {
		if slices.Contains(f.OnceTypes, r.Type) {
			continue
		}
		if !slices.Contains(f.Nameless, r.Type) && !marks.Owns(census.Resource{Name: r.Name}) {
			t.Errorf("%s: name %q does not start with %q", r, r.Name, name)
		}
		if !slices.Contains(f.Untagged, r.Type) && r.Tags["fintrack:run"] != "one" {
			t.Errorf("%s: tags %v lack the run's", r, r.Tags)
		}
	}

	deleted, left, err := census.Sweep(ctx, cfg, scope)
	if err != nil {
		t.Error(err)
	}
	if len(left) > 0 {
		t.Errorf("the sweep leaves:\n%s", Lines(left))
	}
	wantKeys(t, "deleted", found.Keys(), census.SetOf(deleted...).Keys())
	if now := take(t, ctx, cfg, scope); now.Len() != 0 {
		t.Errorf("after the sweep the census finds:\n%s", Lines(now.Resources()))
	}
	scope.Baseline = census.Set{}
	wantKeys(t, "of the baseline remain", baseline.Keys(), take(t, ctx, cfg, scope).Keys())
}

// proveShared makes the fixture four times: ours by name alone, ours by tag
// alone, another run's, and somebody's without any tag.
func proveShared(t *testing.T, f Fixture) {
	ctx, cfg := Context(t), Account(t)
	everything := census.Scope{Regions: []string{Region}, Own: true}
	run := map[string]string{"fintrack:run": "ours"}
	var theirs []string
	make := func(name string, tags map[string]string) []string {
		before := take(t, ctx, cfg, everything)
		f.Make(t, ctx, cfg, name, tags)
		since := everything
		since.Baseline = before
		return take(t, ctx, cfg, since).Keys()
	}
	if f.MakeOnce != nil {
		before := take(t, ctx, cfg, everything)
		f.MakeOnce(t, ctx, cfg, Unique("other-"), nil)
		since := everything
		since.Baseline = before
		theirs = append(theirs, take(t, ctx, cfg, since).Keys()...)
	}
	prefix := Unique("ft-")
	var ours, inside []string
	if f.Make != nil {
		theirs = append(theirs, make(Unique("other-"), nil)...)
		theirs = append(theirs, make(Unique("ft-"), map[string]string{"fintrack:run": "theirs"})...)
		named, tagged := make(prefix, nil), make(Unique("adopted-"), run)
		ours = append(without(named, f.Nameless), without(tagged, f.Untagged)...)
		inside = difference(tagged, without(tagged, f.Inside))
		// What carries neither name nor tag cannot be told from others' things.
		theirs = append(theirs, difference(append(named, tagged...), ours)...)
	}
	all := take(t, ctx, cfg, everything).Keys()

	scope := census.Scope{Regions: []string{Region}, Prefix: prefix, Tags: run}
	wantKeys(t, "found", ours, take(t, ctx, cfg, scope).Keys())
	_, left, err := census.Sweep(ctx, cfg, scope)
	if err != nil {
		t.Error(err)
	}
	if len(left) > 0 {
		t.Errorf("the sweep leaves:\n%s", Lines(left))
	}
	if now := take(t, ctx, cfg, scope); now.Len() != 0 {
		t.Errorf("after the sweep the census finds:\n%s", Lines(now.Resources()))
	}
	wantKeys(t, "remain", difference(all, append(ours, inside...)), take(t, ctx, cfg, everything).Keys())
	for _, k := range theirs {
		if !slices.Contains(all, k) {
			t.Errorf("the fixture of somebody else lacks %s", k)
		}
	}
}

func take(t testing.TB, ctx context.Context, cfg aws.Config, s census.Scope) census.Set {
	t.Helper()
	set, err := census.Take(ctx, cfg, s)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func wantTypes(t testing.TB, found census.Set, want []string) {
	t.Helper()
	got := map[string]bool{}
	for _, r := range found.Resources() {
		got[r.Type] = true
	}
	for _, w := range want {
		if !got[w] {
			t.Errorf("the census finds no %s", w)
		}
	}
}

func wantKeys(t testing.TB, what string, want, got []string) {
	t.Helper()
	if missing := difference(want, got); len(missing) > 0 {
		t.Errorf("%s: missing\n  %s", what, strings.Join(missing, "\n  "))
	}
	if extra := difference(got, want); len(extra) > 0 {
		t.Errorf("%s: too many\n  %s", what, strings.Join(extra, "\n  "))
	}
}

// difference returns what is in a and not in b.
func difference(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(k string) bool { return slices.Contains(b, k) })
}

// without returns the keys that are not of the types.
func without(keys, types []string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(k string) bool {
		return slices.Contains(types, strings.Split(k, "/")[1])
	})
}

// Lines prints resources, one a line.
func Lines(rs []census.Resource) string {
	lines := make([]string, len(rs))
	for i, r := range rs {
		lines[i] = "  " + r.String()
	}
	return strings.Join(lines, "\n")
}
