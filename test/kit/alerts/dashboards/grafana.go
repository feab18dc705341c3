package dashboards

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Panels of a row share the 24 columns of Grafana's grid.
const (
	gridColumns = 24
	panelHeight = 8
)

type object = map[string]any

// JSON is the dashboard as Grafana takes it: sorted keys, no ids, so that two
// builds of one definition are equal and a dashboard can be loaded anywhere.
func (d *Definition) JSON() ([]byte, error) {
	var panels []any
	y := 0
	all := d.Panels()
	for _, r := range d.Rows {
		panels = append(panels, object{"type": "row", "title": r.Title, "collapsed": false, "panels": []any{}, "gridPos": object{"x": 0, "y": y, "w": gridColumns, "h": 1}})
		y++
		width := gridColumns / len(r.Panels)
		for i := range r.Panels {
			panels = append(panels, all[0].grafana(object{"x": i * width, "y": y, "w": width, "h": panelHeight}))
			all = all[1:]
		}
		y += panelHeight
	}
	var variables []any
	for _, v := range d.Variables {
		variables = append(variables, v.grafana())
	}
	for _, name := range d.Texts {
		variables = append(variables, object{"type": "textbox", "name": name, "label": name, "query": "", "current": object{"text": "", "value": ""}})
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(object{
		"uid": d.UID, "title": d.Title, "description": d.About, "tags": []string{"fintrack"}, "editable": false, "schemaVersion": 39, "version": 1,
		"refresh": "30s", "timezone": "utc", "time": object{"from": "now-6h", "to": "now"}, "panels": panels, "templating": object{"list": append([]any{}, variables...)},
		"annotations": object{"list": []any{object{
			"name": "Alerts", "enable": true, "iconColor": "red", "datasource": source("prometheus"),
			"expr": `ALERTS{alertstate="firing", severity=~"critical|warning"}`, "titleFormat": "{{alertname}}",
		}}},
	})
	return buf.Bytes(), err
}

func source(kind string) object { return object{"type": kind, "uid": kind} }

func (p Panel) grafana(at object) object {
	var targets []any
	for i, q := range p.Queries {
		targets = append(targets, object{"refId": string(rune('A' + i)), "expr": q.Expr, "legendFormat": q.Legend, "datasource": source(p.Source)})
	}
	defaults := object{"unit": p.Unit, "custom": object{"fillOpacity": 8, "lineWidth": 1, "showPoints": "never", "thresholdsStyle": object{"mode": "off"}}}
	if p.Limit != nil {
		defaults["custom"].(object)["thresholdsStyle"] = object{"mode": "line"}
		defaults["thresholds"] = object{"mode": "absolute", "steps": []any{object{"color": "green", "value": nil}, object{"color": "red", "value": *p.Limit}}}
	}
	return object{"type": p.Kind, "title": p.Title, "gridPos": at, "datasource": source(p.Source), "targets": targets, "fieldConfig": object{"defaults": defaults, "overrides": []any{}}, "options": object{}}
}

func (v Variable) grafana() object {
	return object{
		"type": "query", "name": v.Name, "label": v.Name, "datasource": source("prometheus"), "definition": v.Query,
		"query": object{"query": v.Query, "refId": v.Name}, "refresh": 2, "sort": 1, "includeAll": !strings.HasPrefix(v.Name, "service"), "allValue": ".*",
	}
}

// Manifest is the ConfigMap that Grafana's sidecar loads.
func (d *Definition) Manifest() ([]byte, error) {
	text, err := d.JSON()
	if err != nil {
		return nil, fmt.Errorf("dashboard %s: %w", d.UID, err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `# Written by scripts/test-alerts --update from dashboards/%[1]s.yaml; change that file.
apiVersion: v1
kind: ConfigMap
metadata:
  name: dashboard-%[1]s
  namespace: monitoring
  labels: {grafana_dashboard: "1"}
  annotations: {grafana_folder: FinTrack}
data:
  %[1]s.json: |
`, d.UID)
	for line := range strings.Lines(string(text)) {
		b.WriteString("    " + line)
	}
	return b.Bytes(), nil
}
