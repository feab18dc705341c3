// Package webidentity verifies the token of an OpenID Connect provider as AWS STS
// does for AssumeRoleWithWebIdentity: signature, issuer, audience, expiry and
// not-before ("AssumeRoleWithWebIdentity" in the STS API Reference; RFC 7519, RFC
// 7515 and RFC 7517). It is pure: the keys and the time are given to it.
package webidentity

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"time"
)

// MaxToken is the longest token that STS takes, in characters.
const MaxToken = 20000

// Errors, for which STS has different answers.
var (
	// ErrMalformed is a token that cannot be read, or lacks a claim it must have.
	ErrMalformed = errors.New("the token is not valid")
	// ErrKey is a token signed by a key that the provider does not publish.
	ErrKey = errors.New("the provider publishes no such key")
	// ErrSignature is a signature that the provider's key did not make.
	ErrSignature = errors.New("the token's signature is not the provider's")
	// ErrIssuer is a token of another issuer than the provider.
	ErrIssuer = errors.New("the token is of another issuer")
	// ErrAudience is a token for none of the provider's client ids.
	ErrAudience = errors.New("incorrect token audience")
	// ErrExpired is a token whose time is over.
	ErrExpired = errors.New("token expired")
	// ErrNotYet is a token whose time has not come.
	ErrNotYet = errors.New("the token is not valid yet")
)

// Claims are what a verified token says.
type Claims struct {
	Issuer, Subject string
	Audience        []string
	Expires, Issued time.Time
	// AuthorizedParty is azp, which STS compares instead of aud when it is there.
	AuthorizedParty string
}

// Provider is what is known of the issuer that a token must come from.
type Provider struct {
	// Issuer is the URL of the provider, https:// included.
	Issuer string
	// ClientIDs are the audiences registered with the provider.
	ClientIDs []string
	// Keys are those that the issuer publishes.
	Keys Keys
}

type header struct {
	Algorithm string   `json:"alg"`
	Key       string   `json:"kid"`
	Critical  []string `json:"crit"`
}

type payload struct {
	Issuer    string          `json:"iss"`
	Subject   string          `json:"sub"`
	Audience  json.RawMessage `json:"aud"`
	Party     string          `json:"azp"`
	Expires   *float64        `json:"exp"`
	NotBefore *float64        `json:"nbf"`
	Issued    *float64        `json:"iat"`
}

// Issuer returns what the token says its issuer is. It proves nothing: it is for
// finding the provider whose keys Verify is given.
func Issuer(token string) (string, error) {
	_, p, _, _, err := split(token)
	return p.Issuer, err
}

// Verify returns the claims of a token that the provider signed, for one of its
// client ids, and that is good at now.
func Verify(token string, provider Provider, now time.Time) (Claims, error) {
	h, p, signed, signature, err := split(token)
	if err != nil {
		return Claims{}, err
	}
	key, err := provider.Keys.find(h)
	if err != nil {
		return Claims{}, err
	}
	sum := sha256.Sum256([]byte(signed))
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) != nil {
		return Claims{}, ErrSignature
	}
	return p.check(provider, now)
}

// check compares the claims with the provider and the time.
func (p payload) check(provider Provider, now time.Time) (Claims, error) {
	if p.Issuer != provider.Issuer {
		return Claims{}, fmt.Errorf("%w: %q, want %q", ErrIssuer, p.Issuer, provider.Issuer)
	}
	c := Claims{Issuer: p.Issuer, Subject: p.Subject, AuthorizedParty: p.Party}
	switch {
	case p.Subject == "":
		return Claims{}, fmt.Errorf("%w: no sub", ErrMalformed)
	case p.Expires == nil:
		return Claims{}, fmt.Errorf("%w: no exp", ErrMalformed)
	case p.Issued == nil:
		return Claims{}, fmt.Errorf("%w: no iat", ErrMalformed)
	}
	var err error
	if c.Audience, err = audiences(p.Audience); err != nil {
		return Claims{}, err
	}
	named := c.Audience
	if p.Party != "" {
		named = []string{p.Party}
	}
	if !slices.ContainsFunc(named, func(a string) bool { return slices.Contains(provider.ClientIDs, a) }) {
		return Claims{}, fmt.Errorf("%w: %s", ErrAudience, strings.Join(named, ", "))
	}
	if c.Expires, err = at("exp", *p.Expires); err != nil {
		return Claims{}, err
	}
	if c.Issued, err = at("iat", *p.Issued); err != nil {
		return Claims{}, err
	}
	if !now.Before(c.Expires) {
		return Claims{}, fmt.Errorf("%w: current date/time %d must be before the expiration date/time %d", ErrExpired, now.Unix(), c.Expires.Unix())
	}
	if p.NotBefore != nil {
		begins, err := at("nbf", *p.NotBefore)
		if err != nil {
			return Claims{}, err
		}
		if now.Before(begins) {
			return Claims{}, fmt.Errorf("%w: before %d", ErrNotYet, begins.Unix())
		}
	}
	return c, nil
}

