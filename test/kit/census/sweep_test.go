package census_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/fintrack/platform/test/kit/census"
)

func TestSweepFollowsDependenciesWithinAnOrder(t *testing.T) {
	w := &world{things: map[string]thing{
		"net/vpc": {after: []string{"net/subnet"}}, "net/subnet": {after: []string{"net/eni"}}, "net/eni": {},
	}}
	use(t, w.lister("net", census.Networks))
	deleted, left, err := census.Sweep(t.Context(), emulator, own)
	if err != nil || len(left) > 0 {
		t.Fatalf("left %v, error %v", left, err)
	}
	equal(t, "deleted", []string{"us-east-1/net/eni", "us-east-1/net/subnet", "us-east-1/net/vpc"}, keys(deleted))
}

func TestSweepEmptiesAnOrderBeforeTheNext(t *testing.T) {
	w := &world{things: map[string]thing{
		"role/r": {}, "key/k": {}, "group/asg": {spawns: "db/spawned"}, "db/slow": {looks: 5},
	}}
	use(t, w.lister("key", census.Keys), w.lister("role", census.Identities), w.lister("db", census.Workloads), w.lister("group", census.Actors))
	_, left, err := census.Sweep(t.Context(), emulator, own)
	if err != nil || len(left) > 0 {
		t.Fatalf("left %v, error %v", left, err)
	}
	for _, pair := range [][2]string{{"group/asg", "db/slow"}, {"db/slow", "role/r"}, {"db/slow", "key/k"}, {"role/r", "key/k"}} {
		if !w.before(pair[0], pair[1]) {
			t.Errorf("%s must go before %s; the order was %v", pair[0], pair[1], w.deleted)
		}
	}
	if !w.before("group/asg", "db/spawned") {
		t.Errorf("what appeared during the sweep was not deleted: %v", w.deleted)
	}
}

func TestSweepReportsACycleWithItsReasons(t *testing.T) {
	w := &world{things: map[string]thing{
		"sg/a": {after: []string{"sg/b"}}, "sg/b": {after: []string{"sg/a"}}, "sg/free": {},
	}}
	use(t, w.lister("sg", census.Networks))
	deleted, left, err := census.Sweep(t.Context(), emulator, own)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "deleted", []string{"us-east-1/sg/free"}, keys(deleted))
	equal(t, "left", []string{"us-east-1/sg/a", "us-east-1/sg/b"}, keys(left))
	for i, other := range []string{"sg/b uses it", "sg/a uses it"} {
		if p := left[i].Problem; p == nil || !strings.Contains(p.Error(), other) {
			t.Errorf("%s: problem %v, want %q", left[i].ID, p, other)
		}
		if !strings.Contains(left[i].String(), other) {
			t.Errorf("%q does not tell people the reason", left[i])
		}
	}
}

func TestSweepGoesOnPastWhatCannotBeDeleted(t *testing.T) {
	denied := errors.New("AccessDenied")
	w := &world{things: map[string]thing{"db/stuck": {stuck: denied}, "role/r": {}}}
	use(t, w.lister("db", census.Workloads), w.lister("role", census.Identities))
	deleted, left, err := census.Sweep(t.Context(), emulator, own)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "deleted", []string{"us-east-1/role/r"}, keys(deleted))
	if len(left) != 1 || !errors.Is(left[0].Problem, denied) {
		t.Errorf("left %v", left)
	}
}

func TestSweepSaysWhenADeletionWasAcceptedInVain(t *testing.T) {
	r := census.Resource{ID: "ghost", Delete: func(context.Context) error { return nil }}
	use(t, census.Lister{Service: "fake", Types: []string{"ghost"}, List: func(context.Context, aws.Config) ([]census.Resource, error) {
		return []census.Resource{r}, nil
	}})
	deleted, left, err := census.Sweep(t.Context(), emulator, own)
	if err != nil || len(deleted) > 0 || len(left) != 1 {
		t.Fatalf("deleted %v, left %v, error %v", deleted, left, err)
	}
	if p := left[0].Problem; p == nil || !strings.Contains(p.Error(), "still listed") {
		t.Errorf("problem %v", p)
	}
}

func TestSweepDeletesTheRestWhenOneServiceCannotBeAsked(t *testing.T) {
	w := &world{things: map[string]thing{"db/a": {}}}
	refused := errors.New("AccessDenied: ListTables")
	use(t, w.lister("db", census.Workloads), census.Lister{Service: "mute", Types: []string{"table"}, List: func(context.Context, aws.Config) ([]census.Resource, error) {
		return nil, refused
	}})
	deleted, left, err := census.Sweep(t.Context(), emulator, own)
	equal(t, "deleted", []string{"us-east-1/db/a"}, keys(deleted))
	if len(left) > 0 {
		t.Errorf("left %v", left)
	}
	if !errors.Is(err, refused) || !strings.Contains(err.Error(), "mute") {
		t.Errorf("error %v, want one that names the service that could not be asked", err)
	}
}

func TestSweepEndsWithItsContext(t *testing.T) {
	w := &world{things: map[string]thing{"db/slow": {looks: 1 << 20}}}
	use(t, w.lister("db", census.Workloads))
	ctx, cancel := context.WithTimeout(t.Context(), 50_000_000)
	defer cancel()
	_, left, err := census.Sweep(ctx, emulator, own)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if len(left) != 1 || !strings.Contains(left[0].String(), "under way") {
		t.Errorf("left %v", left)
	}
}

func TestSweepTouchesNothingOfOthers(t *testing.T) {
	w := &world{things: map[string]thing{
		"db/ours":    {name: "ft-1a2b3c-db"},
		"db/tagged":  {name: "adopted", tags: map[string]string{"fintrack:run": "r1"}},
		"db/theirs":  {name: "billing", tags: map[string]string{"fintrack:run": "r2"}},
		"db/nothing": {},
		"db/similar": {name: "draft-1a2b3c"},
	}}
	use(t, w.lister("db", census.Workloads))
	scope := census.Scope{Regions: []string{"us-east-1"}, Prefix: "ft-1a2b3c", Tags: map[string]string{"fintrack:run": "r1"}}
	if _, left, err := census.Sweep(t.Context(), aws.Config{}, scope); err != nil || len(left) > 0 {
		t.Fatalf("left %v, error %v", left, err)
	}
	if len(w.deleted) != 2 || len(w.things) != 3 {
		t.Errorf("deleted %v", w.deleted)
	}
}
