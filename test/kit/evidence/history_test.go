package evidence_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/evidence"
	"github.com/stretchr/testify/require"
)

func TestDiffTellsByControlWhatChanged(t *testing.T) {
	t.Parallel()
	only := func(id string, v check.Verdict, observed string) check.Result {
		return with(result(id, began), func(r *check.Result) { r.Controls, r.Verdict, r.Observed = []string{"C1.1"}, v, observed })
	}
	before, after := inputs(), inputs()
	before.Results = append(before.Results, only("demo.breaks", check.Pass, "true"), only("demo.mends", check.Fail, "false"), only("demo.gone", check.Pass, "true"), only("demo.fades", check.Pass, "true"), only("demo.value", check.Pass, "16.4"))
	after.Results = append(after.Results, only("demo.breaks", check.Fail, "false"), only("demo.mends", check.Pass, "true"), only("demo.added", check.Pass, "true"), only("demo.fades", check.NotProven, "no"), only("demo.value", check.Pass, "16.5"))
	a, b := opened(t, build(t, before)), opened(t, build(t, after))
	var got []string
	for _, c := range evidence.Diff(a, b) {
		got = append(got, c.Control+" "+c.What+" "+c.ID)
	}
	require.Equal(t, []string{
		"C1.1 broke demo.breaks", "C1.1 no longer made demo.gone", "C1.1 no longer proven demo.fades",
		"C1.1 mended demo.mends", "C1.1 new demo.added", "C1.1 observed another value demo.value",
	}, got)
	var text bytes.Buffer
	require.NoError(t, evidence.WriteDiff(&text, a, b, evidence.Diff(a, b)))
	require.Contains(t, text.String(), "C1.1\n  broke                  demo.breaks (emulated)\n    before: pass, true\n    after:  fail, false\n")
	require.Empty(t, evidence.Diff(a, a))
}

func day(n int) time.Time { return began.AddDate(0, 0, n) }

// nightly is the bundle of a day; failed are checks that failed then.
func nightly(t *testing.T, n int, previous evidence.Files, failed ...string) evidence.Files {
	in := inputs()
	in.Previous = previous
	in.Results = []check.Result{result("demo.one", day(n)), result("demo.two", day(n))}
	for i, r := range in.Results {
		for _, f := range failed {
			if r.ID == f {
				in.Results[i].Verdict, in.Results[i].Observed = check.Fail, "false"
			}
		}
	}
	return build(t, in)
}

func TestAPeriodSaysWhatRanWhatFailedAndWhenItWasMended(t *testing.T) {
	t.Parallel()
	first := nightly(t, 0, nil)
	second := nightly(t, 1, first, "demo.two")
	fourth := nightly(t, 3, second, "demo.two")
	fifth := nightly(t, 4, fourth)
	p, err := evidence.ReportPeriod([]*evidence.Bundle{opened(t, fifth), opened(t, first), opened(t, fourth), opened(t, second)}, day(0), day(5))
	require.NoError(t, err)
	expected, present, failed := p.Counts()
	require.Equal(t, []int{6, 4, 2}, []int{expected, present, failed})
	require.Empty(t, p.Chain)
	require.Len(t, p.Broken, 1)
	require.Equal(t, 72*time.Hour, p.Broken[0].Mended.Sub(p.Broken[0].First))
	require.False(t, p.Good())
	var b bytes.Buffer
	require.NoError(t, evidence.WritePeriod(&b, p))
	require.Contains(t, b.String(), "2026-11-20 to 2026-11-25: 6 runs expected, 4 present, 2 with failures or gaps")
	require.Contains(t, b.String(), "2026-11-22  MISSING  no run")
	require.Contains(t, b.String(), "in 2 runs, mended after 72h0m0s")
}

func TestAPeriodOfGoodNightsIsGood(t *testing.T) {
	t.Parallel()
	first := nightly(t, 0, nil)
	second := nightly(t, 1, first)
	p, err := evidence.ReportPeriod([]*evidence.Bundle{opened(t, first), opened(t, second)}, day(0), day(1))
	require.NoError(t, err)
	require.True(t, p.Good())
}