// at reads a NumericDate, seconds since 1970.
func at(claim string, v float64) (time.Time, error) {
	if math.IsNaN(v) || v < 0 || v > 1<<40 {
		return time.Time{}, fmt.Errorf("%w: %s is no time", ErrMalformed, claim)
	}
	return time.Unix(int64(v), 0), nil
}

// audiences reads aud, which is a string or a list of strings.
func audiences(raw json.RawMessage) ([]string, error) {
	var one string
	if json.Unmarshal(raw, &one) == nil && one != "" {
		return []string{one}, nil
	}
	var many []string
	if json.Unmarshal(raw, &many) == nil && len(many) > 0 {
		return many, nil
	}
	return nil, fmt.Errorf("%w: no aud", ErrMalformed)
}

// split takes a compact JWS apart.
func split(token string) (h header, p payload, signed string, signature []byte, err error) {
	if len(token) > MaxToken {
		return h, p, "", nil, fmt.Errorf("%w: longer than %d characters", ErrMalformed, MaxToken)
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return h, p, "", nil, fmt.Errorf("%w: not three parts", ErrMalformed)
	}
	for i, into := range []any{&h, &p} {
		b, err := base64.RawURLEncoding.Strict().DecodeString(parts[i])
		if err != nil || json.Unmarshal(b, into) != nil {
			return h, p, "", nil, fmt.Errorf("%w: part %d is no JSON in base64url", ErrMalformed, i+1)
		}
	}
	if signature, err = base64.RawURLEncoding.Strict().DecodeString(parts[2]); err != nil {
		return h, p, "", nil, fmt.Errorf("%w: part 3 is no base64url", ErrMalformed)
	}
	if h.Critical != nil {
		return h, p, "", nil, fmt.Errorf("%w: it names extensions that must be understood: %s", ErrMalformed, strings.Join(h.Critical, ", "))
	}
	return h, p, parts[0] + "." + parts[1], signature, nil
}

// Keys are the RSA keys of a JSON Web Key Set, by their id.
type Keys map[string]*rsa.PublicKey

// ParseKeys reads a JSON Web Key Set. Keys of other kinds, or for encryption, are
// left out; a set without any key for RS256 is an error.
func ParseKeys(document []byte) (Keys, error) {
	var set struct {
		Keys []struct{ Kty, Kid, Use, Alg, N, E string }
	}
	if err := json.Unmarshal(document, &set); err != nil {
		return nil, fmt.Errorf("read the key set: %w", err)
	}
	keys := Keys{}
	for _, k := range set.Keys {
		if k.Kty != "RSA" || k.Use != "" && k.Use != "sig" || k.Alg != "" && k.Alg != "RS256" {
			continue
		}
		n, nerr := base64.RawURLEncoding.DecodeString(k.N)
		e, eerr := base64.RawURLEncoding.DecodeString(k.E)
		exponent := new(big.Int).SetBytes(e)
		if nerr != nil || eerr != nil || len(n) < 128 || !exponent.IsInt64() || exponent.Int64() < 3 || exponent.Int64() > math.MaxInt32 {
			return nil, fmt.Errorf("read the key set: key %q is no RSA key of 1024 bits or more", k.Kid)
		}
		keys[k.Kid] = &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(exponent.Int64())}
	}
	if len(keys) == 0 {
		return nil, errors.New("read the key set: it has no key for RS256")
	}
	return keys, nil
}

// find returns the key that the header names. Only RS256 is taken: what the header
// says must never choose a weaker check.
func (k Keys) find(h header) (*rsa.PublicKey, error) {
	if h.Algorithm != "RS256" {
		return nil, fmt.Errorf("%w: alg is %q, want RS256", ErrMalformed, h.Algorithm)
	}
	key, ok := k[h.Key]
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrKey, h.Key)
	}
	return key, nil
}
