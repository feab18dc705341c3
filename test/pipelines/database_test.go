package pipelines_test

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// database starts a PostgreSQL of its own on a socket in a folder of its own.
func database(t *testing.T) map[string]string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	require.NoError(t, err)
	require.NotEmpty(t, found, "PostgreSQL is not here: apt-get install postgresql")
	bin := filepath.Dir(found[len(found)-1])
	dir, err := os.MkdirTemp("", "fintrack-pg-*")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	owner := ownerOf(t, dir)
	run := func(name string, args ...string) {
		t.Helper()
		cmd := exec.Command(filepath.Join(bin, name), args...)
		cmd.Dir, cmd.SysProcAttr = dir, owner
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
	}
	data := filepath.Join(dir, "data")
	run("initdb", "--pgdata", data, "--username", "fintrack_migrator", "--auth", "trust", "--no-sync")
	server := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off")
	server.Dir, server.SysProcAttr = dir, owner
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGINT)
		_ = server.Wait()
	})
	env := map[string]string{"PGHOST": dir, "PGPORT": "5432", "PGDATABASE": "postgres", "PGUSER": "fintrack_migrator", "PGSSLMODE": "disable"}
	require.Eventually(t, func() bool {
		_, err := query(env, "select 1")
		return err == nil
	}, 30*time.Second, 100*time.Millisecond)
	return env
}

