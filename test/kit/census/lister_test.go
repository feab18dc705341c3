package census_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/census"
)

func TestCovers(t *testing.T) {
	table := fixed("ec2", "aws_route_table", true, nil, nil)
	table.Parts = []census.Part{{Type: "aws_route", Of: "aws_route_table", Why: "an entry"}, {Type: "aws_route_note", Of: "aws_route", Why: "an entry"}}
	policy := fixed("s3", "aws_s3_access_point", true, nil, nil)
	policy.Parts = []census.Part{{Type: "aws_s3_bucket_policy", Of: "aws_s3_bucket", Why: "a setting"}}
	use(t, table, policy)
	missing := census.Covers([]string{"aws_route_table", "aws_route", "aws_route_note", "aws_s3_bucket_policy", "aws_kms_key"})
	equal(t, "missing", []string{"aws_s3_bucket_policy", "aws_kms_key"}, missing)
}

func TestRegisterRefusesMistakesOfAProgram(t *testing.T) {
	whole := fixed("s", "t", true, nil, nil)
	parted := func(p census.Part) census.Lister {
		l := fixed("s", "u", true, nil, nil)
		l.Parts = []census.Part{p}
		return l
	}
	for _, c := range []struct {
		name    string
		listers []census.Lister
		want    string
	}{
		{"a type of two services", []census.Lister{whole, fixed("other", "t", true, nil, nil)}, "t is registered by s and by other"},
		{"a part that is a resource elsewhere", []census.Lister{fixed("other", "t", true, nil, nil), parted(census.Part{Type: "t", Of: "u", Why: "w"})}, "t is registered"},
		{"a lister without a service", []census.Lister{fixed("", "t", true, nil, nil)}, "incomplete"},
		{"a lister that lists nothing", []census.Lister{{Service: "s", Types: []string{"t"}}}, "incomplete"},
		{"a part without a reason", []census.Lister{parted(census.Part{Type: "p", Of: "u"})}, "does not say"},
	} {
		t.Run(c.name, func(t *testing.T) {
			defer func() {
				if r := fmt.Sprint(recover()); !strings.Contains(r, c.want) {
					t.Errorf("panic %q, want %q", r, c.want)
				}
			}()
			use(t)
			census.Register(c.listers...)
		})
	}
}
