package evidence

import (
	"bytes"
	"context"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/jstemmer/go-junit-report/v2/junit"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
)

// Expect says what a bundle is verified against, beside itself.
type Expect struct {
	// Key verifies the signature.
	Key crypto.PublicKey
	// Commit, when not empty, is the commit that the bundle must be of.
	Commit string
	// Previous, when not nil, is the bundle that it must follow.
	Previous Files
	// Modified allows a bundle of a checkout with changes that no commit holds.
	Modified bool
}

// Finding is one thing that is wrong with a bundle.
type Finding struct {
	// File is the file in the bundle that it is about.
	File string
	// What says what is wrong with it.
	What string
}

func (f Finding) String() string { return f.File + ": " + f.What }

// Verify looks for everything that is wrong with a bundle: signature, digests,
// files that are missing or more than listed, chain, schema, completeness, commit.
// A bundle without findings is what the holder of the key signed.
func Verify(ctx context.Context, files Files, want Expect) []Finding {
	v := &verifier{files: files, want: want}
	st := v.signature(ctx)
	m, ok := v.manifest()
	if !ok {
		return v.found
	}
	v.digests(m)
	if st != nil {
		v.subjects(m, *st)
	}
	if len(v.found) > 0 {
		// What was changed after signing proves nothing by its content.
		return v.found
	}
	b, err := Open(files)
	if err != nil {
		v.add(RunFile, "%v", err)
		return v.found
	}
	v.chain(b)
	v.commit(b)
	v.schema(b)
	v.content(b, *st)
	v.completeness(b)
	return v.found
}

type verifier struct {
	files Files
	want  Expect
	found []Finding
}

func (v *verifier) add(file, format string, args ...any) {
	v.found = append(v.found, Finding{file, fmt.Sprintf(format, args...)})
}

// signature returns the statement when the key signed it. The envelope must be
// encoded as we encode it: a byte that the signature does not cover must not be free.
func (v *verifier) signature(ctx context.Context) *statement {
	text, ok := v.files[StatementFile]
	if !ok {
		v.add(StatementFile, "is missing: nothing is signed")
		return nil
	}
	var env dsse.Envelope
	if err := json.Unmarshal(text, &env); err != nil {
		v.add(StatementFile, "%v", err)
		return nil
	}
	if again, err := indented(env); err != nil || !bytes.Equal(again, text) {
		v.add(StatementFile, "is not encoded as it was written: it was changed")
		return nil
	}
	if env.PayloadType != payloadType {
		v.add(StatementFile, "payload type is %q, want %q", env.PayloadType, payloadType)
		return nil
	}
	if err := v.signedByKey(ctx, env); err != nil {
		v.add(StatementFile, "%v", err)
		return nil
	}
	payload, err := base64.StdEncoding.Strict().DecodeString(env.Payload)
	if err == nil {
		err = validStatement(payload)
	}
	var st statement
	if err == nil {
		err = json.Unmarshal(payload, &st)
	}
	if err != nil {
		v.add(StatementFile, "%v", err)
		return nil
	}
	return &st
}

func (v *verifier) signedByKey(ctx context.Context, env dsse.Envelope) error {
	id, err := KeyID(v.want.Key)
	if err != nil {
		return err
	}
	if len(env.Signatures) != 1 {
		return fmt.Errorf("has %d signatures, want 1", len(env.Signatures))
	}
	// A lenient decoder would leave bits of the last letter free.
	if _, err := base64.StdEncoding.Strict().DecodeString(env.Signatures[0].Sig); err != nil {
		return fmt.Errorf("the signature is not encoded as it was written: %w", err)
	}
	if env.Signatures[0].KeyID != id {
		return fmt.Errorf("is signed by the key %s, and the given key is %s", env.Signatures[0].KeyID, id)
	}
	checker, err := dsse.NewEnvelopeVerifier(dsseKey{public: v.want.Key})
	if err != nil {
		return err
	}
	if _, err := checker.Verify(ctx, &env); err != nil {
		return errSignature
	}
	return nil
}

func (v *verifier) manifest() (m Manifest, ok bool) {
	if err := strictly(v.files, ManifestFile, &m); err != nil {
		v.add(ManifestFile, "%v", err)
		return m, false
	}
	return m, true
}

// digests names every file that is changed, missing, or not listed.
func (v *verifier) digests(m Manifest) {
	listed := map[string]bool{ManifestFile: true, StatementFile: true}
	for _, e := range m.Files {
		listed[e.Name] = true
		text, ok := v.files[e.Name]
		switch {
		case !ok:
			v.add(e.Name, "is missing")
		case len(text) != e.Size:
			v.add(e.Name, "was changed: has %d bytes, was signed with %d", len(text), e.Size)
		case digest(text) != e.SHA256:
			v.add(e.Name, "was changed: its SHA-256 is not the signed one")
		}
	}
	for _, name := range sortedKeys(v.files) {
		if !listed[name] {
			v.add(name, "was added: the manifest does not list it")
		}
	}
	for _, name := range []string{ChecksFile, ControlsFile, ResourcesFile, RunFile, JUnitFile, OSCALFile, PageFile} {
		if !listed[name] {
			v.add(name, "is not in the manifest: every bundle has it")
		}
	}
}

