// Package policydoc reads IAM policy documents in one form, so that two of the
// same meaning compare equal: the list of one element is the element, and lists
// are sorted, since their order means nothing and AWS does not keep it ("IAM JSON
// policy elements reference").
package policydoc

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Statement is one statement, by the names of its elements.
type Statement = map[string]any

// Read returns the statements of a document in their order. The document may be
// URL-encoded, as IAM returns it ("GetRole").
func Read(document string) ([]Statement, error) {
	if strings.HasPrefix(document, "%") {
		text, err := url.QueryUnescape(document)
		if err != nil {
			return nil, fmt.Errorf("decode policy document: %w", err)
		}
		document = text
	}
	var policy struct{ Statement json.RawMessage }
	if err := json.Unmarshal([]byte(document), &policy); err != nil {
		return nil, fmt.Errorf("decode policy document: %w", err)
	}
	var list []Statement
	if err := json.Unmarshal(policy.Statement, &list); err != nil {
		one := Statement{}
		if err := json.Unmarshal(policy.Statement, &one); err != nil {
			return nil, fmt.Errorf("decode statements of policy document: %w", err)
		}
		list = []Statement{one}
	}
	for _, s := range list {
		for k, v := range s {
			s[k] = Normal(v)
		}
	}
	return list, nil
}

// BySid returns the statements of a document by their Sid; two with the same Sid,
// or two without one, are an error.
func BySid(document string) (map[string]Statement, error) {
	list, err := Read(document)
	if err != nil {
		return nil, err
	}
	out := make(map[string]Statement, len(list))
	for _, s := range list {
		id, _ := s["Sid"].(string)
		if out[id] != nil {
			return nil, fmt.Errorf("policy document: two statements are called %q", id)
		}
		out[id] = s
	}
	return out, nil
}

// Normal brings a part of a statement into the form that Read returns, in place
// where it can.
func Normal(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			v[k] = Normal(e)
		}
	case []any:
		for i, e := range v {
			v[i] = Normal(e)
		}
		if len(v) == 1 {
			return v[0]
		}
		slices.SortFunc(v, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	}
	return v
}
