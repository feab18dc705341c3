package census_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/fintrack/platform/test/kit/census"
)

func fixed(service, typ string, regional bool, rs []census.Resource, err error) census.Lister {
	return census.Lister{Service: service, Types: []string{typ}, Regional: regional, List: func(context.Context, aws.Config) ([]census.Resource, error) {
		return slices.Clone(rs), err
	}}
}

func TestTakeAsksEveryRegionAndGlobalServicesOnce(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	ask := func(what string) func(context.Context, aws.Config) ([]census.Resource, error) {
		return func(_ context.Context, cfg aws.Config) ([]census.Resource, error) {
			mu.Lock()
			defer mu.Unlock()
			asked = append(asked, what+" "+cfg.Region)
			return []census.Resource{{ID: "x"}}, nil
		}
	}
	use(t,
		census.Lister{Service: "global", Types: []string{"g"}, List: ask("global")},
		census.Lister{Service: "regional", Types: []string{"r"}, Regional: true, List: ask("regional")},
	)
	scope := own
	scope.Regions = []string{"eu-west-1", "us-west-2", "eu-west-1"}
	set, err := census.Take(t.Context(), emulator, scope)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(asked)
	equal(t, "asked", []string{"global us-east-1", "regional eu-west-1", "regional us-west-2"}, asked)
	equal(t, "found", []string{"eu-west-1/r/x", "us-east-1/g/x", "us-west-2/r/x"}, set.Keys())
}

func TestTakeCountsOnlyWhatTheBaselineLacks(t *testing.T) {
	use(t, fixed("s", "t", true, []census.Resource{{ID: "old"}, {ID: "new"}}, nil))
	scope := own
	scope.Baseline = census.Known([]string{"us-east-1/t/old"})
	set, err := census.Take(t.Context(), emulator, scope)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "found", []string{"us-east-1/t/new"}, set.Keys())
	if again := census.Known(set.Keys()); !slices.Equal(again.Keys(), set.Keys()) {
		t.Errorf("keys change when they are written and read: %v", again.Keys())
	}
}

func TestTakeReadsTagsOnlyWhereTheyDecide(t *testing.T) {
	tags := func(run string, err error) func(context.Context) (map[string]string, error) {
		return func(context.Context) (map[string]string, error) { return map[string]string{"fintrack:run": run}, err }
	}
	gone := &smithy.GenericAPIError{Code: "NoSuchEntity"}
	use(t, fixed("iam", "role", false, []census.Resource{
		{ID: "ours", ReadTags: tags("r1", nil)},
		{ID: "theirs", ReadTags: tags("r2", nil)},
		{ID: "vanished", ReadTags: tags("r1", gone)},
		{ID: "known", ReadTags: func(context.Context) (map[string]string, error) {
			t.Error("the tags of a resource of the baseline were read")
			return nil, nil
		}},
	}, nil))
	scope := census.Scope{Regions: []string{"us-east-1"}, Tags: map[string]string{"fintrack:run": "r1"}, Baseline: census.Known([]string{"us-east-1/role/known"})}
	set, err := census.Take(t.Context(), aws.Config{}, scope)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "found", []string{"us-east-1/role/ours"}, set.Keys())
}

func TestTakeFailsWhenTagsCannotBeRead(t *testing.T) {
	denied := &smithy.GenericAPIError{Code: "AccessDenied"}
	use(t, fixed("iam", "role", false, []census.Resource{{ID: "r", ReadTags: func(context.Context) (map[string]string, error) { return nil, denied }}}, nil))
	_, err := census.Take(t.Context(), emulator, own)
	if !errors.Is(err, denied) || !strings.Contains(err.Error(), "role r in us-east-1") {
		t.Errorf("error %v, want one that names the role", err)
	}
}

func TestTakeNamesWhatCouldNotBeAskedAndKeepsTheRest(t *testing.T) {
	broken := errors.New("throttled")
	use(t, fixed("good", "g", true, []census.Resource{{ID: "x"}}, nil), fixed("bad", "b", true, nil, broken))
	set, err := census.Take(t.Context(), emulator, own)
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "census of bad (b) in us-east-1") {
		t.Errorf("error %v", err)
	}
	equal(t, "found", []string{"us-east-1/g/x"}, set.Keys())
}

func TestTakeRefusesAResourceOfATypeNobodyRegistered(t *testing.T) {
	use(t, fixed("s", "t", true, []census.Resource{{ID: "x", Type: "other"}}, nil))
	if _, err := census.Take(t.Context(), emulator, own); err == nil || !strings.Contains(err.Error(), "other x") {
		t.Errorf("error %v", err)
	}
}

func TestAServiceThatTheEmulatorLacks(t *testing.T) {
	html := func(status int, kind string) error {
		return &smithyhttp.ResponseError{Err: errors.New("not xml"), Response: &smithyhttp.Response{Response: &http.Response{
			StatusCode: status, Header: http.Header{"Content-Type": {kind}},
		}}}
	}
	page := "text/html; charset=utf-8"
	for _, c := range []struct {
		name  string
		err   error
		cfg   aws.Config
		types []string
		fails bool
	}{
		{"fails when nobody says what was made", html(404, page), emulator, nil, true},
		{"fails when it was needed", html(404, page), emulator, []string{"aws_chat"}, true},
		{"fails when a part of what it lists was needed", html(404, page), emulator, []string{"aws_chat_line"}, true},
		{"is named when nothing of it was made", html(404, page), emulator, []string{"aws_vpc"}, false},
		{"is none when the emulator broke", html(500, page), emulator, []string{"aws_vpc"}, true},
		{"is none when the service answers 404", html(404, "application/json"), emulator, []string{"aws_vpc"}, true},
		{"is none behind the real endpoints", html(404, page), aws.Config{}, []string{"aws_vpc"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := fixed("chat", "aws_chat", true, nil, c.err)
			l.Parts = []census.Part{{Type: "aws_chat_line", Of: "aws_chat", Why: "a line of it"}}
			use(t, l)
			scope := census.Scope{Regions: []string{"us-east-1"}, Prefix: "ft-1a2b3c", Types: c.types}
			set, err := census.Take(t.Context(), c.cfg, scope)
			if c.fails {
				if err == nil || !strings.Contains(err.Error(), "chat") {
					t.Errorf("error %v, want one that names the service", err)
				}
				return
			}
			if err != nil {
				t.Error(err)
			}
			equal(t, "unanswered", []string{"chat: aws_chat"}, set.Unanswered())
		})
	}
}
