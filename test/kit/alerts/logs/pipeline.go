package logs

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// settings are those of the plugins which the pipeline knows. What only says where
// from, where to, how often and how much does not change a record.
var settings = map[string][]string{
	"input tail":        {"path", "exclude_path", "tag", "multiline.parser", "db", "mem_buf_limit", "skip_long_lines", "storage.type"},
	"filter multiline":  {"match", "multiline.key_content", "multiline.parser"},
	"filter kubernetes": {"match", "merge_log", "merge_log_key", "keep_log", "k8s-logging.parser", "k8s-logging.exclude", "labels", "annotations"},
	"filter lua":        {"match", "script", "call"},
	"output loki":       {"match", "host", "port", "labels", "remove_keys", "drop_single_key", "line_format", "retry_limit", "storage.total_limit_size"},
}

// Config is the part of the chart's values that makes the pipeline.
type Config struct{ Service, Inputs, Filters, Outputs, CustomParsers string }

// Pipeline does to container logs what Fluent Bit does by its configuration: one
// tail input, the filters in their order, one Loki output.
type Pipeline struct {
	filters []Section
	output  Section
	labels  [][2]string
	parsers map[string]*MultilineParser
	// scripts are the Lua scripts by the path where they are mounted.
	scripts map[string]string
}

// Pod is what Kubernetes knows of the container that wrote a log.
type Pod struct {
	Namespace string            `json:"namespace"`
	Name      string            `json:"name"`
	Container string            `json:"container"`
	Labels    map[string]string `json:"labels"`
}

// Stream is a line as it goes to Loki: its labels, its time and its text.
type Stream struct {
	Labels map[string]string
	Time   time.Time
	Line   string
}

// NewPipeline reads the configuration; what it does not know is an error that names
// the line. scripts are the Lua scripts by the path that the configuration gives.
func NewPipeline(file string, c Config, scripts map[string]string) (*Pipeline, error) {
	p := &Pipeline{parsers: map[string]*MultilineParser{}, scripts: scripts}
	parsers, err := ParseMultiline(file+", customParsers", c.CustomParsers)
	if err != nil {
		return nil, err
	}
	for _, m := range parsers {
		p.parsers[m.Name] = m
	}
	inputs, err1 := ParseConfig(file+", inputs", c.Inputs, settings)
	filters, err2 := ParseConfig(file+", filters", c.Filters, settings)
	outputs, err3 := ParseConfig(file+", outputs", c.Outputs, settings)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	if len(inputs) != 1 || len(outputs) != 1 {
		return nil, fmt.Errorf("%s: %d inputs and %d outputs: want one of each", file, len(inputs), len(outputs))
	}
	if parser := inputs[0].Value["multiline.parser"]; parser != "cri" {
		return nil, fmt.Errorf("%s, inputs: line %d: multiline.parser %q: containerd writes in the format of cri", file, inputs[0].Line, parser)
	}
	p.filters, p.output = filters, outputs[0]
	return p, p.check(file)
}

func (p *Pipeline) check(file string) error {
	for _, f := range p.filters {
		at := fmt.Sprintf("%s, filters: line %d", file, f.Line)
		switch f.Value["name"] {
		case "multiline":
			if name := f.Value["multiline.parser"]; p.parsers[name] == nil {
				return fmt.Errorf("%s: no multiline parser %q in customParsers, which has %s", at, name, strings.Join(keys(p.parsers), ", "))
			}
		case "lua":
			if path := f.Value["script"]; p.scripts[path] == "" {
				return fmt.Errorf("%s: no script %q is mounted; mounted are %s", at, path, strings.Join(keys(p.scripts), ", "))
			}
		}
	}
	at := fmt.Sprintf("%s, outputs: line %d", file, p.output.Line)
	if format := p.output.Value["line_format"]; format != "json" {
		return fmt.Errorf("%s: line_format %q: want json", at, format)
	}
	for _, l := range list(p.output.Value["labels"]) {
		name, value, ok := strings.Cut(l, "=")
		if !ok {
			return fmt.Errorf("%s: label %q: want NAME=VALUE", at, l)
		}
		p.labels = append(p.labels, [2]string{strings.TrimSpace(name), strings.TrimSpace(value)})
	}
	return nil
}

