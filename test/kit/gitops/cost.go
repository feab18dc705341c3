package gitops

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// HoursOfMonth are those of AWS's own monthly estimates.
const HoursOfMonth = 730

// Day is what the cost model assumes.
type Day struct {
	// Spot is the price of a spot machine as a part of the price on demand, above 0 and
	// up to 1.
	Spot float64 `json:"spot"`
	// OnDemand is the part of the hours, from 0 to 1, in which a pool that may take both
	// gets no spot machine.
	OnDemand float64 `json:"onDemand"`
	// Load is, for each hour, how far every service is from its least number of pods, 0,
	// to its largest, 1.
	Load []float64 `json:"load"`
}

// Cost is what the machines of a day cost, in US dollars.
type Cost struct {
	// Still is the price on demand of the machines of the busiest hour, all day.
	Still float64
	// Consolidated is the price on demand of the machines that each hour needs.
	Consolidated float64
	// Spot is that of the same machines, spot where the NodePools allow it.
	Spot float64
	// Fewest and Most are the machines of the quietest and the busiest hour.
	Fewest, Most int

	flexible, only, fixed float64 // the parts of Consolidated by capacity type
	day                   Day
}

// Saving is the part of Still that spot machines and consolidation save.
func (c Cost) Saving() float64 { return 1 - c.Spot/c.Still }

// Dearest is the highest price of spot machines, as a part of the price on demand, at
// which the saving is as large as claimed: 0 when it never is, 1 when it always is.
func (c Cost) Dearest(claimed float64) float64 {
	onDemand := c.fixed + c.flexible*c.day.OnDemand
	onSpot := c.only + c.flexible*(1-c.day.OnDemand)
	if onSpot == 0 {
		if onDemand <= (1-claimed)*c.Still {
			return 1
		}
		return 0
	}
	return min(1, max(0, ((1-claimed)*c.Still-onDemand)/onSpot))
}

// Cost prices the machines that the services of a namespace need over a day. Each hour
// the pods of a pool are spread over its zones and put onto machines of one kind, the
// largest pods first; the kind is the one that is cheapest then. Karpenter may mix
// kinds, so it does not do worse.
func (t Tree) Cost(namespace string, onDemand map[string]float64, day Day) (Cost, error) {
	out := Cost{day: day}
	if err := day.check(); err != nil {
		return out, err
	}
	pools, err := t.pools()
	if err != nil {
		return out, err
	}
	demands, err := t.demands(namespace, pools)
	if err != nil {
		return out, err
	}
	busiest := make([]float64, len(pools))
	for hour, load := range day.Load {
		machines := 0
		for i, p := range pools {
			offers, err := p.offers(onDemand, 1)
			if err != nil {
				return out, err
			}
			n, price, err := pack(offers, p.zones, demands[i], load)
			if err != nil {
				return out, fmt.Errorf("%s: %s: hour %d: %w", p.object.Origin, p.object.ID(), hour, err)
			}
			machines += n
			busiest[i] = max(busiest[i], price)
			out.count(p, price)
		}
		out.Most = max(out.Most, machines)
		if out.Fewest == 0 || machines < out.Fewest {
			out.Fewest = machines
		}
	}
	for _, price := range busiest {
		out.Still += price * float64(len(day.Load))
	}
	if out.Still == 0 {
		return out, fmt.Errorf("no pod of the namespace %s needs a machine", namespace)
	}
	out.Consolidated = out.flexible + out.only + out.fixed
	out.Spot = out.fixed + out.flexible*(day.OnDemand+(1-day.OnDemand)*day.Spot) + out.only*day.Spot
	return out, nil
}

