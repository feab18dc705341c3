package pipelines

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// WaitStep is the step that waits until Argo CD has deployed an image.
const WaitStep = "backend.yml deployment/Wait for Argo CD"

// Cluster is a Kubernetes API with Argo CD's Applications in it. The step asks it by
// kubectl, which is not on every machine: a stand-in answers its two calls by curl.
type Cluster struct {
	// Server is the API's URL, without a path.
	Server string
	// Token is a bearer token; CA, Certificate and Key are files in PEM. Each may be
	// empty.
	Token, CA, Certificate, Key string
}

// Patience is how often the step looks, and how long it waits in between; whole seconds.
type Patience struct {
	Tries int
	Pause time.Duration
}

// kubectl answers
//
//	kubectl --namespace argocd get applications.argoproj.io NAME --output json
//	kubectl --namespace fintrack get pods --selector SELECTOR --output json
//
// and refuses everything else. What the API refuses is an error in its words, as kubectl's.
const kubectl = `#!/bin/bash
set -euo pipefail
ask() {
  local path=$1 answer code
  shift
  answer=$RUNNER_TEMP/answer-$$
  code=$(curl --silent --show-error --config '%[1]s' --output "$answer" --write-out '%%{http_code}' "$@" "%[2]s$path")
  [[ $code == 2* ]] || { echo "Error from server ($code): $(jq -r '.message? // empty' "$answer")" >&2; exit 1; }
  exec cat "$answer"
}
case "$# $*" in
'7 --namespace argocd get applications.argoproj.io '*' --output json') ask "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/$5" ;;
'8 --namespace fintrack get pods --selector '*' --output json') ask /api/v1/namespaces/fintrack/pods --get --data-urlencode "labelSelector=$6" ;;
*)
  echo "kubectl $*: the step asks for something else" >&2
  exit 64
  ;;
esac
`

// WaitForArgoCD runs the workflow's own step against a cluster: it ends with exit code 0
// when the Application of the service is synced, healthy and of the image
// <any registry>/<service>:<tag>. The programs bash, curl and jq must be here.
func WaitForArgoCD(ctx context.Context, ws []Workflow, c Cluster, service, tag string, p Patience) (Outcome, error) {
	step, err := FindStep(ws, WaitStep)
	if err != nil {
		return Outcome{}, err
	}
	dir, err := os.MkdirTemp("", "argocd-*")
	if err != nil {
		return Outcome{}, err
	}
	defer os.RemoveAll(dir)
	var config strings.Builder
	for option, value := range map[string]string{"cacert": c.CA, "cert": c.Certificate, "key": c.Key} {
		if value != "" {
			fmt.Fprintf(&config, "%s = %q\n", option, value)
		}
	}
	if c.Token != "" { // in a file: a command line can be read by others
		fmt.Fprintf(&config, "header = %q\n", "Authorization: Bearer "+c.Token)
	}
	options := filepath.Join(dir, "curl")
	programs := filepath.Join(dir, "programs")
	for _, f := range []struct {
		name, text string
		mode       os.FileMode
	}{
		{options, config.String(), 0o600},
		{filepath.Join(programs, "kubectl"), fmt.Sprintf(kubectl, options, c.Server), 0o700},
	} {
		if err := os.MkdirAll(filepath.Dir(f.name), 0o700); err != nil {
			return Outcome{}, err
		}
		if err := os.WriteFile(f.name, []byte(f.text), f.mode); err != nil {
			return Outcome{}, err
		}
	}
	return Run(ctx, step, Place{Dir: dir, Temp: dir, Programs: programs, Env: map[string]string{
		"SERVICE": service, "TAG": tag, "TRIES": strconv.Itoa(p.Tries), "PAUSE": strconv.Itoa(int(p.Pause.Seconds())),
	}})
}
