package gitops_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/fintrack/platform/test/kit/controllers"
	"github.com/fintrack/platform/test/kit/gitops"
	"github.com/fintrack/platform/test/kit/gitops/argocd"
	"github.com/stretchr/testify/require"
)

// service is the one that commits change here; its files are below this folder.
const (
	service = "auth-service"
	folder  = "gitops/services/" + service + "/"
)

// one is the object of that kind and name that an Application renders to.
func (p *proof) one(group, kind, name string) gitops.Object {
	p.t.Helper()
	for _, o := range p.tree.Of(group, kind) {
		if o.Name() == name {
			return o
		}
	}
	p.t.Fatalf("the tree has no %s/%s %s", group, kind, name)
	return gitops.Object{}
}

// container is the first one of a Deployment.
func container(deployment gitops.Object) map[string]any {
	containers, _ := deployment.At("spec", "template", "spec", "containers").([]any)
	return containers[0].(map[string]any)
}

// healed changes objects by hand and waits for them to be as Git says.
func (p *proof) healed() {
	deployment, policy := p.one("apps", "Deployment", service), p.one("networking.k8s.io", "NetworkPolicy", "default-deny")
	image := fmt.Sprint(container(deployment)["image"])
	c := p.check("healed", "What is changed or deleted by hand comes back as Git says", "gitops/apps", "CC8.1", "CC7.1")
	changed := time.Now()
	require.NoError(p.t, p.objects.Change(p.t.Context(), within, deployment, func(fields map[string]any) {
		container(gitops.Object{Fields: fields})["image"] = strings.Replace(image, ":", ":by-hand-", 1)
	}))
	require.NoError(p.t, p.objects.Delete(p.t.Context(), policy))
	took := map[string]time.Duration{}
	err := controllers.Until(p.t.Context(), within, "drift is healed", func(ctx context.Context) (bool, string) {
		now, err := p.objects.Get(ctx, deployment)
		if err != nil {
			return false, err.Error()
		}
		if got := fmt.Sprint(container(now)["image"]); got == image && took["the image"] == 0 {
			took["the image"] = time.Since(changed).Round(100 * time.Millisecond)
		}
		if _, err = p.objects.Get(ctx, policy); err == nil && took["the NetworkPolicy"] == 0 {
			took["the NetworkPolicy"] = time.Since(changed).Round(100 * time.Millisecond)
		}
		return len(took) == 2, fmt.Sprintf("back are %v: %v", took, err)
	})
	if err == nil {
		err = p.until("all are good again", func(all map[string]argocd.Status) []string { return p.bad(all, "") })
	}
	if err != nil {
		p.checks.Err(c, "the image and the NetworkPolicy as in Git", err)
		return
	}
	p.checks.That(c, len(took) == 2, "an image that was changed and a NetworkPolicy that was deleted are as in Git", fmt.Sprintf("back after %v", took))
}

// pruned removes a file.
func (p *proof) pruned() {
	const file, application = "policies/network/monitoring/allow-logs.yaml", "network-policies"
	c := p.check("pruned", "An object whose file is removed from Git is removed from the cluster, and no other", "gitops/apps", "CC8.1")
	gone := p.one("networking.k8s.io", "NetworkPolicy", "allow-logs")
	before := p.policies()
	require.NoError(p.t, p.repository.Remove(file))
	revision := p.commit("platform", "Remove a policy")
	err := p.until("the policy is pruned", func(all map[string]argocd.Status) []string { return p.bad(all, revision) })
	if err != nil {
		p.checks.Err(c, "the object is gone", err)
		return
	}
	_, err = p.objects.Get(p.t.Context(), gone)
	after := p.policies()
	p.checks.That(c, err != nil && strings.Contains(err.Error(), "404") && after == before-1, fmt.Sprintf("%s is gone, %d others stay", gone.ID(), before-1), fmt.Sprintf("asked for it: %v; %d policies stay", err, after))
}

// policies counts the NetworkPolicies of the cluster.
func (p *proof) policies() int {
	n := 0
	for _, o := range p.tree.Of("networking.k8s.io", "NetworkPolicy") {
		if _, err := p.objects.Get(p.t.Context(), o); err == nil {
			n++
		}
	}
	return n
}

