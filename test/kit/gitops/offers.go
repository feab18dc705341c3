package gitops

import (
	"fmt"
	"slices"
)

// Offer is a machine that a NodePool may take, in a zone, at a price.
type Offer struct {
	Machine, Zone, CapacityType string
	// Price is in US dollars an hour.
	Price float64
	// CPU is in thousandths of a core, Memory in bytes: what is left to pods.
	CPU, Memory, GPU int64
}

// Offers are the machines of all NodePools. onDemand are prices by the machine's name,
// in US dollars an hour; spot is what a spot machine costs of that, above 0 and up to 1.
// A machine without a price, or that is not known here, is an error.
func (t Tree) Offers(onDemand map[string]float64, spot float64) ([]Offer, error) {
	if !(spot > 0 && spot <= 1) {
		return nil, fmt.Errorf("the price of a spot machine is %v of the price on demand: want a part above 0 and up to 1", spot)
	}
	pools, err := t.pools()
	if err != nil {
		return nil, err
	}
	var out []Offer
	for _, p := range pools {
		offers, err := p.offers(onDemand, spot)
		if err != nil {
			return nil, err
		}
		for _, o := range offers {
			if !slices.Contains(out, o) {
				out = append(out, o)
			}
		}
	}
	return out, nil
}

func (p pool) offers(onDemand map[string]float64, spot float64) ([]Offer, error) {
	var out []Offer
	for _, name := range p.types {
		m, known := machines[name]
		price, priced := onDemand[name]
		if !known || !priced {
			return nil, fmt.Errorf("%s: %s: of the machine %s it is known what it has: %t, and what it costs: %t", p.object.Origin, p.object.ID(), name, known, priced)
		}
		o := Offer{Machine: name, CPU: m.cpu * 1000 * (100 - reserve) / 100, Memory: m.memoryGiB << 30 * (100 - reserve) / 100, GPU: m.gpu}
		for _, o.Zone = range p.zones {
			for _, o.CapacityType = range p.capacityType {
				switch o.CapacityType {
				case "spot":
					o.Price = price * spot
				case "on-demand":
					o.Price = price
				default:
					return nil, fmt.Errorf("%s: %s: the capacity type %s has no price here: it is spot or on-demand", p.object.Origin, p.object.ID(), o.CapacityType)
				}
				out = append(out, o)
			}
		}
	}
	return out, nil
}
