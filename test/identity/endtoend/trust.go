package endtoend

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// trust proves each role's trust policy: the role's own service account gets it, and
// no other account of the platform, nor one of the same name in another namespace, nor
// another one of the same namespace.
func (w *world) trust(ctx context.Context) {
	const stranger, elsewhere = "endtoend-stranger", "endtoend-elsewhere"
	tokens := map[string]string{}
	ask := func(account string) string {
		if _, ok := tokens[account]; !ok {
			namespace, name := split(account)
			err := w.cluster.EnsureServiceAccount(ctx, namespace, name)
			if err == nil {
				tokens[account], err = w.token(ctx, account, audience)
			}
			if err != nil {
				tokens[account] = err.Error() // which gets no session
			}
		}
		return tokens[account]
	}
	for _, account := range w.accounts {
		role := w.roles[account]
		namespace, name := split(account)
		own := promise("assumes."+slug(account), "The service account gets its role by its token", role, "CC6.1", "CC6.3")
		s, err := w.assume(ctx, w.gateway, role, ask(account))
		w.sessions[account] = s
		w.s.Checks.Equal(own, "success", code(err))

		others := promise("assumed-by-itself-alone."+slug(account), "No other service account gets the role", role, "CC6.1", "CC6.3")
		candidates := []string{namespace + "/" + stranger, elsewhere + "/" + name, elsewhere + "/" + stranger}
		for _, other := range w.accounts {
			if other != account && w.roles[other] != role {
				candidates = append(candidates, other)
			}
		}
		var wrong []string
		for _, other := range candidates {
			if _, err := w.assume(ctx, w.gateway, role, ask(other)); code(err) != "AccessDenied" {
				wrong = append(wrong, other+": "+code(err))
			}
		}
		expected := fmt.Sprintf("AccessDenied for each of %d other accounts", len(candidates))
		w.s.Checks.That(others, len(wrong) == 0, expected, orAll(wrong, expected))
	}
}

// orAll is the list of what went wrong, or the expectation when nothing did.
func orAll(wrong []string, expected string) string {
	if len(wrong) == 0 {
		return expected
	}
	return strings.Join(wrong, "; ")
}

// tokens proves that a token is refused that is not good.
func (w *world) tokens(ctx context.Context) {
	account := w.accounts[0]
	role := w.roles[account]
	good, err := w.token(ctx, account, audience)
	if err != nil {
		w.s.Checks.Err(promise("token.good", "The cluster issues a token", role, "CC6.1"), "a token", err)
		return
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		w.s.Checks.Err(promise("token.good", "The cluster issues a token", role, "CC6.1"), "a key to forge with", err)
		return
	}
	cluster, err := w.token(ctx, account, "https://kubernetes.default.svc")
	if err != nil {
		w.s.Checks.Err(promise("token.good", "The cluster issues a token", role, "CC6.1"), "a token for another audience", err)
		return
	}
	for _, c := range []struct{ id, title, token, want string }{
		{"good", "A token that is good gets a session", good, "success"},
		{"audience", "A token for the API server's audience is refused", cluster, "InvalidIdentityToken"},
		{"issuer", "A token of another issuer is refused", forge(good, key, map[string]any{"iss": "https://issuer.invalid"}), "InvalidIdentityToken"},
		{"tampered", "A token whose payload was changed is refused", replaced(good, map[string]any{"sub": "system:serviceaccount:kube-system:admin"}), "InvalidIdentityToken"},
		{"key", "A token signed by another key under the cluster's key id is refused", forge(good, key, nil), "InvalidIdentityToken"},
		{"unsigned", "A token without a signature is refused", good[:strings.LastIndexByte(good, '.')+1], "InvalidIdentityToken"},
		{"none", "What is no token is refused", "token", "InvalidIdentityToken"},
	} {
		_, err := w.assume(ctx, w.gateway, role, c.token)
		w.s.Checks.Equal(promise("token."+c.id, c.title, role, "CC6.1", "CC6.2"), c.want, code(err))
	}
	_, err = w.assume(ctx, w.later, role, good)
	w.s.Checks.Equal(promise("token.expired", "A token whose hour is over is refused", role, "CC6.1", "CC6.2"), "ExpiredTokenException", code(err))
}

// replaced changes claims of a token and leaves its signature.
func replaced(token string, change map[string]any) string {
	parts := strings.Split(token, ".")
	var claims map[string]any
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(b, &claims) != nil {
		return "the cluster's own token cannot be read"
	}
	for k, v := range change {
		claims[k] = v
	}
	b, err = json.Marshal(claims)
	if err != nil {
		return err.Error()
	}
	parts[1] = base64.RawURLEncoding.EncodeToString(b)
	return strings.Join(parts, ".")
}

// forge changes claims of a token and signs it with a key of ours, under the key id
// of the cluster's.
func forge(token string, key *rsa.PrivateKey, change map[string]any) string {
	parts := strings.Split(replaced(token, change), ".")
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	s, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return err.Error()
	}
	return parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(s)
}

// rotate stops the cluster and replaces its key: what the old one signed is void, what
// the new one signs is good, for every account.
func (w *world) rotate(ctx context.Context) {
	c := promise("rotation", "After a new key, old tokens are refused and new ones work, for every service account", "output.oidc_issuer", "CC6.1", "CC6.7")
	old := map[string]string{}
	for _, account := range w.accounts {
		token, err := w.token(ctx, account, audience)
		if err == nil {
			_, err = w.assume(ctx, w.gateway, w.roles[account], token)
		}
		if err != nil {
			w.s.Checks.Err(c, "a good token of "+account, err)
			return
		}
		old[account] = token
	}
	if err := w.cluster.RotateKey(ctx); err != nil {
		w.s.Checks.Err(c, "a new key", err)
		return
	}
	var wrong []string
	for _, account := range w.accounts {
		if _, err := w.assume(ctx, w.gateway, w.roles[account], old[account]); code(err) != "InvalidIdentityToken" {
			wrong = append(wrong, account+" by its old token: "+code(err))
		}
		token, err := w.token(ctx, account, audience)
		if err == nil {
			_, err = w.assume(ctx, w.gateway, w.roles[account], token)
		}
		if err != nil {
			wrong = append(wrong, account+" by a new token: "+code(err))
		}
	}
	expected := fmt.Sprintf("InvalidIdentityToken by the old token and a session by a new one, for each of %d accounts", len(w.accounts))
	w.s.Checks.That(c, len(wrong) == 0, expected, orAll(wrong, expected))
}
