// Package secrets_test lets External Secrets bring the platform's secrets from the AWS
// emulator into a cluster: its own program with the rights of its service account, a
// real API server whose tokens the gateway checks, and the role and policy of Terraform's
// own configuration.
package secrets_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/controllers"
	"github.com/fintrack/platform/test/kit/gateway"
	"github.com/fintrack/platform/test/kit/gitops"
	"github.com/fintrack/platform/test/kit/gitops/platform"
	engine "github.com/fintrack/platform/test/kit/iam"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/fintrack/platform/test/kit/sandbox/cluster"
	"github.com/fintrack/platform/test/kit/suite"
	"github.com/stretchr/testify/require"
)

const root = "../../.."

// within is how long one step may take, on a loaded machine.
const within = 180 * time.Second

// issuer has the form of those of EKS.
const issuer = "https://oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"

func TestMain(m *testing.M) { os.Exit(suite.Main(m, "external-secrets", "emulated")) }

type proof struct {
	t       *testing.T
	cluster *cluster.Cluster
	objects *controllers.Objects
	tree    gitops.Tree
	checks  *check.Set
	box     *sandbox.Sandbox
	gateway *gateway.Gateway
	trail   string
	// key is the one that encrypts the secrets, values what is in them by name and
	// property.
	key                 string
	values              map[string]map[string]string
	roleName, policyARN string
}

func TestExternalSecretsBringsThePlatformsSecrets(t *testing.T) {
	run := suite.Current().Run
	program, err := controllers.Program(t.Context(), run, "external-secrets")
	require.NoError(t, err)
	box, err := run.Lease(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, box.Release()) })
	m, err := platform.FindModules(t.Context(), root)
	require.NoError(t, err)
	rendered, err := platform.RenderIn(root, "prod", box.Account, m.Charts)
	require.NoError(t, err)
	c := cluster.New(t.Context(), t, run, cluster.Issuer(issuer))
	p := &proof{t: t, cluster: c, objects: controllers.In(c), tree: rendered.Tree, checks: suite.Checks(t, "external-secrets"), box: box, trail: filepath.Join(t.TempDir(), "trail.jsonl")}
	client, err := c.HTTP()
	require.NoError(t, err)
	trail, err := os.Create(p.trail)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, trail.Close()) })
	p.gateway, err = gateway.Start(gateway.Config{AWS: box.AWS, Account: box.Account, Trail: trail, Issuers: map[string]gateway.Route{issuer: {Base: c.Endpoint, Client: client}}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.gateway.Close()) })

	path := rendered.Handover.Values["secrets"].(map[string]any)["path"].(string)
	p.secretsInAWS(path)
	role := rendered.Handover.Accounts[namespace+"/"+account]
	p.role(rendered.Given, role)
	p.kinds(m)
	p.controller(program)
	p.stores()
	if !p.synced(role) {
		return // nothing stands that the others could look at
	}
	p.otherNamespace()
	p.otherAccount(role)
	p.rotated(path + "/rds")
	p.missing()
	p.revoked()
	p.webhook(program)
}

func (p *proof) make(objects ...gitops.Object) {
	p.t.Helper()
	require.NoError(p.t, p.objects.Make(p.t.Context(), within, objects...))
}

// kinds makes what the chart brings: kinds, namespaces, the service account and its
// rights. The kinds are from the module, since the chart in it has none.
func (p *proof) kinds(m platform.Modules) {
	var crds []gitops.Object
	for _, o := range m.CRDs {
		if strings.HasSuffix(o.Text("spec", "group"), "external-secrets.io") {
			crds = append(crds, o)
		}
	}
	require.NotEmpty(p.t, crds)
	require.NoError(p.t, p.objects.Serve(p.t.Context(), within, crds...))
	p.make(p.tree.Of("", "Namespace")...)
	for _, kind := range [][2]string{{"", "ServiceAccount"}, {"rbac.authorization.k8s.io", "ClusterRole"}, {"rbac.authorization.k8s.io", "ClusterRoleBinding"}, {"rbac.authorization.k8s.io", "Role"}, {"rbac.authorization.k8s.io", "RoleBinding"}} {
		for _, o := range p.tree.Of(kind[0], kind[1]) {
			if o.Application == "external-secrets" {
				p.make(o)
			}
		}
	}
}

// stores makes the platform's store and ExternalSecrets. What is refreshed each hour
// there is refreshed each two seconds here.
func (p *proof) stores() {
	p.make(p.tree.Of("external-secrets.io", "ClusterSecretStore")...)
	for _, o := range p.wanted() {
		o.Fields["spec"].(map[string]any)["refreshInterval"] = "2s"
		p.make(o)
	}
}

func (p *proof) check(id, title, subject string, controls ...string) check.Check {
	return check.Check{ID: "external-secrets." + id, Title: title, Subject: subject, Controls: controls, Next: "the run's folder has the log of external-secrets"}
}

