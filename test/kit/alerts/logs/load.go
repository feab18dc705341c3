package logs

import (
	"fmt"
	"io/fs"

	"sigs.k8s.io/yaml"
)

// scriptsVolume is the volume of the chart's values in which the Lua scripts are.
const scriptsVolume = "lua"

// Scripts reads the Lua scripts of manifests/lua.yaml, by their names.
func Scripts(addOn fs.FS) (map[string]string, error) {
	var manifest struct{ Data map[string]string }
	if err := readYAML(addOn, "manifests/lua.yaml", &manifest); err != nil {
		return nil, err
	}
	return manifest.Data, nil
}

// Load reads the pipeline of gitops/addons/fluent-bit: the chart's values, and the
// scripts where the values mount them.
func Load(addOn fs.FS) (*Pipeline, error) {
	var values struct {
		Config            Config
		ExtraVolumeMounts []struct{ Name, MountPath string }
	}
	if err := readYAML(addOn, "values.yaml", &values); err != nil {
		return nil, err
	}
	scripts, err := Scripts(addOn)
	if err != nil {
		return nil, err
	}
	mounted := map[string]string{}
	for _, m := range values.ExtraVolumeMounts {
		for name, script := range scripts {
			if m.Name == scriptsVolume {
				mounted[m.MountPath+"/"+name] = script
			}
		}
	}
	return NewPipeline("values.yaml", values.Config, mounted)
}

func readYAML(addOn fs.FS, file string, into any) error {
	text, err := fs.ReadFile(addOn, file)
	if err != nil {
		return err
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}
