package schema_test

import (
	"testing"

	"github.com/fintrack/platform/test/kit/gitops"
	"github.com/fintrack/platform/test/kit/gitops/schema"
	"github.com/stretchr/testify/require"
)

const kinds = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.g.io}
spec:
  group: g.io
  names: {kind: Thing, plural: things}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              required: [size]
              properties:
                size: {type: integer, maximum: 5}
                least: {type: integer, default: 1}
                keys:
                  type: array
                  x-kubernetes-list-type: set
                  items: {type: string}
              x-kubernetes-validations:
                - {rule: "self.least <= self.size", message: least is above size}
---
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: needs}
spec:
  crd:
    spec:
      names: {kind: Needs}
      validation: {openAPIV3Schema: {type: object, properties: {labels: {type: array, items: {type: string}}}}}
`

func TestValidate(t *testing.T) {
	known, err := gitops.Parse("kinds.yaml", []byte(kinds))
	require.NoError(t, err)
	schemas, err := schema.New(known)
	require.NoError(t, err)
	for name, c := range map[string]struct{ text, says string }{
		"a custom object":                   {"apiVersion: g.io/v1\nkind: Thing\nmetadata: {name: a}\nspec: {size: 3}\n", "none"},
		"a missing field":                   {"apiVersion: g.io/v1\nkind: Thing\nmetadata: {name: a}\nspec: {}\n", "spec.size: Required value"},
		"an unknown field":                  {"apiVersion: g.io/v1\nkind: Thing\nmetadata: {name: a}\nspec:\n  size: 3\n  sise: 3\n", "x.yaml:6: g.io/Thing /a: unknown field spec.sise: it takes keys, least, size"},
		"another type":                      {"apiVersion: g.io/v1\nkind: Thing\nmetadata: {name: a}\nspec:\n  size: big\n", "x.yaml:5"},
		"a value out of range":              {"apiVersion: g.io/v1\nkind: Thing\nmetadata: {name: a}\nspec: {size: 6}\n", "less than or equal to 5"},
		"a rule in CEL":                     {"apiVersion: g.io/v1\nkind: Thing\nmetadata: {name: a}\nspec: {size: 1, least: 2}\n", "least is above size"},
		"a rule over a default":             {"apiVersion: g.io/v1\nkind: Thing\nmetadata: {name: a}\nspec: {size: 0}\n", "least is above size"},
		"a set with a member twice":         {"apiVersion: g.io/v1\nkind: Thing\nmetadata: {name: a}\nspec: {size: 3, keys: [a, a]}\n", "Duplicate value"},
		"a version that is not served":      {"apiVersion: g.io/v2\nkind: Thing\nmetadata: {name: a}\n", "the version v2 of Thing is not served: served are v1"},
		"a kind that nothing declares":      {"apiVersion: h.io/v1\nkind: Other\nmetadata: {name: a}\n", "no schema is known for h.io/v1, Kind=Other"},
		"a built-in object":                 {"apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}]}\n", "none"},
		"a built-in's unknown field":        {"apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  port: 80\n", `x.yaml:5: Service /a: unknown field "spec.port"`},
		"a built-in's other type":           {"apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: 80}\n", "cannot unmarshal"},
		"a constraint":                      {"apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: Needs\nmetadata: {name: a}\nspec: {match: {kinds: [{apiGroups: [''], kinds: [Pod]}]}, parameters: {labels: [a]}}\n", "none"},
		"a parameter that no template has":  {"apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: Needs\nmetadata: {name: a}\nspec:\n  parameters:\n    label: [a]\n", "x.yaml:6: constraints.gatekeeper.sh/Needs /a: unknown field spec.parameters.label: it takes labels"},
		"a match that Gatekeeper ignores":   {"apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: Needs\nmetadata: {name: a}\nspec: {match: {namespace: [a]}}\n", "unknown field spec.match.namespace"},
		"an action that Gatekeeper has not": {"apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: Needs\nmetadata: {name: a}\nspec: {enforcementAction: refuse}\n", "Unsupported value"},
		"a constraint of no template":       {"apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: Wants\nmetadata: {name: a}\n", "no schema is known"},
	} {
		t.Run(name, func(t *testing.T) {
			objects, err := gitops.Parse("x.yaml", []byte(c.text))
			require.NoError(t, err)
			require.Contains(t, gitops.Words(schemas.Validate(t.Context(), objects[0])), c.says)
		})
	}
}
