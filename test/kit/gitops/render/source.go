package render

import (
	"fmt"
	"path"
	"strings"

	"github.com/fintrack/platform/test/kit/gitops"
)

// ReleaseName is the name of the release of a source that is a chart: the
// Application's where the source says none (Argo CD's documentation, "Helm", Helm
// Release Name).
func ReleaseName(a gitops.Application, s gitops.Source) string {
	if s.Helm.ReleaseName != "" {
		return s.Helm.ReleaseName
	}
	return a.Object.Name()
}

// ValueFiles are the value files of a source, from the repository's folder, the first
// one the weakest. One of another source ($ref/...) must be of our own repository
// (Argo CD's documentation, "Multiple Sources for an Application").
func ValueFiles(a gitops.Application, s gitops.Source, repository string) ([]string, error) {
	refs := map[string]string{}
	for _, other := range a.Sources {
		if other.Ref != "" {
			refs["$"+other.Ref] = other.RepoURL
		}
	}
	var out []string
	for _, file := range s.Helm.ValueFiles {
		at := path.Join(s.Path, file)
		if ref, rest, ok := strings.Cut(file, "/"); ok && strings.HasPrefix(ref, "$") {
			if refs[ref] != repository {
				return nil, fmt.Errorf("the value file %s: no source has ref: %s, or it is another repository", file, ref[1:])
			}
			at = rest
		}
		out = append(out, at)
	}
	return out, nil
}
