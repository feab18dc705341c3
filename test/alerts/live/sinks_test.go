package live_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// event is one message that reached a sink.
type event struct {
	at                time.Time
	to, action, title string
	text, key         string
	problem           string
}

// sinks speak the formats of PagerDuty's Events API v2 ("Send an Alert Event")
// and of Slack's incoming webhooks ("Sending messages using incoming webhooks").
type sinks struct {
	mu     sync.Mutex
	events []event
}

// routingKey has the shape of one: 32 hexadecimal digits.
var routingKey = strings.Repeat("0123456789abcdef", 2)

func (s *sinks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := event{at: time.Now()}
	switch r.URL.Path {
	case "/pagerduty":
		s.pagerduty(r, &e)
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprintf(w, `{"status":"success","dedup_key":%q}`, e.key)
	case "/slack":
		s.slack(r, &e)
		fmt.Fprint(w, "ok")
	case "/heartbeat":
		e.to = "dead-mans-switch"
	default:
		http.NotFound(w, r)
		return
	}
	s.mu.Lock()
	s.events = append(s.events, e)
	s.mu.Unlock()
}

func (s *sinks) pagerduty(r *http.Request, e *event) {
	var m struct {
		RoutingKey  string `json:"routing_key"`
		EventAction string `json:"event_action"`
		DedupKey    string `json:"dedup_key"`
		Payload     *struct {
			Summary, Source, Severity, Component, Class string
			CustomDetails                               map[string]any `json:"custom_details"`
		} `json:"payload"`
	}
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
		e.problem = err.Error()
		return
	}
	*e = event{at: e.at, to: "pagerduty", action: m.EventAction, key: m.DedupKey}
	switch {
	case m.RoutingKey != routingKey:
		e.problem = "the routing key is not the one of the secret"
	case m.EventAction != "trigger" && m.EventAction != "resolve":
		e.problem = "event_action " + m.EventAction
	case m.DedupKey == "":
		e.problem = "no dedup_key"
	case m.Payload == nil || m.Payload.Summary == "" || m.Payload.Source == "":
		if m.EventAction == "trigger" {
			e.problem = "no payload with summary and source"
		}
	}
	if m.Payload != nil {
		e.title, e.text = m.Payload.Summary, fmt.Sprint(m.Payload.Component, " ", m.Payload.Class, " ", m.Payload.Severity, " ", m.Payload.CustomDetails)
	}
}

func (s *sinks) slack(r *http.Request, e *event) {
	var m struct {
		Channel     string
		Attachments []struct{ Title, Text, Color, TitleLink string }
	}
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil || len(m.Attachments) != 1 {
		e.problem = fmt.Sprintf("want a message with one attachment: %v", err)
		return
	}
	a := m.Attachments[0]
	*e = event{at: e.at, to: "slack " + m.Channel, action: "trigger", title: a.Title, text: a.Text}
	if strings.HasPrefix(a.Title, "[resolved]") {
		e.action = "resolve"
	}
}

// find returns the events of a receiver and an action that hold a text, after a time.
func (s *sinks) find(to, action, holds string, after time.Time) []event {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []event
	for _, e := range s.events {
		if e.to == to && (action == "" || e.action == action) && strings.Contains(e.title, holds) && e.at.After(after) {
			out = append(out, e)
		}
	}
	return out
}

func (s *sinks) problems() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, e := range s.events {
		if e.problem != "" {
			out = append(out, e.to+": "+e.problem)
		}
		if strings.Contains(e.title+e.text, "{{") || strings.Contains(e.title+e.text, "<no value>") {
			out = append(out, e.to+": a template was not filled in: "+e.title)
		}
	}
	return out
}
