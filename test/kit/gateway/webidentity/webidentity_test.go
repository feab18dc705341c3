package webidentity_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/gateway/webidentity"
	"github.com/stretchr/testify/require"
)

const issuer = "https://oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"

var (
	now     = time.Unix(1_800_000_000, 0)
	newKey  = func() *rsa.PrivateKey { k, _ := rsa.GenerateKey(rand.Reader, 2048); return k }
	ownKey  = sync.OnceValue(newKey)
	another = sync.OnceValue(newKey)
)

func b64(v any) string {
	b, ok := v.([]byte)
	if !ok {
		b, _ = json.Marshal(v)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func sign(key *rsa.PrivateKey, head, claims map[string]any) string {
	text := b64(head) + "." + b64(claims)
	sum := sha256.Sum256([]byte(text))
	s, _ := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	return text + "." + b64(s)
}

func keySet(id string, key *rsa.PublicKey) []byte {
	b, _ := json.Marshal(map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": id, "n": b64(key.N.Bytes()), "e": b64(big.NewInt(int64(key.E)).Bytes())}}})
	return b
}

func provider(t *testing.T) webidentity.Provider {
	t.Helper()
	keys, err := webidentity.ParseKeys(keySet("own", &ownKey().PublicKey))
	require.NoError(t, err)
	return webidentity.Provider{Issuer: issuer, ClientIDs: []string{"sts.amazonaws.com"}, Keys: keys}
}

func claims(change ...map[string]any) map[string]any {
	c := map[string]any{
		"iss": issuer, "sub": "system:serviceaccount:fintrack:reconciliation-service", "aud": []string{"sts.amazonaws.com"},
		"iat": now.Unix() - 10, "nbf": now.Unix() - 10, "exp": now.Unix() + 3600,
	}
	for _, x := range change {
		maps.Copy(c, x)
	}
	for k, v := range c {
		if v == nil {
			delete(c, k)
		}
	}
	return c
}

var own = map[string]any{"alg": "RS256", "kid": "own"}

func TestAGoodTokenGivesItsClaims(t *testing.T) {
	token := sign(ownKey(), own, claims())
	got, err := webidentity.Verify(token, provider(t), now)
	require.NoError(t, err)
	require.Equal(t, "system:serviceaccount:fintrack:reconciliation-service", got.Subject)
	require.Equal(t, []string{"sts.amazonaws.com"}, got.Audience)
	require.Equal(t, now.Add(time.Hour), got.Expires)
	said, err := webidentity.Issuer(token)
	require.NoError(t, err)
	require.Equal(t, issuer, said)

	_, err = webidentity.Verify(sign(ownKey(), own, claims(map[string]any{"aud": "sts.amazonaws.com", "nbf": nil})), provider(t), now)
	require.NoError(t, err, "aud may be a string, and nbf may be missing")
}

func TestATokenIsRefused(t *testing.T) {
	cases := map[string]struct {
		token string
		want  error
	}{
		"that is for another audience":            {sign(ownKey(), own, claims(map[string]any{"aud": []string{"https://kubernetes.default.svc"}})), webidentity.ErrAudience},
		"that has no audience":                    {sign(ownKey(), own, claims(map[string]any{"aud": nil})), webidentity.ErrMalformed},
		"whose authorized party is another":       {sign(ownKey(), own, claims(map[string]any{"azp": "other"})), webidentity.ErrAudience},
		"of another issuer":                       {sign(ownKey(), own, claims(map[string]any{"iss": "https://oidc.eks.us-east-1.amazonaws.com/id/FEDCBA"})), webidentity.ErrIssuer},
		"whose issuer has a slash more":           {sign(ownKey(), own, claims(map[string]any{"iss": issuer + "/"})), webidentity.ErrIssuer},
		"that has expired this very second":       {sign(ownKey(), own, claims(map[string]any{"exp": now.Unix()})), webidentity.ErrExpired},
		"that never expires":                      {sign(ownKey(), own, claims(map[string]any{"exp": nil})), webidentity.ErrMalformed},
		"that is not valid for a second yet":      {sign(ownKey(), own, claims(map[string]any{"nbf": now.Unix() + 1})), webidentity.ErrNotYet},
		"that does not say when it was issued":    {sign(ownKey(), own, claims(map[string]any{"iat": nil})), webidentity.ErrMalformed},
		"without a subject":                       {sign(ownKey(), own, claims(map[string]any{"sub": ""})), webidentity.ErrMalformed},
		"signed by another key under our key id":  {sign(another(), own, claims()), webidentity.ErrSignature},
		"signed by a key that is not published":   {sign(another(), map[string]any{"alg": "RS256", "kid": "other"}, claims()), webidentity.ErrKey},
		"without a key id":                        {sign(ownKey(), map[string]any{"alg": "RS256"}, claims()), webidentity.ErrKey},
		"that is not signed at all":               {b64(map[string]any{"alg": "none", "kid": "own"}) + "." + b64(claims()) + ".", webidentity.ErrMalformed},
		"signed with the public key as a secret":  {signedByPublicKey(), webidentity.ErrMalformed},
		"with an extension that is critical":      {sign(ownKey(), map[string]any{"alg": "RS256", "kid": "own", "crit": []string{"b64"}}, claims()), webidentity.ErrMalformed},
		"whose claims were changed":               {tampered(), webidentity.ErrSignature},
		"of two parts":                            {"a.b", webidentity.ErrMalformed},
		"that is no token":                        {"not a token", webidentity.ErrMalformed},
		"that is empty":                           {"", webidentity.ErrMalformed},
		"that is too long":                        {strings.Repeat("a", webidentity.MaxToken+1), webidentity.ErrMalformed},
		"whose expiry is no number a time can be": {sign(ownKey(), own, claims(map[string]any{"exp": 1e300})), webidentity.ErrMalformed},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := webidentity.Verify(c.token, provider(t), now)
			require.ErrorIs(t, err, c.want)
		})
	}
}

// tampered is a good token whose subject was replaced afterwards.
func tampered() string {
	parts := strings.Split(sign(ownKey(), own, claims()), ".")
	parts[1] = b64(claims(map[string]any{"sub": "system:serviceaccount:fintrack:auth-service"}))
	return strings.Join(parts, ".")
}

// signedByPublicKey is the known confusion of algorithms: an HMAC whose secret is
// what everybody can read.
func signedByPublicKey() string {
	der, _ := x509.MarshalPKIXPublicKey(&ownKey().PublicKey)
	text := b64(map[string]any{"alg": "HS256", "kid": "own"}) + "." + b64(claims())
	m := hmac.New(sha256.New, der)
	m.Write([]byte(text))
	return text + "." + b64(m.Sum(nil))
}

func TestAKeySetMustHoldAKey(t *testing.T) {
	cases := map[string]struct{ document, says string }{
		"no JSON":               {"x", "read the key set"},
		"empty":                 {`{"keys":[]}`, "no key for RS256"},
		"another kind":          {`{"keys":[{"kty":"EC","kid":"a","crv":"P-256"}]}`, "no key for RS256"},
		"for encryption":        {`{"keys":[{"kty":"RSA","use":"enc","kid":"a","n":"AQAB","e":"AQAB"}]}`, "no key for RS256"},
		"a number that is none": {`{"keys":[{"kty":"RSA","kid":"a","n":"?","e":"AQAB"}]}`, `key "a"`},
		"a key that is short":   {`{"keys":[{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"}]}`, `key "a"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := webidentity.ParseKeys([]byte(c.document))
			require.ErrorContains(t, err, c.says)
		})
	}
}

func FuzzVerify(f *testing.F) {
	f.Add(sign(another(), own, claims()))
	f.Add("e30.e30.")
	keys, err := webidentity.ParseKeys(keySet("own", &ownKey().PublicKey))
	if err != nil {
		f.Fatal(err)
	}
	p := webidentity.Provider{Issuer: issuer, ClientIDs: []string{"sts.amazonaws.com"}, Keys: keys}
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := webidentity.Verify(token, p, now); err == nil {
			t.Fatalf("a token that our key did not sign was taken: %q", token)
		}
	})
}

func FuzzParseKeys(f *testing.F) {
	f.Add(keySet("own", &ownKey().PublicKey))
	f.Fuzz(func(t *testing.T, document []byte) {
		keys, err := webidentity.ParseKeys(document)
		if err == nil && len(keys) == 0 {
			t.Fatal("a set without keys was taken")
		}
	})
}
