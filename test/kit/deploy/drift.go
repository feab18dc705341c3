package deploy

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// Drift lists what a plan would change, a line for each attribute: the address,
// the action, and the values before and after.
func Drift(plan *tfjson.Plan) []string {
	var out []string
	for _, rc := range plan.ResourceChanges {
		if rc.Change == nil || rc.Change.Actions.NoOp() || rc.Change.Actions.Read() {
			continue
		}
		action := actionWords(rc.Change.Actions)
		lines := differences("", rc.Change.Before, rc.Change.After, rc.Change.AfterUnknown)
		if len(lines) == 0 || !rc.Change.Actions.Update() && !rc.Change.Actions.Replace() {
			lines = []string{""}
		}
		for _, l := range lines {
			out = append(out, strings.TrimRight(fmt.Sprintf("%s (%s) %s", rc.Address, action, l), " "))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(plan.OutputChanges)) {
		if c := plan.OutputChanges[name]; !c.Actions.NoOp() {
			out = append(out, fmt.Sprintf("output.%s (%s)", name, actionWords(c.Actions)))
		}
	}
	return out
}

func actionWords(a tfjson.Actions) string {
	words := make([]string, len(a))
	for i, x := range a {
		words[i] = string(x)
	}
	return strings.Join(words, "/")
}

func differences(path string, before, after, unknown any) []string {
	if u, ok := unknown.(bool); ok && u {
		return []string{fmt.Sprintf("%s: %s → (known after apply)", path, short(before))}
	}
	b, bIsMap := before.(map[string]any)
	a, aIsMap := after.(map[string]any)
	u, _ := unknown.(map[string]any)
	if bIsMap && aIsMap {
		keys := map[string]bool{}
		for _, m := range []map[string]any{b, a, u} {
			for k := range m {
				keys[k] = true
			}
		}
		var out []string
		for _, k := range slices.Sorted(maps.Keys(keys)) {
			out = append(out, differences(strings.TrimPrefix(path+"."+k, "."), b[k], a[k], u[k])...)
		}
		return out
	}
	bl, bIsList := before.([]any)
	al, aIsList := after.([]any)
	if bIsList && aIsList && len(bl) == len(al) {
		ul, _ := unknown.([]any)
		var out []string
		for i := range bl {
			var ui any
			if i < len(ul) {
				ui = ul[i]
			}
			out = append(out, differences(fmt.Sprintf("%s[%d]", path, i), bl[i], al[i], ui)...)
		}
		return out
	}
	if reflect.DeepEqual(before, after) {
		return nil
	}
	return []string{fmt.Sprintf("%s: %s → %s", path, short(before), short(after))}
}

func short(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	const most = 200
	if len(b) > most {
		return string(b[:most]) + "…"
	}
	return string(b)
}
