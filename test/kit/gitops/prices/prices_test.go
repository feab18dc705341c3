package prices_test

import (
	"testing"

	"github.com/fintrack/platform/test/kit/gitops/prices"
	"github.com/stretchr/testify/require"
)

const table = `package pricing

var Other = map[string]map[string]float64{"us-east-1": {"m6i.xlarge": 9}}

var InitialOnDemandPricesAWS = map[string]map[string]float64{
	// us-east-1
	"us-east-1": {"m6i.xlarge": 0.192000, "m6i.2xlarge": 0.384},
	"us-west-2": {"m6i.xlarge": 0.2},
}
`

func TestPricesOfARegion(t *testing.T) {
	got, err := prices.Read([]byte(table), "us-east-1")
	require.NoError(t, err)
	require.Equal(t, map[string]float64{"m6i.xlarge": 0.192, "m6i.2xlarge": 0.384}, got)
}

func TestWhatIsNoTableOfPricesIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ source, region, says string }{
		"another region":     {table, "eu-west-1", `no prices of the region "eu-west-1": it has us-east-1, us-west-2`},
		"no Go":              {"{}", "us-east-1", "zz_generated.pricing_aws.go:1:1"},
		"no such variable":   {"package pricing\nvar Prices = map[string]int{}\n", "us-east-1", "no prices of the region"},
		"a price of nothing": {"package p\nvar InitialOnDemandPricesAWS = map[string]map[string]float64{\"r\": {\"a\": 0}}\n", "r", "the price of a in r is 0: want a positive number"},
		"a price by a name":  {"package p\nvar InitialOnDemandPricesAWS = map[string]map[string]float64{\"r\": {\"a\": x}}\n", "r", "the price of a in r is no number"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := prices.Read([]byte(c.source), c.region)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(table), "us-east-1")
	f.Add([]byte("package p\nvar InitialOnDemandPricesAWS = 1\n"), "")
	f.Fuzz(func(t *testing.T, source []byte, region string) {
		got, err := prices.Read(source, region)
		if err != nil {
			return
		}
		for name, price := range got {
			if !(price > 0) {
				t.Fatalf("%s costs %v", name, price)
			}
		}
	})
}
