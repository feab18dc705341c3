package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
)

// config is the file that --config names.
type config struct {
	Etcd etcdConfig `json:"etcd"`
	// APIServer is the address of the API server and CAFile the certificates that
	// its own one is signed by: the other components start when it answers.
	APIServer string `json:"apiServer"`
	CAFile    string `json:"caFile"`
	// The flags of the components, as their released programs take them.
	APIServerFlags         []string `json:"apiServerFlags"`
	ControllerManagerFlags []string `json:"controllerManagerFlags"`
	SchedulerFlags         []string `json:"schedulerFlags"`
}

// etcdConfig says where etcd keeps its data and on which loopback URLs it listens.
type etcdConfig struct {
	DataDir   string `json:"dataDir"`
	ClientURL string `json:"clientURL"`
	PeerURL   string `json:"peerURL"`
}

// readConfig reads and checks the file. An error names the file and the field.
func readConfig(path string) (config, error) {
	var c config
	if path == "" {
		return c, errors.New("--config is missing: it names the file with the components' flags")
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return c, fmt.Errorf("read the configuration: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	for _, field := range []struct{ name, value string }{
		{"etcd.dataDir", c.Etcd.DataDir}, {"etcd.clientURL", c.Etcd.ClientURL}, {"etcd.peerURL", c.Etcd.PeerURL},
		{"apiServer", c.APIServer}, {"caFile", c.CAFile},
	} {
		if field.value == "" {
			return c, fmt.Errorf("%s: %s is missing", path, field.name)
		}
	}
	for name, raw := range map[string]string{"etcd.clientURL": c.Etcd.ClientURL, "etcd.peerURL": c.Etcd.PeerURL, "apiServer": c.APIServer} {
		if u, err := url.Parse(raw); err != nil || u.Host == "" {
			return c, fmt.Errorf("%s: %s: %q is no URL with a host and port", path, name, raw)
		}
	}
	return c, nil
}
