package gitops

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// FilledIn finds LimitRanges of a namespace by which the API server would fill in what a
// container does not say, before any policy is asked. Not only a default does that:
// without one, max is the default limit and min or the limit the default request
// (Kubernetes documentation, "Limit Ranges"). Limits of a pod fill in nothing.
func (t Tree) FilledIn(namespace string) ([]Finding, error) {
	var out []Finding
	for _, o := range sorted(t.Of("", "LimitRange")) {
		var l corev1.LimitRange
		if err := Decode(o, &l); err != nil {
			return nil, err
		}
		if o.Namespace != namespace {
			continue
		}
		for _, item := range l.Spec.Limits {
			if item.Type != corev1.LimitTypeContainer {
				continue
			}
			var by []string
			for field, amounts := range map[string]corev1.ResourceList{"default": item.Default, "defaultRequest": item.DefaultRequest, "min": item.Min, "max": item.Max} {
				if len(amounts) > 0 {
					by = append(by, field)
				}
			}
			slices.Sort(by)
			for _, field := range by {
				out = append(out, found(o, o.Place("spec", "limits"), "limit the type Pod", "%s fills in what a container does not say: the policy required-resources would find nothing", field))
			}
		}
	}
	return out, nil
}
