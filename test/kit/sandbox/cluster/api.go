package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// StatusError is a refusal by the API server.
type StatusError struct {
	Method, Path string
	// Code is the HTTP status, Reason and Message what the server's Status says.
	Code            int
	Reason, Message string
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("%s %s: %d %s: %s", e.Method, e.Path, e.Code, e.Reason, e.Message)
}

// Do sends a request to the API server as an administrator. in, when not nil, is
// sent as JSON; the answer is read into out, when not nil. An answer of 400 and
// above is a *StatusError.
func (c *Cluster) Do(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, c.Endpoint+path, body)
	if err != nil {
		return err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode >= 400 {
		e := &StatusError{Method: method, Path: path, Code: res.StatusCode}
		var status struct{ Reason, Message string }
		if json.Unmarshal(said, &status) != nil {
			status.Message = string(said)
		}
		e.Reason, e.Message = status.Reason, status.Message
		return e
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(said, out)
}

// create makes an object; that it is there already is no error.
func (c *Cluster) create(ctx context.Context, path string, o any) error {
	err := c.Do(ctx, http.MethodPost, path, o, nil)
	var refused *StatusError
	if errors.As(err, &refused) && refused.Code == http.StatusConflict {
		return nil
	}
	return err
}

// object is the start of every manifest.
func object(apiVersion, kind, name string) map[string]any {
	return map[string]any{"apiVersion": apiVersion, "kind": kind, "metadata": map[string]any{"name": name}}
}

// EnsureServiceAccount makes the namespace and the service account in it, unless
// they are there.
func (c *Cluster) EnsureServiceAccount(ctx context.Context, namespace, name string) error {
	if err := c.create(ctx, "/api/v1/namespaces", object("v1", "Namespace", namespace)); err != nil {
		return fmt.Errorf("make the namespace %s: %w", namespace, err)
	}
	if err := c.create(ctx, "/api/v1/namespaces/"+namespace+"/serviceaccounts", object("v1", "ServiceAccount", name)); err != nil {
		return fmt.Errorf("make the service account %s/%s: %w", namespace, name, err)
	}
	return nil
}

// Token asks the API server for a token of the service account by TokenRequest,
// as the kubelet does for a projected volume. The server gives at least 10
// minutes.
func (c *Cluster) Token(ctx context.Context, namespace, account string, lifetime time.Duration, audiences ...string) (string, error) {
	var out struct {
		Status struct{ Token string }
	}
	err := c.Do(ctx, http.MethodPost, "/api/v1/namespaces/"+namespace+"/serviceaccounts/"+account+"/token", map[string]any{
		"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
		"spec": map[string]any{"audiences": audiences, "expirationSeconds": int64(lifetime.Seconds())},
	}, &out)
	if err != nil {
		return "", fmt.Errorf("ask for a token of %s/%s: %w", namespace, account, err)
	}
	if out.Status.Token == "" {
		return "", fmt.Errorf("ask for a token of %s/%s: the answer has none", namespace, account)
	}
	return out.Status.Token, nil
}

// HTTP returns a client that trusts the cluster's certificate and names nobody:
// what the outside sees.
func (c *Cluster) HTTP() (*http.Client, error) { return c.pki.client(keyPair{}) }
