package gitops

import (
	"fmt"
	"regexp"
	"strings"
)

// roleAnnotation names the role of a service account ("Assign IAM roles to Kubernetes
// service accounts" in the EKS guide).
const roleAnnotation = "eks.amazonaws.com/role-arn"

// Identities finds disagreements between the service accounts that are rendered and
// those for which Terraform makes a role: accounts has the role's ARN by
// "namespace/name". elsewhere are accounts that neither Argo CD nor a chart at hand
// makes.
func (t Tree) Identities(accounts map[string]string, elsewhere []string) ([]Finding, error) {
	var out []Finding
	made := map[string]Object{}
	for _, o := range t.Of("", "ServiceAccount") {
		key := o.Namespace + "/" + o.Name()
		made[key] = o
		arn := o.Text("metadata", "annotations", roleAnnotation)
		switch want, known := accounts[key]; {
		case arn != "" && !known:
			out = append(out, found(o, o.Place("metadata", "annotations", roleAnnotation), "Terraform makes roles for "+strings.Join(names(accounts), ", "), "it names the role %s, and Terraform makes no role that trusts %s", arn, key))
		case known && arn != want:
			out = append(out, found(o, o.Place("metadata", "annotations", roleAnnotation), "take what Terraform hands over", "it names the role %q, Terraform's is %s", arn, want))
		}
	}
	for _, key := range names(accounts) {
		if _, ok := made[key]; !ok && !matchAny(elsewhere, key) {
			out = append(out, Finding{Subject: "service account " + key, Origin: Origin{File: "terraform/platform"}, Problem: "Terraform makes a role for it, and nothing makes the account", Fix: "give the pod that account, or take the role away"})
		}
	}
	workloads, err := t.Workloads()
	if err != nil {
		return nil, err
	}
	for _, w := range workloads {
		account := w.Template.Spec.ServiceAccountName
		key := w.Object.Namespace + "/" + account
		if account == "" || account == "default" {
			if w.Object.Namespace == "fintrack" {
				out = append(out, found(w.Object, w.Object.Origin, "name an account of its own", "its pods run as the service account default"))
			}
			continue
		}
		if _, ok := made[key]; !ok {
			out = append(out, found(w.Object, w.Object.Origin, "make it, or name another", "its pods run as %s, which nothing makes", key))
		}
	}
	return out, nil
}

// Filled is a key of a Kubernetes Secret and the property of the secret that fills it.
type Filled struct{ Key, Secret, Property string }

// Fills are the name of the Secret that an ExternalSecret makes and its keys.
func (o Object) Fills() (name string, keys []Filled) {
	if name = o.Text("spec", "target", "name"); name == "" {
		name = o.Name()
	}
	for _, d := range list(o.At("spec", "data")) {
		keys = append(keys, Filled{Key: text(d, "secretKey"), Secret: text(d, "remoteRef", "key"), Property: text(d, "remoteRef", "property")})
	}
	return name, keys
}

// Secrets finds variables from Secrets that no ExternalSecret makes, and ExternalSecrets
// of properties that the secret does not have. secrets are the remote secrets' names
// below prefix with their properties; one without properties is written by hand.
func (t Tree) Secrets(prefix string, secrets map[string][]string) ([]Finding, error) {
	var out []Finding
	made := map[string]map[string]bool{}
	for _, o := range t.Of("external-secrets.io", "ExternalSecret") {
		target, filled := o.Fills()
		id := o.Namespace + "/" + target
		made[id] = map[string]bool{}
		for _, f := range filled {
			made[id][f.Key] = true
			key, property := f.Secret, f.Property
			short, ok := strings.CutPrefix(key, prefix+"/")
			properties, known := secrets[short]
			switch {
			case !ok || !known:
				out = append(out, found(o, o.Place("spec", "data"), fmt.Sprintf("there are %s below %s", strings.Join(names(secrets), ", "), prefix), "Terraform makes no secret %s", key))
			case properties != nil && !matchAny(properties, property):
				out = append(out, found(o, o.Place("spec", "data"), "it has "+strings.Join(properties, ", "), "the secret %s has no property %q", key, property))
			}
		}
	}
	workloads, err := t.Workloads()
	if err != nil {
		return nil, err
	}
	for _, w := range workloads {
		if w.Object.Namespace != "fintrack" {
			continue // what a third party's chart makes for itself
		}
		for _, c := range w.Template.Spec.Containers {
			for _, e := range c.Env {
				if e.ValueFrom == nil || e.ValueFrom.SecretKeyRef == nil {
					continue
				}
				r := e.ValueFrom.SecretKeyRef
				keys, ok := made[w.Object.Namespace+"/"+r.Name]
				switch {
				case !ok:
					out = append(out, found(w.Object, w.Object.Origin, "add an ExternalSecret", "%s comes from the Secret %s, which no ExternalSecret makes", e.Name, r.Name))
				case !keys[r.Key]:
					out = append(out, found(w.Object, w.Object.Origin, "it has "+strings.Join(names(keys), ", "), "%s comes from the key %s, which the ExternalSecret %s does not fill", e.Name, r.Key, r.Name))
				}
			}
		}
	}
	return out, nil
}

// StaticKeys finds values that look like AWS access keys, and variables of that name
// (IAM identifiers: AKIA and ASIA).
func (t Tree) StaticKeys() []Finding {
	var out []Finding
	for _, o := range sorted(t.Objects) {
		if o.Kind() == "CustomResourceDefinition" {
			continue
		}
		walk(o.Fields, nil, func(path []string, s string) {
			name := path[len(path)-1]
			switch {
			case accessKey.MatchString(s):
				out = append(out, found(o, o.Place(path...), "use the pod's role", "%s holds an AWS access key", strings.Join(path, ".")))
			case name == "name" && (s == "AWS_ACCESS_KEY_ID" || s == "AWS_SECRET_ACCESS_KEY"):
				out = append(out, found(o, o.Place(path...), "use the pod's role", "it sets %s", s))
			}
		})
	}
	return out
}

var accessKey = regexp.MustCompile(`\b(AKIA|ASIA)[A-Z0-9]{16}\b`)

// walk calls f with every string of a value and its path.
func walk(v any, path []string, f func([]string, string)) {
	switch x := v.(type) {
	case map[string]any:
		for _, k := range names(x) {
			walk(x[k], append(path[:len(path):len(path)], k), f)
		}
	case []any:
		for i, e := range x {
			walk(e, append(path[:len(path):len(path)], fmt.Sprint(i)), f)
		}
	case string:
		if len(path) > 0 {
			f(path, x)
		}
	}
}
