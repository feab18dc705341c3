package controllers

import (
	"encoding/json"
	"fmt"

	"github.com/fintrack/platform/test/kit/gitops"
)

// Machines is the file of instance types that Karpenter's provider for simulated nodes
// reads: one entry a machine, with an offering for each zone and capacity type.
func Machines(offers []gitops.Offer) ([]byte, error) {
	type requirement struct {
		Key      string   `json:"key"`
		Operator string   `json:"operator"`
		Values   []string `json:"values"`
	}
	type offering struct {
		Price        float64
		Available    bool
		Requirements []requirement
	}
	type machine struct {
		Name             string            `json:"name"`
		Offerings        []offering        `json:"offerings"`
		Architecture     string            `json:"architecture"`
		OperatingSystems []string          `json:"operatingSystems"`
		Resources        map[string]string `json:"resources"`
	}
	var out []*machine
	byName := map[string]*machine{}
	for _, o := range offers {
		m := byName[o.Machine]
		if m == nil {
			m = &machine{Name: o.Machine, Architecture: "amd64", OperatingSystems: []string{"linux"}, Resources: map[string]string{
				"cpu": fmt.Sprintf("%dm", o.CPU), "memory": fmt.Sprint(o.Memory), "ephemeral-storage": "50Gi", "pods": "58",
			}}
			if o.GPU > 0 {
				m.Resources["nvidia.com/gpu"] = fmt.Sprint(o.GPU)
			}
			byName[o.Machine] = m
			out = append(out, m)
		}
		m.Offerings = append(m.Offerings, offering{o.Price, true, []requirement{
			{"karpenter.sh/capacity-type", "In", []string{o.CapacityType}}, {"topology.kubernetes.io/zone", "In", []string{o.Zone}},
		}})
	}
	return json.Marshal(out)
}
