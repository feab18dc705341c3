package modules

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/fintrack/platform/test/kit/gitops"
)

// CRDs reads the CustomResourceDefinitions that the pins name. dirs are from Find.
func CRDs(pins []Pin, dirs map[string]string) ([]gitops.Object, error) {
	var out []gitops.Object
	for _, p := range pins {
		for _, pattern := range p.CRDs {
			files, err := filepath.Glob(filepath.Join(dirs[p.Module], pattern))
			if err != nil || len(files) == 0 {
				return nil, fmt.Errorf("%s %s: no file matches %s (%v)", p.Module, p.Version, pattern, err)
			}
			for _, file := range files {
				b, err := os.ReadFile(file)
				if err != nil {
					return nil, err
				}
				rel, err := filepath.Rel(dirs[p.Module], file)
				if err != nil {
					return nil, err
				}
				objects, err := gitops.Parse(p.Module+"/"+filepath.ToSlash(rel), b)
				if err != nil {
					return nil, err
				}
				out = append(out, objects...)
			}
		}
	}
	return out, nil
}
