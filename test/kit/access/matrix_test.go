package access_test

import (
	"encoding/csv"
	"os"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/access"
	"github.com/fintrack/platform/test/kit/iam"
	"github.com/stretchr/testify/require"
)

func TestTheMatrixHasEveryRoleAndStatement(t *testing.T) {
	known, err := iam.KnownActions()
	require.NoError(t, err)
	file := "../../../policies/intent/access.yaml"
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	in, err := access.Parse(file, text, known)
	require.NoError(t, err)
	declared, err := in.Resolve(access.Example(in))
	require.NoError(t, err)

	table, err := access.Matrix(declared)
	require.NoError(t, err)
	rows, err := csv.NewReader(strings.NewReader(string(table))).ReadAll()
	require.NoError(t, err)
	count, takers := map[string]int{}, map[string]string{}
	for _, r := range rows[1:] {
		require.NotEmpty(t, r[1], "%s: who takes it", r[0])
		require.NotEmpty(t, r[3], "%s: actions", r[0])
		count[r[0]]++
		takers[r[0]] = r[1]
	}
	for _, d := range declared {
		_, role, _ := strings.Cut(d.ARN, ":role/")
		want := len(d.AWSPolicies)
		if d.Policy != nil {
			want += len(d.Policy.Statements)
		}
		require.Equal(t, max(want, 1), count[role], role)
	}
	require.Len(t, count, len(declared))
	require.Equal(t, "service account fintrack/reconciliation-service", takers["fintrack-reconciliation-service"])
}
