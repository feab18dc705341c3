package gitops_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/gitops"
	"github.com/stretchr/testify/require"
)

// halves is a day with its first half at the least and its second at the largest.
func halves(spot, onDemand float64) gitops.Day {
	d := gitops.Day{Spot: spot, OnDemand: onDemand, Load: make([]float64, 24)}
	for i := 12; i < 24; i++ {
		d.Load[i] = 1
	}
	return d
}

// priced is a service of 3 to 9 pods, of which a machine takes three.
func priced(capacityTypes string) string {
	text := fmt.Sprintf(deployment, "", "", "") + scaler(3, 9) + fmt.Sprintf(pool, "m6i.xlarge", "a", "", "10")
	return strings.Replace(text, "values: [spot]", "values: ["+capacityTypes+"]", 1)
}

func TestCostOfADay(t *testing.T) {
	for name, c := range map[string]struct {
		capacityTypes string
		day           gitops.Day
		spot          float64
		dearest       map[float64]float64 // by the claim
	}{
		"spot machines alone":               {"spot", halves(0.5, 0.25), 24, map[float64]float64{0.5: 0.75, 0.9: 0.15, 0.1: 1}},
		"machines of both kinds":            {"spot, on-demand", halves(0.5, 0.25), 12 + 18, map[float64]float64{0.5: 24.0 / 36, 0.9: 0}},
		"machines on demand alone":          {"on-demand", halves(0.5, 0.25), 48, map[float64]float64{0.3: 1, 0.5: 0}},
		"spot at the price of the other":    {"spot", halves(1, 0), 48, map[float64]float64{0.5: 0.75}},
		"spot machines that are never here": {"spot, on-demand", halves(0.5, 1), 48, map[float64]float64{0.3: 1, 0.5: 0}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := gitops.Tree{Objects: parse(t, "a", priced(c.capacityTypes))}.Cost("fintrack", map[string]float64{"m6i.xlarge": 1}, c.day)
			require.NoError(t, err)
			require.InDelta(t, 72, got.Still, 1e-9, "three machines all day")
			require.InDelta(t, 48, got.Consolidated, 1e-9, "one, then three")
			require.InDelta(t, c.spot, got.Spot, 1e-9)
			require.InDelta(t, 1-c.spot/72, got.Saving(), 1e-9)
			require.Equal(t, []int{1, 3}, []int{got.Fewest, got.Most})
			for claim, want := range c.dearest {
				require.InDelta(t, want, got.Dearest(claim), 1e-9, "claim %v", claim)
			}
		})
	}
}

func TestTheCheapestKindOfMachineIsTaken(t *testing.T) {
	text := fmt.Sprintf(deployment, "replicas: 6", "", "") + fmt.Sprintf(pool, "m6i.xlarge, m6i.2xlarge", "a", "", "10")
	for name, c := range map[string]struct{ large, still float64 }{
		"two small ones": {2.5, 48}, "a large one": {1.5, 36},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := gitops.Tree{Objects: parse(t, "a", text)}.Cost("fintrack", map[string]float64{"m6i.xlarge": 1, "m6i.2xlarge": c.large}, halves(1, 0))
			require.NoError(t, err)
			require.InDelta(t, c.still, got.Still, 1e-9)
		})
	}
}

func TestACostThatCannotBeKnownIsAnError(t *testing.T) {
	short := halves(0.5, 0)
	short.Load = short.Load[1:]
	wild := halves(0.5, 0)
	wild.Load[3] = math.NaN()
	for name, c := range map[string]struct {
		text, says string
		day        gitops.Day
	}{
		"spot for nothing":       {priced("spot"), "spot is 0: want", halves(0, 0)},
		"more than all hours":    {priced("spot"), "onDemand is 1.5: want", halves(0.5, 1.5)},
		"a day of 23 hours":      {priced("spot"), "load has 23 values", short},
		"a load that is no load": {priced("spot"), "load of hour 3 is NaN", wild},
		"a machine of no price":  {strings.Replace(priced("spot"), "m6i.xlarge", "m7i.xlarge", 1), "of the machine m7i.xlarge it is known what it has: true, and what it costs: false", halves(0.5, 0)},
		"a capacity type":        {priced("reserved"), "the capacity type reserved has no price here", halves(0.5, 0)},
		"pods too large":         {strings.ReplaceAll(priced("spot"), `cpu: "1"`, `cpu: "9"`), "no NodePool takes its pods", halves(0.5, 0)},
		"nothing that runs":      {fmt.Sprintf(pool, "m6i.xlarge", "a", "", "10"), "no pod of the namespace fintrack needs a machine", halves(0.5, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := gitops.Tree{Objects: parse(t, "a", c.text)}.Cost("fintrack", map[string]float64{"m6i.xlarge": 1}, c.day)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestOffersNameEachZoneAndCapacityType(t *testing.T) {
	tree := gitops.Tree{Objects: parse(t, "a", priced("spot, on-demand"))}
	got, err := tree.Offers(map[string]float64{"m6i.xlarge": 1}, 0.4)
	require.NoError(t, err)
	require.Equal(t, []gitops.Offer{
		{Machine: "m6i.xlarge", Zone: "a", CapacityType: "spot", Price: 0.4, CPU: 3200, Memory: 16 << 30 * 80 / 100},
		{Machine: "m6i.xlarge", Zone: "a", CapacityType: "on-demand", Price: 1, CPU: 3200, Memory: 16 << 30 * 80 / 100},
	}, got)
	_, err = tree.Offers(map[string]float64{"m6i.xlarge": 1}, 0)
	require.ErrorContains(t, err, "want a part above 0 and up to 1")
}

func FuzzCostStaysBetweenItsBounds(f *testing.F) {
	f.Add(0.4, 0.1, 0.7, uint8(3), uint8(9))
	f.Add(1.0, 0.0, 0.0, uint8(0), uint8(0))
	f.Fuzz(func(t *testing.T, spot, onDemand, load float64, least, most uint8) {
		day := gitops.Day{Spot: spot, OnDemand: onDemand, Load: make([]float64, 24)}
		for i := range day.Load {
			day.Load[i] = load * float64(i) / 24
		}
		text := fmt.Sprintf(deployment, "", "", "") + scaler(int(least), int(max(least, most))) + fmt.Sprintf(pool, "m6i.xlarge", "a, b", "", "10")
		got, err := gitops.Tree{Objects: parse(t, "a", text)}.Cost("fintrack", map[string]float64{"m6i.xlarge": 1}, day)
		if err != nil {
			return
		}
		if got.Spot > got.Consolidated+1e-9 || got.Consolidated > got.Still+1e-9 || got.Fewest > got.Most {
			t.Fatalf("%+v", got)
		}
	})
}