// until waits for every wanted Secret to have what is declared.
func (p *proof) until(what string) error {
	return controllers.Until(p.t.Context(), within, what, func(ctx context.Context) (bool, string) {
		var wrong []string
		for _, o := range p.wanted() {
			name, _ := o.Fills()
			if differs := gitops.Delivered(p.declared(o), p.secret(ctx, o.Namespace, name)); differs != "" {
				_, why := p.failure(ctx, o)
				wrong = append(wrong, fmt.Sprintf("the Secret of %s: %s; %s", o.ID(), differs, why))
			}
		}
		return wrong == nil, strings.Join(wrong, "\n            ")
	})
}

// synced waits for all Secrets, and looks at who asked for them.
func (p *proof) synced(role string) bool {
	c := p.check("synced", "Every ExternalSecret of the platform becomes the Secret that it declares", "gitops/addons/external-secrets", "CC6.1", "C1.1")
	expected := fmt.Sprintf("%d Secrets with the declared keys and values", len(p.wanted()))
	started := time.Now()
	if err := p.until("the Secrets are there"); err != nil {
		p.checks.Err(c, expected, err)
		return false
	}
	p.checks.That(c, len(p.wanted()) == 5, expected, fmt.Sprintf("%d Secrets as declared after %.1f s", len(p.wanted()), time.Since(started).Seconds()))

	c = p.check("own-role", "The values are read by the role of the store's own service account, and by nobody else", "terraform/platform/addons.tf", "CC6.1", "CC6.3")
	trail, err := os.Open(p.trail)
	require.NoError(p.t, err)
	defer trail.Close()
	records, err := engine.ReadTrail(trail)
	if err != nil {
		p.checks.Err(c, role, err)
		return true
	}
	by := engine.Users(records, "secretsmanager:GetSecretValue")
	p.checks.That(c, engine.UsedByAlone(by, role, len(p.wanted())), "all reads by "+role, fmt.Sprintf("reads by role: %v", by))
	return true
}

// rotated gives a secret a new value.
func (p *proof) rotated(name string) {
	c := p.check("rotated", "A value that is rotated in AWS arrives in the Secret", "gitops/addons/external-secrets", "CC6.1", "C1.1")
	p.values[name]["password"] = "second password"
	_, err := p.secrets().PutSecretValue(p.t.Context(), &secretsmanager.PutSecretValueInput{SecretId: &name, SecretString: aws.String(text(p.t, p.values[name]))})
	require.NoError(p.t, err)
	started := time.Now()
	if err := p.until("the new value is there"); err != nil {
		p.checks.Err(c, "the new password in rds-credentials", err)
		return
	}
	got := p.secret(p.t.Context(), "fintrack", "rds-credentials")["password"]
	p.checks.That(c, got == "second password", "the new password in rds-credentials", fmt.Sprintf("it is there, %.1f s after the rotation, by a refresh each 2 s", time.Since(started).Seconds()))
}

// copied is an ExternalSecret of the platform in another place.
func copied(o gitops.Object, namespace, name string, change func(spec map[string]any)) gitops.Object {
	spec := maps.Clone(o.Fields["spec"].(map[string]any))
	spec["target"] = map[string]any{"name": name}
	if change != nil {
		change(spec)
	}
	return gitops.Object{Namespace: namespace, Fields: map[string]any{
		"apiVersion": o.Text("apiVersion"), "kind": o.Kind(), "metadata": map[string]any{"name": name, "namespace": namespace}, "spec": spec,
	}}
}

// refused makes an ExternalSecret that must fail for a reason, and give no Secret.
func (p *proof) refused(c check.Check, o gitops.Object, reasons ...string) {
	p.make(o)
	var why string
	err := controllers.Until(p.t.Context(), within, o.ID()+" fails", func(ctx context.Context) (bool, string) {
		var condition string
		condition, why = p.failure(ctx, o)
		return gitops.FailedFor(condition, why, reasons...), why
	})
	if err != nil {
		p.checks.Err(c, strings.Join(reasons, ", "), err)
		return
	}
	name, _ := o.Fills()
	made := p.secret(p.t.Context(), o.Namespace, name)
	p.checks.That(c, made == nil, "no Secret, and the reason: "+strings.Join(reasons, ", "), fmt.Sprintf("keys of a Secret: %v; %s", slices.Sorted(maps.Keys(made)), why))
	require.NoError(p.t, p.objects.Delete(p.t.Context(), o))
}

// first is the ExternalSecret of that name.
func (p *proof) first(name string) gitops.Object {
	for _, o := range p.wanted() {
		if o.Name() == name {
			return o
		}
	}
	p.t.Fatalf("the platform has no ExternalSecret %s", name)
	return gitops.Object{}
}

// otherNamespace asks the store from a namespace that it does not name.
func (p *proof) otherNamespace() {
	c := p.check("other-namespace", "A namespace that the store does not name gets nothing of it", "gitops/addons/external-secrets/manifests/templates/store.yaml", "CC6.1", "CC6.3")
	p.refused(c, copied(p.first("rds-credentials"), "karpenter", "stolen", nil), `is not allowed from namespace "karpenter"`)
}

