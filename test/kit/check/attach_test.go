package check_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/stretchr/testify/require"
)

func TestAnAttachmentIsFoundBesideItsOwnJournalAlone(t *testing.T) {
	dir := t.TempDir()
	mine, other := filepath.Join(dir, "1-a.jsonl"), filepath.Join(dir, "1-a-b.jsonl")
	require.NoError(t, check.Attach(mine, "incident", ".svg", []byte("<svg/>")))
	require.NoError(t, check.Attach(mine, "access", ".csv", []byte("role\n")))
	require.NoError(t, check.Attach(other, "network", ".svg", []byte("<svg/>")))
	found, err := check.Attached(mine)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"incident": filepath.Join(dir, "1-a.incident.svg"), "access": filepath.Join(dir, "1-a.access.csv")}, found)
	text, err := os.ReadFile(found["access"])
	require.NoError(t, err)
	require.Equal(t, "role\n", string(text))
}

func TestWhatCannotBeAttachedIsRefused(t *testing.T) {
	dir := t.TempDir()
	journal := filepath.Join(dir, "1-a.jsonl")
	require.ErrorContains(t, check.Attach(journal, "map", ".svg", nil), `"map": the kinds are network, incident, access`)
	require.ErrorContains(t, check.Attach(filepath.Join(dir, "a.txt"), "access", ".csv", nil), "a journal ends in .jsonl")
	require.NoError(t, check.Attach("", "access", ".csv", nil))
	for _, extension := range []string{".csv", ".svg"} {
		require.NoError(t, check.Attach(journal, "access", extension, []byte("x")))
	}
	_, err := check.Attached(journal)
	require.ErrorContains(t, err, "one access to a journal")
}
