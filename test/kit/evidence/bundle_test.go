package evidence_test

import (
	"context"
	"encoding/xml"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/evidence"
	"github.com/jstemmer/go-junit-report/v2/junit"
	"github.com/stretchr/testify/require"
)

func TestTheSameInputsGiveTheSameBundle(t *testing.T) {
	t.Parallel()
	in := inputs()
	in.Artefacts = map[string]evidence.Artefact{"access": {Name: "a.csv", Data: []byte("role,action\na,b\n")}}
	again := in
	again.Results = slices.Clone(in.Results)
	slices.Reverse(again.Results)
	require.Equal(t, build(t, in), build(t, again))
}

func TestThePageHasAPlaceForWhateverASuiteAttaches(t *testing.T) {
	var kinds []string
	for _, k := range evidence.ArtefactKinds {
		kinds = append(kinds, k.Kind)
	}
	require.ElementsMatch(t, check.AttachmentKinds, kinds)
}

func TestAWholeBundleVerifies(t *testing.T) {
	t.Parallel()
	first := build(t, inputs())
	in := inputs()
	in.Previous = first
	in.Artefacts = map[string]evidence.Artefact{"network": {Name: "n.svg", Data: []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)}}
	second := build(t, in)
	want := expect(t)
	want.Previous, want.Commit = first, commit
	require.Empty(t, verify(t, second, want))
}

// TestEveryFlippedByteIsCaught flips a bit of each byte of a bundle in turn, and all
// eight where the signature is: the file that holds it must be named.
func TestEveryFlippedByteIsCaught(t *testing.T) {
	t.Parallel()
	in := inputs()
	in.Results = in.Results[:1]
	files, want := build(t, in), expect(t)
	require.Empty(t, verify(t, files, want))
	require.Len(t, files, 9)
	for name, original := range files {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := slices.Clone(original)
			bundle := changed(files, name, text)
			for i := range text {
				bits := []byte{1 << (i % 8)}
				if name == evidence.StatementFile {
					bits = []byte{1, 2, 4, 8, 16, 32, 64, 128}
				}
				for _, bit := range bits {
					text[i] ^= bit
					found := evidence.Verify(context.Background(), bundle, want)
					if !slices.ContainsFunc(found, func(f evidence.Finding) bool { return f.File == name }) {
						t.Fatalf("byte %d of %d, bit %#02x: a flip was not named; found %v", i, len(text), bit, found)
					}
					text[i] ^= bit
				}
			}
		})
	}
}

func TestVerifyNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	whole := build(t, inputs())
	without := func(name string) evidence.Files {
		files := maps.Clone(whole)
		delete(files, name)
		return files
	}
	failing := inputs()
	failing.Results = []check.Result{with(inputs().Results[0], func(r *check.Result) { r.Controls = []string{"CC6.1"} })}
	modified := inputs()
	modified.Modified = true
	other := inputs()
	other.Commit = strings.Repeat("f", 40)
	cases := map[string]struct {
		files evidence.Files
		want  func(*evidence.Expect)
		found string
	}{
		"a changed file":                         {changed(whole, evidence.JUnitFile, []byte("<testsuites/>")), nil, "junit.xml: was changed"},
		"a missing file":                         {without(evidence.OSCALFile), nil, "oscal.json: is missing"},
		"an added file":                          {changed(whole, "note.txt", []byte("x")), nil, "note.txt: was added"},
		"an appended byte":                       {changed(whole, evidence.ChecksFile, append(slices.Clone(whole[evidence.ChecksFile]), '\n')), nil, "checks.jsonl: was changed: has"},
		"no statement":                           {without(evidence.StatementFile), nil, "statement.dsse.json: is missing"},
		"no manifest":                            {without(evidence.ManifestFile), nil, "manifest.json is missing"},
		"the statement of another bundle":        {changed(whole, evidence.StatementFile, build(t, other)[evidence.StatementFile]), nil, "manifest.json: was changed"},
		"white space in the statement":           {changed(whole, evidence.StatementFile, append(slices.Clone(whole[evidence.StatementFile]), ' ')), nil, "is not encoded as it was written"},
		"another commit than wanted":             {whole, func(e *evidence.Expect) { e.Commit = strings.Repeat("e", 40) }, "is of commit " + commit},
		"a first bundle where one should follow": {whole, func(e *evidence.Expect) { e.Previous = build(t, other) }, "begins a chain"},
		"results that are not complete":          {build(t, failing), nil, "checks.jsonl: controls.yaml:13: mapped check did not run: CC6.2"},
		"a checkout with changes":                {build(t, modified), nil, "run.json: was made from a checkout with changes"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := expect(t)
			if c.want != nil {
				c.want(&want)
			}
			found := verify(t, c.files, want)
			require.True(t, slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, c.found) }), "want %q in %q", c.found, found)
		})
	}
}