func (d Day) check() error {
	switch {
	case !(d.Spot > 0 && d.Spot <= 1):
		return fmt.Errorf("spot is %v: want a part of the price on demand, above 0 and up to 1", d.Spot)
	case !(d.OnDemand >= 0 && d.OnDemand <= 1):
		return fmt.Errorf("onDemand is %v: want a part of the hours, from 0 to 1", d.OnDemand)
	case len(d.Load) != 24:
		return fmt.Errorf("load has %d values: want one for each of the 24 hours", len(d.Load))
	}
	for hour, l := range d.Load {
		if !(l >= 0 && l <= 1) {
			return fmt.Errorf("load of hour %d is %v: want a value from 0 to 1", hour, l)
		}
	}
	return nil
}

func (c *Cost) count(p pool, price float64) {
	switch spot, onDemand := slices.Contains(p.capacityType, "spot"), slices.Contains(p.capacityType, "on-demand"); {
	case spot && onDemand:
		c.flexible += price
	case spot:
		c.only += price
	default:
		c.fixed += price
	}
}

// demand is a service: how many pods it has, and what one asks for.
type demand struct {
	least, largest   int
	cpu, memory, gpu int64
}

// demands are the services by the pool that takes their pods.
func (t Tree) demands(namespace string, pools []pool) ([][]demand, error) {
	workloads, err := t.Workloads()
	if err != nil {
		return nil, err
	}
	scalers, err := t.autoscalers()
	if err != nil {
		return nil, err
	}
	out := make([][]demand, len(pools))
	for _, w := range workloads {
		if w.Object.Namespace != namespace || w.Object.Kind() == "DaemonSet" {
			continue
		}
		i := slices.IndexFunc(pools, func(p pool) bool { return p.accepts(w.Template.Spec) == "" })
		if i < 0 {
			return nil, fmt.Errorf("%s: %s: no NodePool takes its pods", w.Object.Origin, w.Object.ID())
		}
		need := requests(w.Template.Spec)
		cpu, memory, gpu := need[corev1.ResourceCPU], need[corev1.ResourceMemory], need["nvidia.com/gpu"]
		d := demand{cpu: cpu.MilliValue(), memory: memory.Value(), gpu: gpu.Value()}
		d.least, d.largest = size(w, scalers)
		out[i] = append(out[i], d)
	}
	return out, nil
}

// pack is the number of machines of the cheapest kind, and what they cost an hour.
func pack(offers []Offer, zones []string, demands []demand, load float64) (n int, price float64, err error) {
	pods := make([][]demand, len(zones))
	for _, d := range demands {
		count := d.least + int(math.Ceil(float64(d.largest-d.least)*load))
		for i := range count {
			pods[i%len(zones)] = append(pods[i%len(zones)], d)
		}
	}
	for zone, here := range pods {
		if len(here) == 0 {
			continue
		}
		slices.SortFunc(here, func(a, b demand) int {
			return cmp.Or(cmp.Compare(b.cpu, a.cpu), cmp.Compare(b.memory, a.memory), cmp.Compare(b.gpu, a.gpu))
		})
		best, cheapest := 0, math.Inf(1)
		for _, o := range offers {
			if o.Zone != zones[zone] {
				continue
			}
			if count := o.fill(here); count > 0 && float64(count)*o.Price < cheapest {
				best, cheapest = count, float64(count)*o.Price
			}
		}
		if best == 0 {
			return 0, 0, fmt.Errorf("no machine of the zone %s takes all its pods", zones[zone])
		}
		n, price = n+best, price+cheapest
	}
	return n, price, nil
}

// fill is how many of the machine the pods need, 0 when one of them fits on none.
func (o Offer) fill(pods []demand) int {
	var left []demand
	for _, p := range pods {
		if p.cpu > o.CPU || p.memory > o.Memory || p.gpu > o.GPU {
			return 0
		}
		i := slices.IndexFunc(left, func(m demand) bool { return p.cpu <= m.cpu && p.memory <= m.memory && p.gpu <= m.gpu })
		if i < 0 {
			i, left = len(left), append(left, demand{cpu: o.CPU, memory: o.Memory, gpu: o.GPU})
		}
		left[i].cpu, left[i].memory, left[i].gpu = left[i].cpu-p.cpu, left[i].memory-p.memory, left[i].gpu-p.gpu
	}
	return len(left)
}
