package scripts_test

import (
	"strings"
	"testing"
)

// related is a repository with four modules: app uses store, its example uses
// key; store uses key; lone stands alone.
func related(t *testing.T) *repository {
	r := newRepository(t, map[string]string{
		"modules/app/main.tf":                     "module \"store\" {\n  source = \"../store\"\n}\n",
		"modules/app/README.md":                   "# app\n",
		"modules/app/examples/complete/main.tf":   "module \"app\" {\n  source = \"../../\"\n}\n\nmodule \"key\" {\n  source  = \"../../../key\"\n}\n",
		"modules/store/main.tf":                   "\n",
		"modules/store/examples/wide/key.tf":      "module \"key\" {\n  source = \"../../../key\"\n}\n",
		"modules/key/main.tf":                     "module \"far\" {\n  source = \"app.example.com/a/b/aws\"\n}\n",
		"modules/lone/main.tf":                    "\n",
		"test/modules/lone/lone_test.go":          "package lone_test\n",
		"test/modules/costs.json":                 "{}\n",
		"test/kit/check/check.go":                 "package check\n",
		"terraform/data/main.tf":                  "module \"lone\" {\n  source = \"../../modules/lone\"\n}\n",
		"modules/lone/lambda/rotation/handler.py": "\n",
	})
	r.must("git", "init", "-q", "-b", "main")
	r.commit()
	return r
}

func (r *repository) commit() {
	r.t.Helper()
	r.must("git", "add", "-A")
	r.must("git", "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "change")
}

func TestChangedModules(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change []string
		want   string
	}{
		"a module that nothing uses is alone":              {[]string{"modules/lone/main.tf"}, "lone"},
		"a file deep in a module counts":                   {[]string{"modules/lone/lambda/rotation/handler.py"}, "lone"},
		"the tests of a module count as the module":        {[]string{"test/modules/lone/lone_test.go"}, "lone"},
		"a module's users are affected":                    {[]string{"modules/store/main.tf"}, "app store"},
		"users of users, and users by an example, as well": {[]string{"modules/key/main.tf"}, "app key store"},
		"using does not make the used one affected":        {[]string{"modules/app/main.tf"}, "app"},
		"prose affects nothing":                            {[]string{"modules/app/README.md", "docs/page.md"}, ""},
		"shared measurements affect nothing":               {[]string{"test/modules/costs.json"}, ""},
		"a layer is no module":                             {[]string{"terraform/data/main.tf"}, ""},
		"the kit affects all":                              {[]string{"test/kit/check/check.go"}, "app key lone store"},
		"a dependency affects all":                         {[]string{"go.mod"}, "app key lone store"},
		"a script affects all":                             {[]string{"scripts/run"}, "app key lone store"},
		"several changes add up":                           {[]string{"modules/lone/main.tf", "modules/app/main.tf"}, "app lone"},
		"a new module is listed":                           {[]string{"modules/fresh/main.tf"}, "fresh"},
		"nothing changed":                                  {nil, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := related(t)
			base := strings.TrimSpace(r.must("git", "rev-parse", "HEAD"))
			for _, f := range c.change {
				r.write(f, "# changed\n"+f+"\n")
			}
			if c.change != nil {
				r.commit()
			}
			got := strings.Fields(r.must("scripts/changed-modules", base))
			if strings.Join(got, " ") != c.want {
				t.Errorf("affected: %v, want %q", got, c.want)
			}
			want := `["` + strings.ReplaceAll(c.want, " ", `","`) + `"]`
			if c.want == "" {
				want = "[]"
			}
			if got := strings.TrimSpace(r.must("scripts/changed-modules", base, "--json")); got != want {
				t.Errorf("as JSON: %s, want %s", got, want)
			}
		})
	}
}

func TestChangedModulesSeesUsesThatTheChangeAdds(t *testing.T) {
	t.Parallel()
	r := related(t)
	base := strings.TrimSpace(r.must("git", "rev-parse", "HEAD"))
	r.write("modules/lone/main.tf", "module \"key\" {\n  source = \"../key\"\n}\n")
	r.write("modules/key/main.tf", "# changed\n")
	r.commit()
	if got := strings.Fields(r.must("scripts/changed-modules", base)); strings.Join(got, " ") != "app key lone store" {
		t.Errorf("affected: %v", got)
	}
}

func TestChangedModulesLeavesOutRemovedOnes(t *testing.T) {
	t.Parallel()
	r := related(t)
	base := strings.TrimSpace(r.must("git", "rev-parse", "HEAD"))
	r.must("git", "rm", "-q", "-r", "modules/lone")
	r.commit()
	if got := strings.Fields(r.must("scripts/changed-modules", base)); len(got) != 0 {
		t.Errorf("affected: %v, want none", got)
	}
}

func TestChangedModulesComparesWithTheCommonAncestor(t *testing.T) {
	t.Parallel()
	r := related(t)
	r.must("git", "checkout", "-q", "-b", "work")
	r.write("modules/app/main.tf", "# changed\n")
	r.commit()
	r.must("git", "checkout", "-q", "main")
	r.write("modules/lone/main.tf", "# changed on main meanwhile\n")
	r.commit()
	r.must("git", "checkout", "-q", "work")
	if got := strings.Fields(r.must("scripts/changed-modules", "main")); strings.Join(got, " ") != "app" {
		t.Errorf("affected: %v, want [app]", got)
	}
}

func TestChangedModulesRefusesAnUnknownCommit(t *testing.T) {
	t.Parallel()
	r := related(t)
	out, code := r.run("scripts/changed-modules", "0123456789012345678901234567890123456789")
	r.wantRefusal(out, code, "there is no commit 0123456789", "shallow")
}