// subjects compares what was signed with what is here.
func (v *verifier) subjects(m Manifest, st statement) {
	if want := digest(v.files[ManifestFile]); !v.says(st, ManifestFile, "sha256", want) {
		v.add(ManifestFile, "was changed: its SHA-256 is not the signed one")
	}
	if !v.says(st, "commit", "gitCommit", m.Commit) {
		v.add(ManifestFile, "is of commit %s, which is not the one that was signed", m.Commit)
	}
}

func (v *verifier) says(st statement, name, algorithm, value string) bool {
	return slices.ContainsFunc(st.Subject, func(d descriptor) bool { return d.Name == name && d.Digest[algorithm] == value })
}

func (v *verifier) chain(b *Bundle) {
	if v.want.Previous == nil {
		return
	}
	want := digest(v.want.Previous[ManifestFile])
	switch {
	case b.Manifest.Previous == nil:
		v.add(ManifestFile, "begins a chain: it does not follow the given bundle")
	case b.Manifest.Previous.SHA256 != want:
		v.add(ManifestFile, "follows the bundle %s with a manifest of SHA-256 %s, and the given one has %s", b.Manifest.Previous.Run, b.Manifest.Previous.SHA256, want)
	}
}

func (v *verifier) commit(b *Bundle) {
	if v.want.Commit != "" && b.Manifest.Commit != v.want.Commit {
		v.add(ManifestFile, "is of commit %s, want %s", b.Manifest.Commit, v.want.Commit)
	}
	if b.Run.Commit != b.Manifest.Commit || b.Run.ID != b.Manifest.Run || b.Run.Shard != b.Manifest.Shard {
		v.add(RunFile, "names another run, commit or part than %s", ManifestFile)
	}
	if b.Run.Modified && !v.want.Modified {
		v.add(RunFile, "was made from a checkout with changes that no commit holds")
	}
}

func (v *verifier) schema(b *Bundle) {
	if err := ValidateOSCAL(b.Files[OSCALFile]); err != nil {
		v.add(OSCALFile, "%v", err)
	}
	for _, r := range b.Results {
		if err := r.Validate(); err != nil {
			v.add(ChecksFile, "%v", err)
		}
	}
}

// content holds the printed forms against the results that they print.
func (v *verifier) content(b *Bundle, st statement) {
	again := outcome(b.Run, b.Results, digest(b.Files[ControlsFile]))
	if x, y := mustJSON(again), mustJSON(st.Predicate); x != y {
		v.add(StatementFile, "signs other outcomes than %s holds", ChecksFile)
	}
	var suites junit.Testsuites
	if err := xml.Unmarshal(b.Files[JUnitFile], &suites); err != nil {
		v.add(JUnitFile, "%v", err)
		return
	}
	got, want := check.Count{}, check.Tally(b.Results)
	for _, s := range suites.Suites {
		got.Fail += s.Failures
		got.NotProven += s.Skipped
		got.Pass += s.Tests - s.Failures - s.Skipped
	}
	if got != want {
		v.add(JUnitFile, "counts %s, and %s holds %s", got, ChecksFile, want)
	}
}

func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// completeness judges the results anew by the controls of the bundle.
func (v *verifier) completeness(b *Bundle) {
	if b.Run.Shard != "" {
		return
	}
	var resources []Resource
	if err := strictly(b.Files, ResourcesFile, &resources); err != nil {
		v.add(ResourcesFile, "%v", err)
		return
	}
	var before []check.Result
	if v.want.Previous != nil {
		p, err := Open(v.want.Previous)
		if err != nil {
			v.add(ManifestFile, "the bundle before: %v", err)
			return
		}
		before = p.Results
	}
	for _, g := range Complete(b.Intent, b.Results, resources, before) {
		v.add(ChecksFile, "%s", g)
	}
	for _, g := range b.Run.Gaps {
		if g.Kind == DidNotRun && g.Control == "" && before == nil {
			v.add(ChecksFile, "%s", g)
		}
	}
}

// Errors joins findings into one error, nil when there are none.
func Errors(found []Finding) error {
	errs := make([]error, 0, len(found))
	for _, f := range found {
		errs = append(errs, errors.New(f.String()))
	}
	return errors.Join(errs...)
}

// Summary is one line about a bundle.
func (b *Bundle) Summary() string {
	return fmt.Sprintf("%s: %s; commit %s; environment: %s", b.Run.ID, check.Tally(b.Results), b.Run.Commit, strings.Join(b.Run.Environments, ", "))
}