// otherAccount asks as another service account that claims the same role: first with the
// rights that the platform gives External Secrets, and then with one more, so that AWS is
// asked.
func (p *proof) otherAccount(role string) {
	const claims = "claims"
	p.make(gitops.Object{Namespace: "fintrack", Fields: map[string]any{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": map[string]any{
		"name": claims, "namespace": "fintrack", "annotations": map[string]any{"eks.amazonaws.com/role-arn": role},
	}}})
	c := p.check("other-token", "External Secrets can take no token of an account that is not its own", "gitops/addons/external-secrets/manifests/templates/controller-role.yaml", "CC6.1", "CC6.3")
	p.refused(c, p.claimed("without-right", claims), "serviceaccounts/token", "cannot create resource")

	c = p.check("other-account", "A store whose service account is not the role's gets no session by claiming the role", "modules/iam-irsa", "CC6.1", "CC6.3")
	p.mayTakeToken(claims)
	p.refused(c, p.claimed("with-right", claims), "AssumeRoleWithWebIdentity", "AccessDenied")
}

// claimed makes a store of fintrack that reads as that account, and gives an
// ExternalSecret by it.
func (p *proof) claimed(name, account string) gitops.Object {
	store := p.tree.Of("external-secrets.io", "ClusterSecretStore")[0]
	p.make(gitops.Object{Namespace: "fintrack", Fields: map[string]any{"apiVersion": store.Text("apiVersion"), "kind": "SecretStore", "metadata": map[string]any{"name": name, "namespace": "fintrack"},
		"spec": map[string]any{"provider": map[string]any{"aws": map[string]any{"service": "SecretsManager", "region": store.Text("spec", "provider", "aws", "region"),
			"auth": map[string]any{"jwt": map[string]any{"serviceAccountRef": map[string]any{"name": account}}}}}}}})
	return copied(p.first("rds-credentials"), "fintrack", name, func(spec map[string]any) {
		spec["secretStoreRef"] = map[string]any{"kind": "SecretStore", "name": name}
	})
}

// mayTakeToken gives External Secrets what the platform does not: the right to take a
// token of an account of fintrack.
func (p *proof) mayTakeToken(of string) {
	metadata := map[string]any{"name": "takes-a-token", "namespace": "fintrack"}
	p.make(gitops.Object{Namespace: "fintrack", Fields: map[string]any{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": metadata,
		"rules": []any{map[string]any{"apiGroups": []any{""}, "resources": []any{"serviceaccounts/token"}, "resourceNames": []any{of}, "verbs": []any{"create"}}}}},
		gitops.Object{Namespace: "fintrack", Fields: map[string]any{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": metadata,
			"roleRef":  map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "takes-a-token"},
			"subjects": []any{map[string]any{"kind": "ServiceAccount", "namespace": namespace, "name": account}}}})
}

// kept changes something so that an ExternalSecret must fail, looks at the Secret, and
// changes it back.
func (p *proof) kept(c check.Check, o gitops.Object, spoil, mend func(), reasons ...string) {
	name, _ := o.Fills()
	before := p.secret(p.t.Context(), o.Namespace, name)
	spoil()
	var why string
	err := controllers.Until(p.t.Context(), within, o.ID()+" fails", func(ctx context.Context) (bool, string) {
		var condition string
		condition, why = p.failure(ctx, o)
		return gitops.FailedFor(condition, why, reasons...), why
	})
	time.Sleep(3 * time.Second) // more than a refresh: what would be taken away is gone then
	after := p.secret(p.t.Context(), o.Namespace, name)
	mend()
	if err == nil {
		err = controllers.Until(p.t.Context(), within, o.ID()+" is ready again", func(ctx context.Context) (bool, string) {
			now, err := p.objects.Get(ctx, o)
			return err == nil && controllers.Condition(now, "Ready") == "True", fmt.Sprint(err)
		})
	}
	if err != nil {
		p.checks.Err(c, strings.Join(reasons, ", "), err)
		return
	}
	p.checks.That(c, gitops.Stayed(before, after), "a failed condition with the reason, and the Secret as it was", fmt.Sprintf("as it was: %t, with %d keys; %s", maps.Equal(before, after), len(after), why))
}

// missing asks for a property that the secret does not have.
func (p *proof) missing() {
	c := p.check("missing-property", "A property that is not there fails with its name, and the last good Secret stays", "gitops/addons/external-secrets", "CC6.1", "A1.2")
	o := p.first("redis-config")
	set := func(property string) func() {
		return func() {
			require.NoError(p.t, p.objects.Change(p.t.Context(), within, o, func(fields map[string]any) {
				data := fields["spec"].(map[string]any)["data"].([]any)
				data[0].(map[string]any)["remoteRef"].(map[string]any)["property"] = property
			}))
		}
	}
	_, keys := o.Fills()
	p.kept(c, o, set("no-such-property"), set(keys[0].Property), "no-such-property")
}

// revoked takes the policy from the role.
func (p *proof) revoked() {
	c := p.check("revoked", "A grant that is taken away fails with AWS's reason, and the last good Secret stays", "terraform/platform/addons.tf", "CC6.3", "A1.2")
	p.kept(c, p.first("rds-credentials"), p.revoke, p.grant, "AccessDenied", "secretsmanager:GetSecretValue")
}
