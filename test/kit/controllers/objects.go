// Package controllers puts objects into a cluster of the sandbox, and runs the
// programs of controllers beside it as processes.
package controllers

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fintrack/platform/test/kit/gitops"
	"github.com/fintrack/platform/test/kit/sandbox/cluster"
)

// Objects are the objects of a cluster.
type Objects struct {
	api *cluster.Cluster

	mu    sync.Mutex
	kinds map[string]resource // by apiVersion and kind
}

type resource struct {
	Name       string `json:"name"`
	Kind       string `json:"kind"`
	Namespaced bool   `json:"namespaced"`
	Verbs      []string
}

// In returns the objects of a cluster.
func In(c *cluster.Cluster) *Objects { return &Objects{api: c, kinds: map[string]resource{}} }

// groupPath is where the API serves a group and version.
func groupPath(apiVersion string) string {
	if !strings.Contains(apiVersion, "/") {
		return "/api/" + apiVersion
	}
	return "/apis/" + apiVersion
}

// find asks the API server how it calls a kind.
func (o *Objects) find(ctx context.Context, apiVersion, kind string) (resource, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	key := apiVersion + " " + kind
	if r, ok := o.kinds[key]; ok {
		return r, nil
	}
	var list struct{ Resources []resource }
	if err := o.api.Do(ctx, http.MethodGet, groupPath(apiVersion), nil, &list); err != nil {
		return resource{}, fmt.Errorf("the API server has no %s: %w", apiVersion, err)
	}
	for _, r := range list.Resources {
		if !strings.Contains(r.Name, "/") {
			o.kinds[apiVersion+" "+r.Kind] = r
		}
	}
	r, ok := o.kinds[key]
	if !ok {
		return r, fmt.Errorf("the API server has no kind %s in %s", kind, apiVersion)
	}
	return r, nil
}

// path is that of the collection that an object belongs to.
func (o *Objects) path(ctx context.Context, x gitops.Object) (string, error) {
	r, err := o.find(ctx, x.Text("apiVersion"), x.Kind())
	if err != nil {
		return "", err
	}
	p := groupPath(x.Text("apiVersion"))
	if r.Namespaced {
		namespace := x.Namespace
		if namespace == "" {
			namespace = "default"
		}
		p += "/namespaces/" + namespace
	}
	return p + "/" + r.Name, nil
}

// Try asks whether the API server would take an object, as a new one or in the place of
// the one of that name: every check of admission is made, and nothing is kept.
func (o *Objects) Try(ctx context.Context, x gitops.Object) error {
	return o.put(ctx, x, "?dryRun=All&fieldValidation=Strict")
}

// Apply makes an object, or puts it in the place of the one of that name.
func (o *Objects) Apply(ctx context.Context, x gitops.Object) error { return o.put(ctx, x, "") }

func (o *Objects) put(ctx context.Context, x gitops.Object, query string) error {
	p, err := o.path(ctx, x)
	if err != nil {
		return err
	}
	err = o.api.Do(ctx, http.MethodPost, p+query, x.Fields, nil)
	var refused *cluster.StatusError
	if !errors.As(err, &refused) || refused.Reason != "AlreadyExists" {
		return err
	}
	now, err := o.Get(ctx, x)
	if err != nil {
		return err
	}
	metadata := maps.Clone(x.Fields["metadata"].(map[string]any))
	metadata["resourceVersion"] = now.Text("metadata", "resourceVersion")
	fields := maps.Clone(x.Fields)
	fields["metadata"] = metadata
	return o.api.Do(ctx, http.MethodPut, p+"/"+x.Name()+query, fields, nil)
}

