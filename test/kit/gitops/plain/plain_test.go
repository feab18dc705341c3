package plain_test

import (
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/gitops/plain"
	"github.com/stretchr/testify/require"
)

var (
	hostPath = plain.Violation{Constraint: "no-host-path", Object: "Pod fintrack/sample", Message: "volume logs is hostPath"}
	latest   = plain.Violation{Constraint: "no-latest-tag", Object: "Pod fintrack/sample", Message: "tag latest"}
)

func TestAFigureIsOfTheSameWorkAlone(t *testing.T) {
	one, both := []plain.Violation{hostPath}, []plain.Violation{latest, hostPath}
	for name, c := range map[string]struct {
		clean, planted plain.Verdict
		says           string
	}{
		"both see the planted one alone":          {plain.Verdict{}, plain.Verdict{Ours: one, Plain: one}, ""},
		"once for each Application is once":       {plain.Verdict{}, plain.Verdict{Ours: one, Plain: append(one[:1:1], hostPath)}, ""},
		"the order does not matter":               {plain.Verdict{}, plain.Verdict{Ours: both, Plain: []plain.Violation{hostPath, latest}}, ""},
		"our engine refuses the tree as it is":    {plain.Verdict{Ours: one}, plain.Verdict{Ours: one, Plain: one}, "the tree as it is has violations, by our engine: Pod fintrack/sample: [no-host-path]"},
		"gator refuses the tree as it is":         {plain.Verdict{Plain: one}, plain.Verdict{Ours: one, Plain: one}, "by gator: Pod fintrack/sample"},
		"our engine does not see the planted one": {plain.Verdict{}, plain.Verdict{Plain: one}, "our engine says: nothing"},
		"gator does not see the planted one":      {plain.Verdict{}, plain.Verdict{Ours: one}, "gator says: nothing"},
		"nobody sees the planted one":             {plain.Verdict{}, plain.Verdict{}, "was not seen"},
		"gator sees another one":                  {plain.Verdict{}, plain.Verdict{Ours: one, Plain: []plain.Violation{latest}}, "see different things"},
		"gator sees one more":                     {plain.Verdict{}, plain.Verdict{Ours: one, Plain: both}, "see different things"},
		"it is of another object":                 {plain.Verdict{}, plain.Verdict{Ours: one, Plain: []plain.Violation{{Constraint: "no-host-path", Object: "Pod other/sample", Message: hostPath.Message}}}, "see different things"},
		"it is for another reason":                {plain.Verdict{}, plain.Verdict{Ours: one, Plain: []plain.Violation{{Constraint: "no-host-path", Object: hostPath.Object, Message: "another"}}}, "see different things"},
	} {
		t.Run(name, func(t *testing.T) {
			err := plain.Comparable(c.clean, c.planted)
			if c.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestWhatGatorPrintsIsRead(t *testing.T) {
	for name, c := range map[string]struct {
		text, says string
		want       []plain.Violation
	}{
		"nothing is refused": {text: "null"},
		"a pod is refused": {text: `[{"msg":"volume logs is hostPath","constraint":{"kind":"NoHostPath","metadata":{"name":"no-host-path"}},"violatingObject":{"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"fintrack","name":"sample"}}}]`,
			want: []plain.Violation{hostPath}},
		"it is no JSON":          {text: "reading: no such file", says: "printed no list of results"},
		"nothing was printed":    {text: "", says: "printed no list of results"},
		"a result of no object":  {text: `[{"msg":"m","constraint":{"metadata":{"name":"c"}}}]`, says: "without a constraint or an object"},
		"a result of no policy":  {text: `[{"msg":"m","violatingObject":{"kind":"Pod","metadata":{"name":"a"}}}]`, says: "without a constraint or an object"},
		"an object, and no list": {text: `{"results":[]}`, says: "printed no list of results"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := plain.ReadGator([]byte(c.text))
			if c.says != "" {
				require.ErrorContains(t, err, c.says)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestThePoliciesAreGivenToEveryJudgement(t *testing.T) {
	l := plain.Layout{KubeVersion: "v1.35.0", APIVersions: []string{"policy/v1"}, Policies: "policies", Namespaces: "/l/namespaces.yaml"}
	r := plain.Release{Name: "a", Namespace: "n", Chart: "/c", Values: []string{"/v1", "/v2"}}
	require.Equal(t, "template a /c --namespace n --kube-version v1.35.0 --skip-tests --api-versions policy/v1 --values /v1 --values /v2", strings.Join(l.Template(r), " "))
	const given = "test --output=json --filename=/out/policies.yaml --filename=/l/namespaces.yaml"
	for name, c := range map[string]struct {
		of   plain.Application
		want string
	}{
		"a chart":              {plain.Application{Name: "a", Releases: []plain.Release{r}}, given + " --filename=/out/a.yaml"},
		"plain files":          {plain.Application{Name: "a", Folders: []string{"/f"}}, given + " --filename=/f"},
		"both":                 {plain.Application{Name: "a", Folders: []string{"/f"}, Releases: []plain.Release{r}}, given + " --filename=/f --filename=/out/a.yaml"},
		"the policies, no two": {plain.Application{Name: "policies", Releases: []plain.Release{r}}, given},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, strings.Join(l.Judge(c.of, "/out"), " ")) })
	}
}

func TestAnObjectIsNamedByItsGroup(t *testing.T) {
	require.Equal(t, "Pod n/a", plain.Object("v1", "Pod", "n", "a"))
	require.Equal(t, "apps/Deployment n/a", plain.Object("apps/v1", "Deployment", "n", "a"))
	require.Equal(t, "Namespace /a", plain.Object("v1", "Namespace", "", "a"))
}
