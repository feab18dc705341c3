package check_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/stretchr/testify/require"
)

type reporter struct {
	mu   sync.Mutex
	said []string
}

func (*reporter) Helper() {}
func (r *reporter) Errorf(f string, a ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, fmt.Sprintf(f, a...))
}

func sample(id string) check.Check {
	return check.Check{ID: id, Title: "Storage is encrypted", Controls: []string{"CC6.1"}, Subject: "aws_db_instance.this", Next: "set storage_encrypted"}
}

func TestAFailedCheckIsReportedWithExpectedAndObserved(t *testing.T) {
	r := &reporter{}
	s := check.NewSet(r, check.Labels{}, nil)
	require.False(t, s.Equal(sample("rds.storage-encrypted"), true, false))
	require.Len(t, r.said, 1)
	require.Contains(t, r.said[0], "expected: true")
	require.Contains(t, r.said[0], "observed: false")
	require.Contains(t, r.said[0], "set storage_encrypted")
}

func TestAPassIsSilentAndNotProvenIsNeitherPassNorFailure(t *testing.T) {
	r := &reporter{}
	s := check.NewSet(r, check.Labels{Environment: "emulated"}, nil)
	require.True(t, s.Equal(sample("rds.storage-encrypted"), []string{"a"}, []string{"a"}))
	s.NotProven(sample("rds.failover-time"), "aws", "no real failover here")
	require.Empty(t, r.said)
	require.Equal(t, check.Count{Pass: 1, NotProven: 1}, check.Tally(s.Results()))
	require.Equal(t, "1 proven, 0 failed, 1 not proven here", check.Tally(s.Results()).String())
}

func TestAnUnreadableSubjectFails(t *testing.T) {
	r := &reporter{}
	s := check.NewSet(r, check.Labels{}, nil)
	s.Err(sample("rds.storage-encrypted"), "true", fmt.Errorf("AccessDenied"))
	require.Equal(t, check.Fail, s.Results()[0].Verdict)
	require.Contains(t, r.said[0], "could not be read: AccessDenied")
}

func TestBadChecksAreRefused(t *testing.T) {
	for name, c := range map[string]check.Check{
		"want <module>.<kebab-case-promise>": {ID: "Storage Encrypted", Title: "t", Subject: "s"},
		"no title":                           {ID: "rds.x", Subject: "s"},
		"no subject":                         {ID: "rds.x", Title: "t"},
		`unknown control "CC9.9"`:            {ID: "rds.x", Title: "t", Subject: "s", Controls: []string{"CC9.9"}},
	} {
		t.Run(name, func(t *testing.T) { require.ErrorContains(t, c.Validate(), name) })
	}
}

func TestAnIdNamesOneCheckOfARun(t *testing.T) {
	r := &reporter{}
	s := check.NewSet(r, check.Labels{}, nil)
	s.Equal(sample("rds.storage-encrypted"), 1, 1)
	s.Equal(sample("rds.storage-encrypted"), 1, 1)
	require.Len(t, r.said, 1)
	require.Contains(t, r.said[0], "made twice")
}

func TestTheJournalReadsBackAndABrokenLineIsNamed(t *testing.T) {
	var journal bytes.Buffer
	s := check.NewSet(&reporter{}, check.Labels{Environment: "emulated", Run: "r1", Suite: "rds"}, &journal)
	s.Equal(sample("rds.storage-encrypted"), 1, 2)
	got, err := check.ReadJournal(bytes.NewReader(journal.Bytes()))
	require.NoError(t, err)
	require.Equal(t, s.Results(), got)

	_, err = check.ReadJournal(strings.NewReader(journal.String() + "{broken\n"))
	require.ErrorContains(t, err, "line 2")
}

func TestAJournalThatCannotBeWrittenIsAFailure(t *testing.T) {
	r := &reporter{}
	s := check.NewSet(r, check.Labels{}, fullDisk{})
	s.Equal(sample("rds.storage-encrypted"), 1, 1)
	require.Contains(t, r.said[0], "no space left")
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, fmt.Errorf("no space left on device") }

func TestTheTableShowsWhatFailedAndWhatIsNotProven(t *testing.T) {
	s := check.NewSet(&reporter{}, check.Labels{}, nil)
	s.Equal(sample("rds.multi-az"), true, true)
	s.Equal(sample("rds.storage-encrypted"), "a", "b")
	s.NotProven(sample("rds.failover-time"), "aws", "no failover")
	var b bytes.Buffer
	require.NoError(t, check.WriteTable(&b, s.Results()))
	require.Equal(t, strings.TrimPrefix(`
      check                  controls  promise
pass  rds.multi-az           CC6.1     Storage is encrypted
FAIL  rds.storage-encrypted  CC6.1     Storage is encrypted
        subject:  aws_db_instance.this
        expected: a
        observed: b
        next:     set storage_encrypted
n/p   rds.failover-time      CC6.1     Storage is encrypted
        subject:  aws_db_instance.this
        expected: an environment that can answer: needs aws
        observed: no failover
        next:     set storage_encrypted
`, "\n"), b.String())
}