// Make applies objects one after another. It asks again until each is taken, within a
// time each: a kind may not be served yet, or the API server be busy.
func (o *Objects) Make(ctx context.Context, within time.Duration, objects ...gitops.Object) error {
	for _, x := range objects {
		err := Until(ctx, within, fmt.Sprintf("make %s, declared at %s", x.ID(), x.Origin), func(ctx context.Context) (bool, string) {
			err := o.Apply(ctx, x)
			return err == nil, fmt.Sprint(err)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Get reads the object of that kind, namespace and name as it is in the cluster.
func (o *Objects) Get(ctx context.Context, x gitops.Object) (gitops.Object, error) {
	p, err := o.path(ctx, x)
	if err != nil {
		return x, err
	}
	out := gitops.Object{Namespace: x.Namespace}
	return out, o.api.Do(ctx, http.MethodGet, p+"/"+x.Name(), nil, &out.Fields)
}

// Change changes an object of the cluster as it is there now. It asks again when another
// has changed it meanwhile, within a time.
func (o *Objects) Change(ctx context.Context, within time.Duration, x gitops.Object, change func(fields map[string]any)) error {
	return Until(ctx, within, "change "+x.ID(), func(ctx context.Context) (bool, string) {
		now, err := o.Get(ctx, x)
		if err != nil {
			return false, err.Error()
		}
		change(now.Fields)
		p, err := o.path(ctx, x)
		if err == nil {
			err = o.api.Do(ctx, http.MethodPut, p+"/"+x.Name(), now.Fields, nil)
		}
		return err == nil, fmt.Sprint(err)
	})
}

// Serve makes kinds and waits until the API server serves each, within a time each.
func (o *Objects) Serve(ctx context.Context, within time.Duration, crds ...gitops.Object) error {
	if err := o.Make(ctx, within, crds...); err != nil {
		return err
	}
	for _, crd := range crds {
		err := Until(ctx, within, crd.Name()+" is served", func(ctx context.Context) (bool, string) {
			now, err := o.Get(ctx, crd)
			if err != nil {
				return false, err.Error()
			}
			if Condition(now, "Established") != "True" {
				return false, "it is not established"
			}
			return o.discovered(ctx, now)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// discovered reports that the API server lists the kind in its discovery and its group
// in its OpenAPI documents, which both come after it is established: a controller that
// starts in between finds no such kind, and KWOK ends.
func (o *Objects) discovered(ctx context.Context, crd gitops.Object) (bool, string) {
	var documents struct {
		Paths map[string]any `json:"paths"`
	}
	if err := o.api.Do(ctx, http.MethodGet, "/openapi/v3", nil, &documents); err != nil {
		return false, err.Error()
	}
	versions, _ := crd.At("spec", "versions").([]any)
	for _, v := range versions {
		v, _ := v.(map[string]any)
		if v["served"] != true {
			continue
		}
		if _, err := o.find(ctx, crd.Text("spec", "group")+"/"+fmt.Sprint(v["name"]), crd.Text("spec", "names", "kind")); err != nil {
			return false, err.Error()
		}
		document := fmt.Sprintf("apis/%s/%v", crd.Text("spec", "group"), v["name"])
		if documents.Paths[document] == nil {
			return false, "the API server has no OpenAPI document " + document
		}
	}
	return true, ""
}

// Used are those of the CRDs whose kinds the objects have, or that are named, as
// "group/kind". All CRDs of the add-ons would only keep the API server busy.
func Used(crds, objects []gitops.Object, named ...string) []gitops.Object {
	used := map[string]bool{}
	for _, o := range objects {
		used[o.Group()+"/"+o.Kind()] = true
	}
	for _, n := range named {
		used[n] = true
	}
	byName := map[string]gitops.Object{}
	for _, o := range crds {
		if used[o.Text("spec", "group")+"/"+o.Text("spec", "names", "kind")] {
			byName[o.Name()] = o
		}
	}
	var out []gitops.Object
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		out = append(out, byName[name])
	}
	return out
}

// Condition is the status of a condition of an object: True, False, Unknown, or "" when
// there is none of that type.
func Condition(o gitops.Object, kind string) string {
	all, _ := o.At("status", "conditions").([]any)
	for _, c := range all {
		if c, ok := c.(map[string]any); ok && c["type"] == kind {
			return fmt.Sprint(c["status"])
		}
	}
	return ""
}

// Delete removes an object; that it is not there is no error.
func (o *Objects) Delete(ctx context.Context, x gitops.Object) error {
	p, err := o.path(ctx, x)
	if err != nil {
		return err
	}
	err = o.api.Do(ctx, http.MethodDelete, p+"/"+x.Name(), nil, nil)
	var refused *cluster.StatusError
	if errors.As(err, &refused) && refused.Code == http.StatusNotFound {
		return nil
	}
	return err
}

// pollEvery is the pause between two questions of Until.
const pollEvery = 100 * time.Millisecond

// Until asks until ok is true, within a time; the last word of why not is in the error
// then, but for what the end of the time itself cut off.
func Until(ctx context.Context, within time.Duration, what string, ok func(context.Context) (bool, string)) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	last := ""
	for {
		done, why := ok(ctx)
		if done {
			return nil
		}
		if ctx.Err() == nil || last == "" {
			last = why
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: not within %s: %s", what, within, last)
		case <-time.After(pollEvery):
		}
	}
}