func TestAReleaseInAPeriodIsAChainOfItsOwn(t *testing.T) {
	t.Parallel()
	first := nightly(t, 0, nil, "demo.one")
	in := inputs()
	in.Series, in.Results = "release", []check.Result{result("demo.one", day(0).Add(time.Hour))}
	release := opened(t, build(t, in))
	second := nightly(t, 1, first)
	p, err := evidence.ReportPeriod([]*evidence.Bundle{opened(t, first), release, opened(t, second)}, day(0), day(1))
	require.NoError(t, err)
	require.Empty(t, p.Chain)
	require.Len(t, p.Broken, 1)
	require.Equal(t, day(1), p.Broken[0].Mended, "by the next night, not by the release")
}

func TestABundleTakenOutOfAPeriodIsNoticed(t *testing.T) {
	t.Parallel()
	first := nightly(t, 0, nil)
	hidden := nightly(t, 1, first, "demo.one")
	third := nightly(t, 2, hidden)
	p, err := evidence.ReportPeriod([]*evidence.Bundle{opened(t, first), opened(t, third)}, day(0), day(2))
	require.NoError(t, err)
	require.Len(t, p.Chain, 1)
	require.Contains(t, p.Chain[0], "one is missing or was exchanged")
	require.False(t, p.Good())
}

func TestABundleOfAnotherTimeIsRefused(t *testing.T) {
	t.Parallel()
	b := opened(t, nightly(t, 9, nil))
	_, err := evidence.ReportPeriod([]*evidence.Bundle{b}, day(0), day(1))
	require.ErrorContains(t, err, "began on 2026-11-29, outside of the period")
}

func part(t *testing.T, shard string, change func(*evidence.Inputs), ids ...string) *evidence.Bundle {
	in := inputs()
	in.Shard, in.Results = shard, nil
	for _, id := range ids {
		in.Results = append(in.Results, result(id, began))
	}
	if change != nil {
		change(&in)
	}
	return opened(t, build(t, in))
}

func TestPartsJoinIntoOneRun(t *testing.T) {
	t.Parallel()
	in, err := evidence.Merge([]*evidence.Bundle{part(t, "2/2", nil, "demo.two"), part(t, "1/2", nil, "demo.one")})
	require.NoError(t, err)
	files := build(t, in)
	require.Empty(t, verify(t, files, expect(t)))
	require.Len(t, opened(t, files).Results, 2)
	require.Equal(t, build(t, evidence.Inputs{
		Commit: commit, Controls: []byte(controls()), Resources: tables, Trees: inputs().Trees, Tools: inputs().Tools,
		Results: []check.Result{result("demo.one", began), result("demo.two", began)},
	}), files)
}

func TestTwoStepsMayMakeTheSameCheckInTwoParts(t *testing.T) {
	t.Parallel()
	made := func(run, step string) func(*evidence.Inputs) {
		return func(in *evidence.Inputs) {
			in.Steps = map[string]string{run: step}
			for i := range in.Results {
				in.Results[i].Run = run
			}
		}
	}
	one := part(t, "1/2", made("r1", "test-network"), "demo.one", "demo.no-drift")
	in, err := evidence.Merge([]*evidence.Bundle{one, part(t, "2/2", made("r2", "test-identity"), "demo.two", "demo.no-drift")})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"r1": "test-network", "r2": "test-identity"}, in.Steps)
	require.Len(t, opened(t, build(t, in)).Results, 4)
	_, err = evidence.Merge([]*evidence.Bundle{one, part(t, "2/2", made("r2", "test-network"), "demo.two", "demo.no-drift")})
	require.ErrorIs(t, err, evidence.ErrParts)
	require.ErrorContains(t, err, "the check demo.no-drift of demo is in part 1/2 and in part 2/2")
}

