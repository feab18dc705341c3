package check

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// journalEnd ends the name of a journal.
const journalEnd = ".jsonl"

// AttachmentKinds are the pictures and tables that a suite may put beside its
// journal: who reaches whom, an alert's incident, which role may do what.
var AttachmentKinds = []string{"network", "incident", "access"}

// Attach puts a picture or table beside a journal, where evidence finds it: the
// journal's name with the kind and an extension (".svg", ".csv") in the place of
// ".jsonl". Without a journal, as in a test run by hand, it does nothing.
func Attach(journal, kind, extension string, data []byte) error {
	if journal == "" {
		return nil
	}
	stem, ok := strings.CutSuffix(journal, journalEnd)
	if !ok {
		return fmt.Errorf("attach %s to %s: a journal ends in %s", kind, journal, journalEnd)
	}
	for _, k := range AttachmentKinds {
		if k == kind {
			return os.WriteFile(stem+"."+kind+extension, data, 0o644)
		}
	}
	return fmt.Errorf("attach %q: the kinds are %s", kind, strings.Join(AttachmentKinds, ", "))
}

// Attached returns what lies beside a journal, by kind.
func Attached(journal string) (map[string]string, error) {
	out := map[string]string{}
	stem, ok := strings.CutSuffix(journal, journalEnd)
	if !ok {
		return out, nil
	}
	entries, err := os.ReadDir(filepath.Dir(journal))
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), filepath.Base(stem)+".")
		if !ok {
			continue
		}
		for _, kind := range AttachmentKinds {
			if strings.TrimSuffix(rest, filepath.Ext(rest)) == kind {
				if other, twice := out[kind]; twice {
					return nil, fmt.Errorf("%s and %s: one %s to a journal", other, e.Name(), kind)
				}
				out[kind] = filepath.Join(filepath.Dir(journal), e.Name())
			}
		}
	}
	return out, nil
}
