package render

import (
	"slices"

	chart "helm.sh/helm/v4/pkg/chart/v2"
)

// unknownValues are the keys in overriding values of which a chart's own values.yaml
// knows nothing, to the depth to which the chart declares a map with members. A
// misspelt value is otherwise passed over in silence.
func unknownValues(c *chart.Chart, overrides []map[string]any) []string {
	var out []string
	for _, v := range overrides {
		out = append(out, unknown(c.Values, v, "")...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func unknown(known, given map[string]any, at string) []string {
	var out []string
	for key, v := range given {
		own, ok := known[key]
		if !ok {
			out = append(out, at+key)
			continue
		}
		inner, isMap := v.(map[string]any)
		declared, hasMap := own.(map[string]any)
		// A map without members is for the user to fill.
		if isMap && hasMap && len(declared) > 0 && !open[key] {
			out = append(out, unknown(declared, inner, at+key+".")...)
		}
	}
	return out
}

// open are maps whose members are the user's own, though charts give some.
var open = map[string]bool{
	"annotations": true, "labels": true, "serviceAccount": true, "podLabels": true, "podAnnotations": true, "nodeSelector": true, "affinity": true,
	"requests": true, "limits": true, "resources": true, "securityContext": true, "podSecurityContext": true,
	"scripts": true, "matchLabels": true, "podDisruptionBudget": true, "pdb": true, "controllerManager": true,
	"scanJobPodTemplatePodSecurityContext": true,
}