func TestMergeRefusesGapsAndOverlaps(t *testing.T) {
	t.Parallel()
	one, two := part(t, "1/2", nil, "demo.one"), part(t, "2/2", nil, "demo.two")
	cases := map[string]struct {
		parts []*evidence.Bundle
		want  string
	}{
		"a missing part":               {[]*evidence.Bundle{one}, "part 2/2 is missing"},
		"a part that stands twice":     {[]*evidence.Bundle{one, two, two}, "part 2/2 is there 2 times"},
		"parts of different divisions": {[]*evidence.Bundle{one, part(t, "2/3", nil, "demo.two")}, "is part 2/3, and others are of 2"},
		"a check in two parts":         {[]*evidence.Bundle{one, part(t, "2/2", nil, "demo.one")}, "the check demo.one of demo is in part 1/2 and in part 2/2"},
		"parts of two commits":         {[]*evidence.Bundle{one, part(t, "2/2", func(in *evidence.Inputs) { in.Commit = strings.Repeat("a", 40) }, "demo.two")}, "part 1/2 is of commit"},
		"parts of two series":          {[]*evidence.Bundle{one, part(t, "2/2", func(in *evidence.Inputs) { in.Series = "nightly" }, "demo.two")}, `part 1/2 is of the series "", part 2/2 of "nightly"`},
		"parts of two trees":           {[]*evidence.Bundle{one, part(t, "2/2", func(in *evidence.Inputs) { in.Trees = nil }, "demo.two")}, "stand on different trees"},
		"parts of two tools": {[]*evidence.Bundle{one, part(t, "2/2", func(in *evidence.Inputs) {
			in.Tools = []evidence.Tool{{Name: "terraform", Version: "1.12.0", SHA256: strings.Repeat("cd", 32)}}
		}, "demo.two")}, "part 2/2 used terraform 1.12.0"},
		"parts of two sets of controls": {[]*evidence.Bundle{one, part(t, "2/2", func(in *evidence.Inputs) {
			in.Controls = append(in.Controls, '\n')
		}, "demo.two")}, "have different controls.yaml"},
		"a whole run among parts": {[]*evidence.Bundle{one, opened(t, build(t, inputs()))}, "is a whole run, not a part"},
		"nothing":                 {nil, "none was given"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := evidence.Merge(c.parts)
			require.ErrorIs(t, err, evidence.ErrParts)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestAFolderKeepsABundleAsItIs(t *testing.T) {
	t.Parallel()
	files := build(t, inputs())
	dir := filepath.Join(t.TempDir(), "a", "bundle")
	require.NoError(t, evidence.WriteFolder(dir, files))
	got, err := evidence.ReadFolder(dir)
	require.NoError(t, err)
	require.Equal(t, files, got)
	require.ErrorContains(t, evidence.WriteFolder(dir, files), "it is there already")
	_, err = evidence.ReadFolder(t.TempDir())
	require.ErrorContains(t, err, "the folder is empty")
}

func TestEveryResourceIsListed(t *testing.T) {
	t.Parallel()
	tree := fstest.MapFS{
		"modules/a/main.tf":                   {Data: []byte("resource \"aws_x\" \"one\" {\n}\n\nresource \"aws_y\" \"two\" {\n}\n")},
		"modules/a/examples/complete/main.tf": {Data: []byte("resource \"aws_x\" \"example\" {}\n")},
		"terraform/b/main.tf":                 {Data: []byte("data \"aws_x\" \"read\" {}\nresource \"aws_x\" \"three\" {}\n")},
	}
	rs, err := evidence.Resources(tree)
	require.NoError(t, err)
	var got []string
	for _, r := range rs {
		got = append(got, r.Address())
	}
	require.Equal(t, []string{"modules/a:aws_x.one", "modules/a:aws_y.two", "terraform/b:aws_x.three"}, got)
	require.Equal(t, 4, rs[1].Line)

	tree["modules/a/inner/main.tf"] = &fstest.MapFile{Data: []byte("resource \"aws_x\" \"within\" {}\n")}
	rs, err = evidence.Resources(tree)
	require.NoError(t, err)
	require.Len(t, rs, 4)
	require.Equal(t, "modules/a/inner:aws_x.within", rs[2].Address())
	require.True(t, rs[2].IsSubjectOf(check.Result{Check: check.Check{Subject: "aws_x.within"}, Suite: "a"}), "the suite of the module around it proves it")
	require.False(t, rs[2].IsSubjectOf(check.Result{Check: check.Check{Subject: "aws_x.within"}, Suite: "inner"}))

	tree["modules/a/bad.tf"] = &fstest.MapFile{Data: []byte("resource {")}
	_, err = evidence.Resources(tree)
	require.ErrorContains(t, err, "modules/a/bad.tf:1")
}
