// Package schema validates objects as the API server would: built-in kinds by decoding
// them strictly into their types, custom ones by the structural schema of their CRD
// and its CEL rules, constraints by what their template declares.
package schema

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/gitops"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/client-go/kubernetes/scheme"
)

// Schemas are those of every kind that is known.
type Schemas struct {
	custom  map[schema.GroupVersionKind]*custom
	builtin runtime.Decoder
}

// custom is compiled when it is first needed: some CRDs have large schemas.
type custom struct {
	props    *apiextensionsv1.JSONSchemaProps
	origin   gitops.Origin
	compiled bool
	err      error

	structural *structural.Structural
	validator  validation.SchemaValidator
	cel        *cel.Validator
}

// New returns the schemas of the built-in kinds and of the CRDs and constraint
// templates among the objects.
func New(objects []gitops.Object) (*Schemas, error) {
	s := &Schemas{
		custom:  map[schema.GroupVersionKind]*custom{},
		builtin: serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer(),
	}
	s.custom[schema.GroupVersionKind{Group: "apiregistration.k8s.io", Version: "v1", Kind: "APIService"}] = &custom{props: apiService()}
	for _, o := range objects {
		var err error
		switch o.Group() + "/" + o.Kind() {
		case "apiextensions.k8s.io/CustomResourceDefinition":
			err = s.addCRD(o)
		case "templates.gatekeeper.sh/ConstraintTemplate":
			err = s.addTemplate(o)
		}
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *Schemas) addCRD(o gitops.Object) error {
	var crd apiextensionsv1.CustomResourceDefinition
	if err := gitops.Decode(o, &crd); err != nil {
		return err
	}
	for _, v := range crd.Spec.Versions {
		if !v.Served || v.Schema == nil {
			continue
		}
		s.custom[schema.GroupVersionKind{Group: crd.Spec.Group, Version: v.Name, Kind: crd.Spec.Names.Kind}] = &custom{props: v.Schema.OpenAPIV3Schema, origin: o.Origin}
	}
	return nil
}

// addTemplate makes the schema of a constraint as Gatekeeper makes its CRD: the
// template's schema stands at spec.parameters.
func (s *Schemas) addTemplate(o gitops.Object) error {
	kind, _ := o.At("spec", "crd", "spec", "names", "kind").(string)
	parameters := apiextensionsv1.JSONSchemaProps{Type: "object"}
	if v := o.At("spec", "crd", "spec", "validation", "openAPIV3Schema"); v != nil {
		b, err := json.Marshal(v)
		if err == nil {
			err = json.Unmarshal(b, &parameters)
		}
		if err != nil {
			return fmt.Errorf("%s: %s: the schema of the parameters: %w", o.Origin, o.ID(), err)
		}
	}
	yes := true
	s.custom[schema.GroupVersionKind{Group: "constraints.gatekeeper.sh", Version: "v1beta1", Kind: kind}] = &custom{origin: o.Origin, props: &apiextensionsv1.JSONSchemaProps{
		Type: "object",
		Properties: map[string]apiextensionsv1.JSONSchemaProps{
			"metadata": {Type: "object", XPreserveUnknownFields: &yes},
			"spec": {Type: "object", Properties: map[string]apiextensionsv1.JSONSchemaProps{
				"enforcementAction":        {Type: "string", Enum: enum("deny", "dryrun", "warn", "scoped")},
				"scopedEnforcementActions": {Type: "array", Items: &apiextensionsv1.JSONSchemaPropsOrArray{Schema: &apiextensionsv1.JSONSchemaProps{Type: "object", XPreserveUnknownFields: &yes}}},
				"match":                    match(),
				"parameters":               parameters,
			}},
		},
	}}
	return nil
}

// apiService is the schema of an APIService, whose types are in a module of their own
// (Kubernetes API reference, "APIService").
func apiService() *apiextensionsv1.JSONSchemaProps {
	yes := true
	word := apiextensionsv1.JSONSchemaProps{Type: "string"}
	number := apiextensionsv1.JSONSchemaProps{Type: "integer"}
	return &apiextensionsv1.JSONSchemaProps{Type: "object", Properties: map[string]apiextensionsv1.JSONSchemaProps{
		"metadata": {Type: "object", XPreserveUnknownFields: &yes},
		"spec": {Type: "object", Required: []string{"group", "version", "groupPriorityMinimum", "versionPriority"}, Properties: map[string]apiextensionsv1.JSONSchemaProps{
			"group": word, "version": word, "groupPriorityMinimum": number, "versionPriority": number, "caBundle": word,
			"insecureSkipTLSVerify": {Type: "boolean"},
			"service":               {Type: "object", Required: []string{"name", "namespace"}, Properties: map[string]apiextensionsv1.JSONSchemaProps{"name": word, "namespace": word, "port": number}},
		}},
	}}
}

// match is a constraint's match ("How to use Gatekeeper", The match field).
func match() apiextensionsv1.JSONSchemaProps {
	yes := true
	words := apiextensionsv1.JSONSchemaProps{Type: "array", Items: &apiextensionsv1.JSONSchemaPropsOrArray{Schema: &apiextensionsv1.JSONSchemaProps{Type: "string"}}}
	kinds := apiextensionsv1.JSONSchemaProps{Type: "array", Items: &apiextensionsv1.JSONSchemaPropsOrArray{Schema: &apiextensionsv1.JSONSchemaProps{
		Type: "object", Properties: map[string]apiextensionsv1.JSONSchemaProps{"apiGroups": words, "kinds": words},
	}}}
	selector := apiextensionsv1.JSONSchemaProps{Type: "object", XPreserveUnknownFields: &yes}
	return apiextensionsv1.JSONSchemaProps{Type: "object", Properties: map[string]apiextensionsv1.JSONSchemaProps{
		"kinds": kinds, "namespaces": words, "excludedNamespaces": words, "labelSelector": selector, "namespaceSelector": selector,
		"scope": {Type: "string", Enum: enum("*", "Cluster", "Namespaced")}, "name": {Type: "string"}, "source": {Type: "string", Enum: enum("All", "Generated", "Original")},
	}}
}

func enum(words ...string) (out []apiextensionsv1.JSON) {
	for _, w := range words {
		out = append(out, apiextensionsv1.JSON{Raw: []byte(fmt.Sprintf("%q", w))})
	}
	return out
}

// Validate returns what is wrong with an object; a kind without a schema is a finding.
func (s *Schemas) Validate(ctx context.Context, o gitops.Object) []gitops.Finding {
	gv, err := schema.ParseGroupVersion(o.Text("apiVersion"))
	if err != nil {
		return []gitops.Finding{{Subject: o.ID(), Origin: o.Place("apiVersion"), Problem: err.Error()}}
	}
	gvk := gv.WithKind(o.Kind())
	if c, ok := s.custom[gvk]; ok {
		return s.validateCustom(ctx, o, c)
	}
	if scheme.Scheme.Recognizes(gvk) {
		return s.validateBuiltin(o)
	}
	var versions []string
	for known := range s.custom {
		if known.Group == gvk.Group && known.Kind == gvk.Kind {
			versions = append(versions, known.Version)
		}
	}
	slices.Sort(versions)
	f := gitops.Finding{Subject: o.ID(), Origin: o.Place("apiVersion"), Problem: "no schema is known for " + gvk.String(), Fix: "add its CRD's module to test/gitops/modules.yaml"}
	if len(versions) > 0 {
		f.Problem, f.Fix = fmt.Sprintf("the version %s of %s is not served", gvk.Version, gvk.Kind), "served are "+strings.Join(versions, ", ")
	}
	return []gitops.Finding{f}
}

func (s *Schemas) validateBuiltin(o gitops.Object) []gitops.Finding {
	b, err := json.Marshal(o.Fields)
	if err == nil {
		_, _, err = s.builtin.Decode(b, nil, nil)
	}
	if err == nil {
		return nil
	}
	said := strings.TrimPrefix(err.Error(), "strict decoding error: ")
	return []gitops.Finding{{Subject: o.ID(), Origin: o.Place(fieldPath(said)...), Problem: said}}
}

// fieldPath is the path that an error names as unknown field "spec.x".
func fieldPath(said string) []string {
	_, rest, ok := strings.Cut(said, `unknown field "`)
	if !ok {
		return nil
	}
	name, _, _ := strings.Cut(rest, `"`)
	return strings.Split(name, ".")
}

func (s *Schemas) validateCustom(ctx context.Context, o gitops.Object, c *custom) []gitops.Finding {
	if c.compile(); c.err != nil {
		return []gitops.Finding{{Subject: o.ID(), Origin: c.origin, Problem: "its schema cannot be used: " + c.err.Error()}}
	}
	// Pruning and defaults change the object: a copy.
	fields := runtime.DeepCopyJSON(o.Fields)
	var out []gitops.Finding
	report := func(path *field.Path, problem, fix string) {
		var at []string
		if path != nil {
			at = strings.Split(path.String(), ".")
		}
		out = append(out, gitops.Finding{Subject: o.ID(), Origin: o.Place(at...), Problem: problem, Fix: fix})
	}
	for _, unknown := range pruning.PruneWithOptions(fields, c.structural, true, structural.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}) {
		known := c.knownAt(unknown)
		out = append(out, gitops.Finding{Subject: o.ID(), Origin: o.Place(strings.Split(unknown, ".")...), Problem: "unknown field " + unknown, Fix: known})
	}
	defaulting.Default(fields, c.structural)
	errs := validation.ValidateCustomResource(nil, fields, c.validator)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, c.structural, fields)...)
	if c.cel != nil {
		celErrs, _ := c.cel.Validate(ctx, nil, c.structural, fields, nil, celconfig.RuntimeCELCostBudget)
		errs = append(errs, celErrs...)
	}
	for _, e := range errs {
		report(field.NewPath(e.Field), e.Error(), "")
	}
	return out
}

