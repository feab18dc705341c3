package front

import (
	"fmt"
	"strings"
	"sync"

	"google.golang.org/protobuf/encoding/protowire"
)

// Schemas is a provider's answer to GetSchema, by what it holds.
type Schemas struct{ fields []field }

// field is one field of the answer as it came. name is the type that it is the schema
// of, "" for a field that is none, such as the provider's own schema.
type field struct {
	name string
	raw  []byte
}

// prefix begins the names of the types that may be left out.
const prefix = "aws_"

// Parse takes an answer apart, GetProviderSchema.Response in Terraform's plugin
// protocol 5. Schemas of resources, data sources and ephemeral resources are entries
// of maps there: messages whose first field is the type's name.
func Parse(answer []byte) (*Schemas, error) {
	s := &Schemas{}
	for rest := answer; len(rest) > 0; {
		_, kind, n := protowire.ConsumeTag(rest)
		if n < 0 {
			return nil, fmt.Errorf("the provider's schemas: %w", protowire.ParseError(n))
		}
		m := protowire.ConsumeFieldValue(0, kind, rest[n:])
		if m < 0 {
			return nil, fmt.Errorf("the provider's schemas: %w", protowire.ParseError(m))
		}
		f := field{raw: rest[:n+m]}
		if kind == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(rest[n:])
			f.name = entryOf(value)
		}
		s.fields = append(s.fields, f)
		rest = rest[n+m:]
	}
	return s, nil
}

// entryOf is the key of a map's entry, when it is the name of a type.
func entryOf(message []byte) string {
	number, kind, n := protowire.ConsumeTag(message)
	if n < 0 || number != 1 || kind != protowire.BytesType {
		return ""
	}
	key, m := protowire.ConsumeString(message[n:])
	if m < 0 || !strings.HasPrefix(key, prefix) {
		return ""
	}
	return key
}

// Of is the answer with the schemas of those types alone, and with all that is no
// type's schema; nil stands for every type.
func (s *Schemas) Of(types map[string]bool) []byte {
	size := 0
	for _, f := range s.fields {
		if types == nil || f.name == "" || types[f.name] {
			size += len(f.raw)
		}
	}
	out := make([]byte, 0, size)
	for _, f := range s.fields {
		if types == nil || f.name == "" || types[f.name] {
			out = append(out, f.raw...)
		}
	}
	return out
}

// Cache keeps the schemas of one program, which are the same in each of its processes.
type Cache struct {
	mu      sync.Mutex
	schemas *Schemas
}

// get asks once. An answer that cannot be read is an error, and asked for again.
func (c *Cache) get(ask func() ([]byte, error)) (*Schemas, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.schemas != nil {
		return c.schemas, nil
	}
	answer, err := ask()
	if err != nil {
		return nil, err
	}
	s, err := Parse(answer)
	if err == nil {
		c.schemas = s
	}
	return s, err
}