// unrendered commits values that the chart's schema refuses.
func (p *proof) unrendered() {
	c := p.check("unrendered", "A commit whose chart cannot be rendered stops its own Application alone, and its pods stay", "gitops/charts/fintrack-service-chart", "CC8.1", "A1.2")
	require.NoError(p.t, p.repository.Replace(folder+"values.yaml", "maxReplicas: 8", "maxReplicas: many"))
	revision := p.commit("platform", "Break the values")
	var said string
	err := p.until("the values are refused", func(all map[string]argocd.Status) []string {
		waits := p.bad(all, revision, service)
		if said = all[service].String(); !strings.Contains(said, "ComparisonError") || !strings.Contains(said, "maxReplicas") {
			waits = append(waits, said)
		}
		return waits
	})
	ready := p.pods("")[service]
	require.NoError(p.t, p.repository.Replace(folder+"values.yaml", "maxReplicas: many", "maxReplicas: 8"))
	mended := p.commit("platform", "Mend the values")
	if err == nil {
		err = p.until("the values are mended", func(all map[string]argocd.Status) []string { return p.bad(all, mended) })
	}
	if err != nil {
		p.checks.Err(c, "an error that names the value, all others good", err)
		return
	}
	want := p.least()[service]
	p.checks.That(c, ready == want, fmt.Sprintf("an error that names the value, all others good, %d ready pods", want), fmt.Sprintf("%d ready pods; %s", ready, said))
}

// refused commits an object that only the API server refuses, and mends it while the
// sync is tried again.
func (p *proof) refused() {
	c := p.check("refused", "A commit that the API server refuses fails its own Application alone, and its pods stay", "gitops/apps", "CC8.1", "A1.2")
	require.NoError(p.t, p.repository.Replace(folder+"values.yaml", "requests: {cpu: 200m, memory: 256Mi}", "requests: {cpu: 200m, memory: 768Mi}"))
	bad := p.commit("platform", "Ask for more than the limit")
	var failed argocd.Status
	err := p.until("the sync fails", func(all map[string]argocd.Status) []string {
		waits := p.bad(all, bad, service)
		failed = all[service]
		if failed.Operation.Retries != 1 || !strings.Contains(failed.Operation.Message, "Retrying attempt #1") || !strings.Contains(failed.Operation.Message, "must be less than or equal to memory limit") {
			waits = append(waits, failed.String())
		}
		return waits
	})
	ready, want := p.pods("")[service], p.least()[service]
	if err != nil {
		p.checks.Err(c, "a failed sync that says why, all others good", err)
	} else {
		p.checks.That(c, ready == want && failed.Sync == "OutOfSync", fmt.Sprintf("%s is OutOfSync, all others good, %d ready pods", service, want), fmt.Sprintf("%d ready pods; %s", ready, failed))
	}
	require.NoError(p.t, p.repository.Replace(folder+"values.yaml", "requests: {cpu: 200m, memory: 768Mi}", "requests: {cpu: 200m, memory: 256Mi}"))
	mended := p.commit("platform", "Ask for less than the limit")
	if err == nil {
		p.retried(failed, mended)
	}
}

// retried waits for the next try, which takes the commit that mends.
func (p *proof) retried(failed argocd.Status, mended string) {
	c := p.check("retried", "A failed sync is tried again after the declared pause, with the newest commit", "gitops/apps/templates/_helpers.tpl", "CC8.1", "A1.2")
	declared, err := time.ParseDuration(p.one("argoproj.io", "Application", service).Text("spec", "syncPolicy", "retry", "backoff", "duration"))
	require.NoError(p.t, err)
	var now argocd.Status
	err = p.until("the next try succeeds", func(all map[string]argocd.Status) []string {
		now = all[service]
		return p.bad(all, mended)
	})
	expected := fmt.Sprintf("the second try, %s or more after the first, succeeds with the newest commit", declared)
	if err != nil {
		p.checks.Err(c, expected, err)
		return
	}
	wrong := argocd.Retried(failed.Operation, now.Operation, declared)
	observed := wrong
	if wrong == "" {
		observed = fmt.Sprintf("tried again %s after the first: %s", now.Operation.Finished.Sub(failed.Operation.Finished), now.Operation.Message)
	}
	p.checks.That(c, wrong == "", expected, observed)
}