// Ship takes the lines of one container's log file and returns what goes to Loki.
func (p *Pipeline) Ship(pod Pod, lines []string) ([]Stream, error) {
	records, err := readCRI(lines)
	if err != nil {
		return nil, err
	}
	for _, f := range p.filters {
		switch f.Value["name"] {
		case "multiline":
			records = p.parsers[f.Value["multiline.parser"]].join(records, f.Value["multiline.key_content"])
		case "kubernetes":
			for _, r := range records {
				kubernetes(f, pod, r.fields)
			}
		case "lua":
			script, err := loadScript(p.scripts[f.Value["script"]], f.Value["call"])
			if err != nil {
				return nil, err
			}
			for i := range records {
				if records[i].fields, err = script.call(records[i].fields); err != nil {
					script.close()
					return nil, err
				}
			}
			script.close()
		}
	}
	var out []Stream
	for _, r := range records {
		s := Stream{Labels: p.labelsOf(r.fields), Time: r.at}
		if s.Line, err = p.line(r.fields); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

type record struct {
	at     time.Time
	fields map[string]any
}

// cri is how containerd writes a line: time, stream, P for a part or F for the
// last of a line, text. Fluent Bit keeps all four in the record.
var cri = regexp.MustCompile(`^(.+?) (stdout|stderr) (F|P) (.*)$`)

// readCRI puts the parts of long lines together, for each stream by itself.
func readCRI(lines []string) ([]record, error) {
	var out []record
	parts := map[string]string{}
	for i, l := range lines {
		m := cri.FindStringSubmatch(l)
		if m == nil {
			return nil, fmt.Errorf("line %d: %q is not TIME stdout|stderr F|P TEXT", i+1, l)
		}
		at, err := time.Parse(time.RFC3339Nano, m[1])
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		parts[m[2]] += m[4]
		if m[3] == "P" {
			continue
		}
		out = append(out, record{at, map[string]any{"time": m[1], "stream": m[2], "_p": m[3], "log": parts[m[2]]}})
		parts[m[2]] = ""
	}
	return out, nil
}

// join makes one record of those whose texts belong together; the first one's time
// and other fields stand.
func (p *MultilineParser) join(records []record, key string) []record {
	var out []record
	state := ""
	for _, r := range records {
		text, _ := r.fields[key].(string)
		if next, ok := p.step(state, text); ok && state != "" {
			last := out[len(out)-1].fields
			last[key] = last[key].(string) + "\n" + text
			state = next
			continue
		}
		out = append(out, r)
		state, _ = p.step("start_state", text)
	}
	return out
}

// kubernetes adds what is known of the pod, and reads a JSON object in the log.
func kubernetes(f Section, pod Pod, fields map[string]any) {
	about := map[string]any{"namespace_name": pod.Namespace, "pod_name": pod.Name, "container_name": pod.Container}
	if v, given := f.Value["labels"]; !given || on(v) {
		labels := map[string]any{}
		for k, v := range pod.Labels {
			labels[k] = v
		}
		about["labels"] = labels
	}
	fields["kubernetes"] = about
	log, _ := fields["log"].(string)
	var object map[string]any
	if !on(f.Value["merge_log"]) || json.Unmarshal([]byte(log), &object) != nil {
		return
	}
	if key := f.Value["merge_log_key"]; key != "" {
		fields[key] = object
	} else {
		for k, v := range object {
			fields[k] = v
		}
	}
	if v, given := f.Value["keep_log"]; given && !on(v) {
		delete(fields, "log")
	}
}

// line writes a record as the Loki output does (Fluent Bit manual, "Loki"): without
// the keys to remove; where one is left and drop_single_key is on, its value alone,
// as JSON, and as it is where drop_single_key is raw.
func (p *Pipeline) line(fields map[string]any) (string, error) {
	for _, k := range list(p.output.Value["remove_keys"]) {
		delete(fields, strings.TrimPrefix(k, "$"))
	}
	var value any = fields
	drop := p.output.Value["drop_single_key"]
	raw := strings.EqualFold(drop, "raw")
	if len(fields) == 1 && (raw || on(drop)) {
		for _, v := range fields {
			if text, ok := v.(string); ok && raw {
				return text, nil
			}
			value = v
		}
	}
	text, err := json.Marshal(value)
	return string(text), err
}

// labelsOf resolves the labels: a fixed value, or a path into the record such as
// $kubernetes['labels']['app']. A label without a value is left out.
func (p *Pipeline) labelsOf(fields map[string]any) map[string]string {
	out := map[string]string{}
	for _, l := range p.labels {
		path, isPath := strings.CutPrefix(l[1], "$")
		if !isPath {
			out[l[0]] = l[1]
			continue
		}
		if v := valueAt(fields, path); v != "" {
			out[l[0]] = v
		}
	}
	return out
}

var pathStep = regexp.MustCompile(`^\['([^']+)'\]`)

// valueAt follows a path such as kubernetes['labels']['app'] to a text.
func valueAt(fields map[string]any, path string) string {
	name, rest, _ := strings.Cut(path, "[")
	value := fields[name]
	if rest != "" {
		rest = "[" + rest
	}
	for rest != "" {
		m := pathStep.FindStringSubmatch(rest)
		inner, ok := value.(map[string]any)
		if m == nil || !ok {
			return ""
		}
		value, rest = inner[m[1]], rest[len(m[0]):]
	}
	text, _ := value.(string)
	return text
}
