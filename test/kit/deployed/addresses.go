package deployed

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Addresses reads from a Terraform state where the instances of a type stand, by their
// ARN. An instance without one is an error, and so are two with the same.
func Addresses(state []byte, kind string) (map[string]string, error) {
	var s struct {
		Version   int
		Resources []struct {
			Module, Mode, Type, Name string
			Instances                []struct {
				Key        json.RawMessage `json:"index_key"`
				Attributes struct{ ARN string }
			}
		}
	}
	if err := json.Unmarshal(state, &s); err != nil {
		// Not with what is in it: that may be a secret.
		return nil, errors.New("is no state of Terraform")
	}
	if s.Version != 4 {
		return nil, fmt.Errorf("is a state of version %d, want 4", s.Version)
	}
	out := map[string]string{}
	for _, r := range s.Resources {
		if r.Mode != "managed" || r.Type != kind {
			continue
		}
		block := strings.TrimPrefix(r.Module+"."+r.Type+"."+r.Name, ".")
		for _, i := range r.Instances {
			address := block
			if key := string(i.Key); key != "" && key != "null" {
				address += "[" + key + "]"
			}
			known, twice := out[i.Attributes.ARN]
			switch {
			case i.Attributes.ARN == "":
				return nil, fmt.Errorf("%s has no ARN", address)
			case twice:
				return nil, fmt.Errorf("%s and %s have one ARN", known, address)
			}
			out[i.Attributes.ARN] = address
		}
	}
	return out, nil
}