func TestAnotherKeyDoesNotVerify(t *testing.T) {
	t.Parallel()
	_, public, err := evidence.GenerateKey()
	require.NoError(t, err)
	k, err := evidence.ReadPublic("other.pem", public)
	require.NoError(t, err)
	found := verify(t, build(t, inputs()), evidence.Expect{Key: k})
	require.Contains(t, found[0], "is signed by the key")
}

func TestABundleFollowsTheOneBefore(t *testing.T) {
	t.Parallel()
	in, other := inputs(), inputs()
	other.Results = other.Results[:1]
	in.Previous = build(t, other)
	second := build(t, in)
	want := expect(t)
	want.Previous = build(t, inputs())
	found := verify(t, second, want)
	require.Contains(t, strings.Join(found, "\n"), "follows the bundle")
}

func TestAVanishedCheckStaysAFindingWithoutTheBundleBefore(t *testing.T) {
	t.Parallel()
	in := inputs()
	in.Previous, in.Results = build(t, in), in.Results[:1]
	require.Contains(t, strings.Join(verify(t, build(t, in), expect(t)), "\n"), "demo.two of suite demo on emulated ran before")
}

func TestWhatCannotBeEvidenceIsRefused(t *testing.T) {
	t.Parallel()
	signer, _ := keys()
	cases := map[string]struct {
		change func(*evidence.Inputs)
		want   string
	}{
		"no results":     {func(in *evidence.Inputs) { in.Results = nil }, "there is no evidence of nothing"},
		"a short commit": {func(in *evidence.Inputs) { in.Commit = "abc" }, `commit "abc"`},
		"a check without a time": {func(in *evidence.Inputs) {
			in.Results[0].Time = in.Results[0].Time.AddDate(-5000, 0, 0)
			in.Results[0].Environment = ""
		}, "no time, environment or suite"},
		"an unknown artefact": {func(in *evidence.Inputs) { in.Artefacts = map[string]evidence.Artefact{"song": {Name: "a.txt"}} }, "artefact song"},
		"an artefact of a kind that the page cannot show": {func(in *evidence.Inputs) {
			in.Artefacts = map[string]evidence.Artefact{"network": {Name: "a.exe"}}
		}, "the page shows .svg"},
		"a part that is none": {func(in *evidence.Inputs) { in.Shard = "3/2" }, "SHARD=3/2: want k/n"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := inputs()
			c.change(&in)
			_, _, err := evidence.Build(context.Background(), in, signer)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestJUnitSaysWhatFailedAndWhatWasNotProven(t *testing.T) {
	t.Parallel()
	in := inputs()
	in.Results = append(in.Results,
		with(result("demo.three", began), func(r *check.Result) { r.Verdict, r.Observed = check.Fail, "false" }),
		with(result("demo.four", began), func(r *check.Result) { r.Verdict = check.NotProven }))
	var suites junit.Testsuites
	require.NoError(t, xml.Unmarshal(build(t, in)[evidence.JUnitFile], &suites))
	require.Len(t, suites.Suites, 1)
	s := suites.Suites[0]
	require.Equal(t, []int{4, 1, 1}, []int{s.Tests, s.Failures, s.Skipped})
	text := string(build(t, in)[evidence.JUnitFile])
	require.Contains(t, text, "observed: false")
	require.Contains(t, text, "not proven here")
}

func TestTheOSCALDocumentValidates(t *testing.T) {
	t.Parallel()
	text := build(t, inputs())[evidence.OSCALFile]
	require.NoError(t, evidence.ValidateOSCAL(text))
	require.Error(t, evidence.ValidateOSCAL([]byte(strings.Replace(string(text), `"methods": [`, `"method": [`, 1))))
	require.Error(t, evidence.ValidateOSCAL([]byte(strings.Replace(string(text), `"state": "satisfied"`, `"state": "fine"`, 1))))
}

func TestAnUnprovenCheckDoesNotSatisfyACriterion(t *testing.T) {
	t.Parallel()
	in := inputs()
	in.Results = append(in.Results, with(result("demo.three", began), func(r *check.Result) { r.Verdict = check.NotProven }))
	text := string(build(t, in)[evidence.OSCALFile])
	require.NotContains(t, text, `"satisfied"`)
	require.Equal(t, len(check.Controls), strings.Count(text, `"not-satisfied"`))
}

func TestKeysThatCannotBeReadSayWhy(t *testing.T) {
	t.Parallel()
	private, public, err := evidence.GenerateKey()
	require.NoError(t, err)
	_, err = evidence.ReadSigner("k.pem", public)
	require.ErrorContains(t, err, "k.pem: no PEM block PRIVATE KEY")
	_, err = evidence.ReadPublic("p.pem", private)
	require.ErrorContains(t, err, "p.pem: want one PEM block PUBLIC KEY")
}
