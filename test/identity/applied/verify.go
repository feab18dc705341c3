package applied

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fintrack/platform/test/identity/deployed"
	"github.com/fintrack/platform/test/kit/access"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deploy"
	stated "github.com/fintrack/platform/test/kit/deployed"
	"github.com/fintrack/platform/test/kit/iam"
)

// runTag marks what a run made. Another run's roles in the same account are judged there.
const runTag = "fintrack:run"

// suite is one applied platform beside the intent.
type suite struct {
	s        *deploy.Stack
	in       *access.Intent
	known    *iam.Catalogue
	facts    access.Facts
	declared []access.Declared
	account  *iam.Account
	// addresses say where each role stands in Terraform, by ARN: <folder>:<address>.
	addresses map[string]string
}

// subject names a role by its ARN, and by its address for the evidence of who was judged.
func (v *suite) subject(i *iam.Identity) string {
	if address := v.addresses[i.ARN]; address != "" {
		return i.ARN + ", " + address
	}
	return i.ARN
}

// Verify holds every role of an applied platform against the intent, both ways.
func Verify(ctx context.Context, s *deploy.Stack) {
	s.T.Helper()
	read := promise("read", "The intent and every role of the platform can be read", file, "CC6.1", "CC6.3")
	v, err := newSuite(ctx, s)
	if err != nil {
		s.Checks.Err(read, "the intent, and the account's roles with their policies", err)
		return
	}
	s.Checks.That(read, len(v.declared) > 0 && len(v.account.Identities) > 0, "roles declared, and roles deployed",
		fmt.Sprintf("%d declared, %d deployed, %d policies of resources", len(v.declared), len(v.account.Identities), len(v.account.Attached)))
	// The table goes beside the results, for the page of evidence.
	table, err := access.Matrix(v.declared)
	if err == nil {
		err = check.Attach(s.Sandbox.Run.JournalPath, "access", ".csv", table)
	}
	if err != nil {
		s.Checks.Err(read, "a table of who may do what beside the results", err)
	}
	v.roles()
	for _, d := range v.declared {
		i, err := v.account.Find(d.ARN)
		if err != nil {
			continue // recorded as absent
		}
		v.permissions(d, i)
		v.trust(d, i)
		v.escalations(d, i)
	}
	v.encryption()
	v.database()
	v.plans(ctx)
	v.opinion(ctx)
}

func promise(id, title, subject string, controls ...string) check.Check {
	return check.Check{ID: "identity." + id, Title: title, Subject: subject, Controls: controls, Next: "change " + file + " if it is meant, or the role's policy if it is not"}
}

func newSuite(ctx context.Context, s *deploy.Stack) (*suite, error) {
	in, known, err := intent()
	if err != nil {
		return nil, err
	}
	v := &suite{s: s, in: in, known: known, facts: facts(s)}
	if v.declared, err = in.Resolve(v.facts, s.Order...); err != nil {
		return nil, err
	}
	started := s.Sandbox.Entry().Started
	since := func(name string, made time.Time) bool {
		return s.Sandbox.Run.Environment.EmulatesAWS() || strings.HasPrefix(name, v.facts.Named["name"]) || made.After(started.Add(-time.Minute))
	}
	if v.account, err = deployed.Roles(ctx, s.Sandbox.AWS, s.Sandbox.Account, since); err != nil {
		return nil, err
	}
	run := s.Sandbox.Tags[runTag]
	v.account.Identities = slices.DeleteFunc(v.account.Identities, func(i *iam.Identity) bool { return i.Tags[runTag] != "" && i.Tags[runTag] != run })
	if v.account.Attached, err = deployed.Resources(ctx, s.Sandbox.AWS, v.resources()); err != nil {
		return nil, err
	}
	v.addresses, err = addresses(ctx, s)
	return v, err
}

// addresses finds the roles in the states of the applied layers.
func addresses(ctx context.Context, s *deploy.Stack) (map[string]string, error) {
	out := map[string]string{}
	for _, layer := range s.Order {
		state, err := s.State(ctx, layer)
		if err != nil {
			return nil, err
		}
		found, err := stated.Addresses(state, "aws_iam_role")
		if err != nil {
			return nil, fmt.Errorf("the state of %s: %w", layer, err)
		}
		for arn, address := range found {
			out[arn] = "terraform/" + layer + ":" + address
		}
	}
	return out, nil
}

// resources are the buckets, keys, secrets and queues that the intent's roles reach.
func (v *suite) resources() []string {
	all := map[string]bool{}
	add := func(layer, output string) {
		switch o := v.facts.Outputs[layer][output].(type) {
		case string:
			all[o] = true
		case map[string]any:
			for _, arn := range o {
				all[fmt.Sprint(arn)] = true
			}
		}
	}
	add("security", "kms_key_arns")
	add("security", "dr_kms_key_arns")
	add("data", "bucket_arns")
	add("data", "secret_arns")
	add("data", "transactions_queue_arn")
	all["arn:aws:s3:::"+fmt.Sprint(v.facts.Outputs["platform"]["loki_bucket"])] = true
	all["arn:aws:s3:::"+fmt.Sprint(v.facts.Outputs["security"]["frontend_bucket"])] = true
	return slices.Sorted(maps.Keys(all))
}

