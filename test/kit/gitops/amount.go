package gitops

import "k8s.io/apimachinery/pkg/util/intstr"

// scaled is a number of pods, or a percentage of total.
func scaled(v *intstr.IntOrString, total int, up bool) (int, error) {
	return intstr.GetScaledValueFromIntOrPercent(v, total, up)
}