// ownerOf gives the folder to the user postgres when root runs the test: PostgreSQL
// refuses to run as root.
func ownerOf(t *testing.T, dir string) *syscall.SysProcAttr {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	require.NoError(t, err)
	uid, err := strconv.Atoi(u.Uid)
	require.NoError(t, err)
	gid, err := strconv.Atoi(u.Gid)
	require.NoError(t, err)
	require.NoError(t, os.Chown(dir, uid, gid))
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

func query(env map[string]string, sql string) (string, error) {
	cmd := exec.Command("psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--command", sql)
	cmd.Env = os.Environ()
	for k, v := range env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

const (
	migrateStep  = "backend.yml migrate/Migrate"
	rollbackStep = "backend.yml migrate/Roll back on failure"
)

func TestMigrationsRunAgainstPostgreSQL(t *testing.T) {
	env := database(t)
	p := newPlace(t)
	p.env("SERVICE", "ledger")
	for k, v := range env {
		p.env(k, v)
	}
	tables := func() string {
		out, err := query(env, "select string_agg(table_name, ' ' order by table_name) from information_schema.tables where table_schema = 'public'")
		require.NoError(t, err, out)
		return out
	}
	versions := func() string {
		out, err := query(env, "select coalesce(string_agg(version, ' ' order by version), '') from schema_migrations")
		require.NoError(t, err, out)
		return out
	}
	all := "accounts entries schema_migrations; 0001_accounts 0002_entries"

	first := p.run(migrateStep)
	checks(t).That(promise("migration-applies", "Migrations that the database lacks are applied in order, each recorded", migrateStep, "run the step against a PostgreSQL", "CC8.1"),
		first.Exit == 0 && tables()+"; "+versions() == all, all, tables()+"; "+versions()+"; "+said(first))

	again := p.run(migrateStep)
	checks(t).That(promise("migration-repeats", "A second run applies nothing", migrateStep, "compare with schema_migrations", "CC8.1"),
		again.Exit == 0 && !strings.Contains(again.Printed, "applying"), "nothing applied", said(again))

	// Two more, of which the second fails halfway: a column, then an error.
	const dir = "services/ledger/migrations/"
	p.write(dir+"0003_currency.up.sql", "alter table accounts add column currency text not null default 'USD';\n")
	p.write(dir+"0003_currency.down.sql", "alter table accounts drop column currency;\n")
	p.write(dir+"0004_broken.up.sql", "alter table accounts add column half text;\nselect * from nowhere;\n")
	p.write(dir+"0004_broken.down.sql", "alter table accounts drop column half;\n")
	columns := func() string {
		out, err := query(env, "select string_agg(column_name, ' ' order by ordinal_position) from information_schema.columns where table_name = 'accounts'")
		require.NoError(t, err, out)
		return out
	}
	broken := p.run(migrateStep)
	checks(t).That(promise("migration-fails-whole", "A migration that fails leaves nothing of itself, and fails the job", migrateStep, "each migration is one transaction", "CC8.1", "A1.2"),
		broken.Exit != 0 && columns() == "id name currency" && versions() == "0001_accounts 0002_entries 0003_currency",
		"a failed step; columns id name currency", columns()+"; "+said(broken))

	rollback := p.run(rollbackStep)
	checks(t).That(promise("migration-rolls-back", "After a failure what this run applied is taken back, and what was there before stays", rollbackStep, "the rollback reads what the run applied", "CC8.1", "A1.2"),
		rollback.Exit == 0 && columns() == "id name" && versions() == "0001_accounts 0002_entries",
		"columns id name; versions 0001_accounts 0002_entries", columns()+"; "+versions()+"; "+said(rollback))

	broken = p.run(migrateStep)
	require.NotZero(t, broken.Exit)
	p.write(dir+"0003_currency.down.sql", "alter table accounts drop column nothing;\n")
	stuck := p.run(rollbackStep)
	checks(t).That(promise("rollback-says-failure", "A rollback that fails is not taken for one", rollbackStep, "the step must fail", "CC8.1"),
		stuck.Exit != 0 && versions() == "0001_accounts 0002_entries 0003_currency", "a failed step; the version still recorded", versions()+"; "+said(stuck))

	require.NoError(t, os.Remove(filepath.Join(p.Dir, dir, "0003_currency.down.sql")))
	p.write(dir+"0003_currency.up.sql", "select 1;\n")
	oneWay := p.run(migrateStep)
	checks(t).That(promise("migration-needs-a-way-back", "A migration that could not be rolled back is refused before anything changes", migrateStep, "write the .down.sql", "CC8.1"),
		oneWay.Exit != 0 && strings.Contains(oneWay.Printed, "it could not be rolled back"), "refused by name", said(oneWay))

	nothing := newPlace(t)
	nothing.env("SERVICE", "ledger")
	for k, v := range env {
		nothing.env(k, v)
	}
	require.NoError(t, os.WriteFile(filepath.Join(nothing.Temp, "applied"), nil, 0o644))
	idle := nothing.run(rollbackStep)
	checks(t).That(promise("rollback-of-nothing", "Where nothing was applied the rollback changes nothing", rollbackStep, "an empty list is no error", "CC8.1"),
		idle.Exit == 0 && !strings.Contains(idle.Printed, "rolling back"), "nothing rolled back", said(idle))
}

func TestTheLoginTokenIsNeverPrinted(t *testing.T) {
	const id = "backend.yml migrate/Log in to the database"
	const token = "db.example.com:5432/?Action=connect&X-Amz-Signature=0f1e2d3c"
	p := newPlace(t)
	p.env("SECRET", "fintrack/production/rds", "REGION", "us-east-1")
	p.program("aws", `case "$1 $2" in
'secretsmanager get-secret-value') echo '{"host":"db.example.com","port":5432,"dbname":"fintrack","password":"never-used"}' ;;
'rds generate-db-auth-token') echo '`+token+`' ;;
*) exit 9 ;;
esac`)
	o := p.run(id)
	lines := strings.Split(o.Printed, "\n")
	leaks := slices.ContainsFunc(lines, func(l string) bool {
		return strings.Contains(l, token) && !strings.HasPrefix(l, "::add-mask::") || strings.Contains(l, "never-used")
	})
	checks(t).That(promise("login-token-masked", "The database's login token is masked before anything could print it", id, "::add-mask:: must come first", "CC6.1", "C1.1"),
		o.Exit == 0 && !leaks && strings.Contains(o.Printed, "::add-mask::"+token) && !strings.Contains(o.Shown(), token) && o.Env["PGPASSWORD"] == token,
		"masked, and handed on by the environment alone", said(o))
	checks(t).Equal(promise("login-verifies-server", "The migration's connection verifies the server's name and certificate", id, "set PGSSLMODE", "CC6.7"),
		"verify-full", o.Env["PGSSLMODE"])

	p.program("aws", `case "$1 $2" in
'secretsmanager get-secret-value') echo '{"port":5432}' ;;
esac`)
	broken := p.run(id)
	checks(t).That(promise("login-fails-early", "A secret without its host stops the job before it asks for a token", id, "jq must fail on null", "CC8.1"),
		broken.Exit != 0 && !strings.Contains(p.calls("aws"), "rds generate-db-auth-token --hostname null") && len(broken.Env) == 0, "a failed step, no token", said(broken))
}