// said puts findings into the words of a check.
func said(found []access.Finding) string {
	var lines []string
	for _, f := range found {
		lines = append(lines, f.String())
	}
	return orNothing(lines)
}

func of(found []access.Finding, kinds ...access.Kind) []access.Finding {
	var out []access.Finding
	for _, f := range found {
		if slices.Contains(kinds, f.Kind) {
			out = append(out, f)
		}
	}
	return out
}

func (v *suite) roles() {
	found := access.Unknowns(v.declared, v.account)
	c := promise("roles-known", "The account has the roles that are declared, and no other", "aws_iam_role", "CC6.1", "CC6.2", "CC6.3")
	v.s.Checks.That(c, len(found) == 0, fmt.Sprint(len(v.declared), " roles"), said(found))
}

func (v *suite) permissions(d access.Declared, i *iam.Identity) {
	found := access.Compare(d, i, v.account, v.known, access.Base())
	works := of(found, access.Missing)
	c := promise("works."+d.Name, "Everything that is declared is allowed, under the declared conditions: "+d.Name, v.subject(i), "CC6.1")
	v.s.Checks.That(c, len(works) == 0, "every declared action on every declared resource", said(works))
	more := of(found, access.Extra, access.Foreign)
	c = promise("nothing-else."+d.Name, fmt.Sprintf("Of the %d actions of AWS nothing else is allowed: %s", len(v.known.Actions), d.Name), v.subject(i), "CC6.1", "CC6.3", "C1.1")
	v.s.Checks.That(c, len(more) == 0, "nothing else", said(more))
	bound := of(found, access.Unbounded)
	c = promise("bounded."+d.Name, "The role has the boundary that is declared: "+d.Name, v.subject(i), "CC6.3")
	v.s.Checks.That(c, len(bound) == 0, "boundary "+fmt.Sprintf("%q", d.Boundary), said(bound))
}

func (v *suite) trust(d access.Declared, i *iam.Identity) {
	found := access.CompareTrust(d, i, v.account, v.facts, v.in.Outsiders)
	tries := len(access.Attempts(d, v.facts, v.account.Identities))
	c := promise("taken-by."+d.Name, "The role is taken by whom it is declared for, and by nobody else: "+d.Name, v.subject(i), "CC6.1", "CC6.2", "CC6.3")
	v.s.Checks.That(c, len(found) == 0, fmt.Sprintf("one of %d attempts succeeds", tries), said(found))
}

func (v *suite) escalations(d access.Declared, i *iam.Identity) {
	found := access.Escalations(d, i, v.account, v.declared, v.in.Borne)
	c := promise("no-escalation."+d.Name, "The role has no way to more than it was given: "+d.Name, v.subject(i), "CC6.1", "CC6.3")
	v.s.Checks.That(c, len(found) == 0, "no way but those that are borne", said(found))
}

// encryption tries the puts that must be refused.
func (v *suite) encryption() {
	for _, d := range v.declared {
		i, err := v.account.Find(d.ARN)
		if err != nil {
			continue
		}
		list := access.Unencrypted(d, v.account.ID, access.Base())
		if len(list) == 0 {
			continue
		}
		var through []string
		for _, r := range list {
			if got := v.account.Can(i, r.Request); got.Decision == iam.Allowed {
				through = append(through, r.What+": "+got.Reason())
			}
		}
		c := promise("puts-encrypted."+d.Name, "A put without encryption, under another key, over plain HTTP or elsewhere is refused: "+d.Name, v.subject(i), "CC6.1", "CC6.7", "C1.1")
		v.s.Checks.That(c, len(through) == 0, fmt.Sprint(len(list), " puts, all refused"), fmt.Sprintf("%d let through %s", len(through), strings.Join(through, "; ")))
	}
}

// database asks who logs in to the database as whom.
func (v *suite) database() {
	for user, want := range map[string][]string{
		"fintrack_app": {"auth-service", "notification-service", "reconciliation-service", "reporting-service", "transaction-worker"}, "fintrack_migrator": {"github-actions-migration"},
		"postgres": nil, "reporting": nil, "rdsadmin": nil,
	} {
		resource := fmt.Sprintf("arn:aws:rds-db:%s:%s:dbuser:%v/%s", v.facts.Region, v.facts.Account, v.facts.Outputs["data"]["rds_resource_id"], user)
		var got []string
		for _, a := range v.account.WhoCan("rds-db:connect", resource, access.Base()) {
			name := a.Identity.Name()
			for _, d := range v.declared {
				if d.ARN == a.Identity.ARN {
					name = d.Name
				}
			}
			got = append(got, name)
		}
		slices.Sort(got)
		c := promise("database-as."+strings.ReplaceAll(user, "_", "-"), "Who may log in to the database as "+user, resource, "CC6.1", "CC6.3", "C1.1")
		v.s.Checks.That(c, slices.Equal(want, got), fmt.Sprint(want), fmt.Sprint(got))
	}
}