// knownAt says which fields there are beside an unknown one.
func (c *custom) knownAt(path string) string {
	s := c.structural
	parts := strings.Split(path, ".")
	for _, p := range parts[:len(parts)-1] {
		if s = descend(s, p); s == nil {
			return ""
		}
	}
	var known []string
	for k := range s.Properties {
		known = append(known, k)
	}
	if len(known) == 0 {
		return "it takes none"
	}
	slices.Sort(known)
	return "it takes " + strings.Join(known, ", ")
}

// descend is the schema of a member, without the index of a list.
func descend(s *structural.Structural, name string) *structural.Structural {
	name, _, _ = strings.Cut(name, "[")
	next, ok := s.Properties[name]
	if !ok {
		return nil
	}
	if next.Items != nil {
		return next.Items
	}
	return &next
}

func (c *custom) compile() {
	if c.compiled {
		return
	}
	c.compiled = true
	var in apiextensions.JSONSchemaProps
	if c.err = apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(c.props, &in, nil); c.err != nil {
		return
	}
	if c.structural, c.err = structural.NewStructural(&in); c.err != nil {
		return
	}
	if c.validator, _, c.err = validation.NewSchemaValidator(&in); c.err != nil {
		return
	}
	c.cel = cel.NewValidator(c.structural, true, celconfig.PerCallLimit)
}
