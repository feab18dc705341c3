package evidence

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/credentials"
	"github.com/fintrack/platform/test/kit/deployed"
)

// ErrSecret marks a bundle that is not written because it would hold a secret.
var ErrSecret = errors.New("the bundle would hold a secret")

// RefuseSecrets reports every place of a bundle that holds a sensitive value or
// anything that gitleaks knows as a credential. The error never holds the value.
func RefuseSecrets(files Files, sensitive []string) error {
	scanner, err := credentials.NewScanner()
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range sortedKeys(files) {
		text := string(files[name])
		for i, v := range sensitive {
			if form, line := holds(text, v); line > 0 {
				errs = append(errs, fmt.Errorf("%s:%d: a sensitive output (number %d of those given)%s", name, line, i+1, form))
			}
		}
		for _, f := range scanner.Text(name, text) {
			errs = append(errs, errors.New(f.String()))
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("%w:\n%w", ErrSecret, errors.Join(errs...))
}

// shortest is the length from which a value is looked for anywhere; a shorter one
// counts only as a word of its own, or every port number would be a finding.
const shortest = 8

// holds looks for a value as it is and as JSON, HTML, URLs and base64 write it. The
// line counts from 1 and is 0 when the value is not there.
func holds(text, value string) (form string, line int) {
	if value == "" {
		return "", 0
	}
	quoted, _ := json.Marshal(value)
	forms := []struct{ as, text string }{
		{"", value},
		{", as JSON writes it", strings.Trim(string(quoted), `"`)},
		{", as a URL writes it", url.QueryEscape(value)},
	}
	if len(value) >= shortest {
		forms = append(forms, struct{ as, text string }{", as base64", base64.StdEncoding.EncodeToString([]byte(value))})
	}
	for _, f := range forms {
		i := strings.Index(text, f.text)
		if i >= 0 && (len(value) >= shortest || names(text, f.text)) {
			return f.as, 1 + strings.Count(text[:i], "\n")
		}
	}
	return "", 0
}

// SensitiveOutputs reads what `terraform output -json` prints and returns every
// text inside the outputs that are marked sensitive.
func SensitiveOutputs(name string, text []byte) ([]string, error) {
	var outputs map[string]struct {
		Sensitive bool `json:"sensitive"`
		Value     any  `json:"value"`
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&outputs); err != nil {
		return nil, fmt.Errorf("%s: want what terraform output -json prints: %w", name, err)
	}
	var out []string
	for _, k := range sortedKeys(outputs) {
		if outputs[k].Sensitive {
			out = append(out, deployed.Texts(outputs[k].Value)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}
