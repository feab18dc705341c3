package deployed_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/deployed"
	"github.com/stretchr/testify/require"
)

func TestARecordIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "deployed")
	rds := deployed.Facts{Sensitive: []string{"a"}, Resources: []deployed.Resource{{Address: "module.rds.aws_db_instance.this", Declared: "modules/rds:aws_db_instance.this"}}}
	require.NoError(t, deployed.Write(dir, "r1", deployed.Record{"rds": rds, "s3": {}}))
	require.NoError(t, deployed.Write(dir, "r2", deployed.Record{"rds": {}}))
	one, two := deployed.Suite{Run: "r1", Name: "rds"}, deployed.Suite{Run: "r1", Name: "s3"}
	got, missing, err := deployed.Read(dir, []deployed.Suite{one, two})
	require.NoError(t, err)
	require.Empty(t, missing)
	require.Equal(t, map[deployed.Suite]deployed.Facts{one: rds, two: {}}, got)
}

func TestASuiteWithoutARecordIsMissing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, deployed.Write(dir, "r1", deployed.Record{"rds": {}}))
	_, missing, err := deployed.Read(dir, []deployed.Suite{{Run: "r1", Name: "rds"}, {Run: "r1", Name: "s3"}, {Run: "r2", Name: "rds"}})
	require.NoError(t, err)
	require.Equal(t, []deployed.Suite{{Run: "r1", Name: "s3"}, {Run: "r2", Name: "rds"}}, missing)
	require.Equal(t, "rds of run r2", missing[1].String())
}

func TestOnlyTheOwnerReadsARecord(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "deployed")
	require.NoError(t, deployed.Write(dir, "r1", deployed.Record{}))
	for name, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "r1.json"): 0o600} {
		info, err := os.Stat(name)
		require.NoError(t, err)
		require.Equal(t, want, info.Mode().Perm(), name)
	}
}

func TestOldRecordsAreRemoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, deployed.Write(dir, "old", deployed.Record{}))
	require.NoError(t, deployed.Write(dir, "recent", deployed.Record{}))
	long, lately := time.Now().Add(-15*24*time.Hour), time.Now().Add(-13*24*time.Hour)
	require.NoError(t, os.Chtimes(filepath.Join(dir, "old.json"), long, long))
	require.NoError(t, os.Chtimes(filepath.Join(dir, "recent.json"), lately, lately))
	require.NoError(t, deployed.Write(dir, "new", deployed.Record{}))
	require.NoFileExists(t, filepath.Join(dir, "old.json"))
	require.FileExists(t, filepath.Join(dir, "recent.json"))
}

func TestADamagedRecordIsAnErrorThatHidesWhatItHolds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "r1.json"), []byte(`{"rds":{"sensitive":["hidden`), 0o600))
	_, _, err := deployed.Read(dir, []deployed.Suite{{Run: "r1", Name: "rds"}})
	require.ErrorContains(t, err, "r1.json is no record")
	require.NotContains(t, err.Error(), "hidden")
}

func TestEveryTextInsideAValueIsListed(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"deep", "12345", "1.5", "x"}, deployed.Texts(map[string]any{
		"a": []any{"deep", float64(12345), 1.5}, "b": nil, "c": true, "d": " ", "e": map[string]any{"f": "x"},
	}))
}
