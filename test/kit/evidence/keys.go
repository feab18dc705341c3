package evidence

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
)

// Signer signs a bundle's statement.
type Signer interface {
	// Sign signs the pre-authentication encoding of the DSSE protocol.
	Sign(ctx context.Context, data []byte) ([]byte, error)
	// Public is the key that verifies.
	Public(ctx context.Context) (crypto.PublicKey, error)
}

// GenerateKey makes an Ed25519 key pair as PEM (PKCS #8 and PKIX, RFC 8410).
func GenerateKey() (private, public []byte, err error) {
	pub, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(priv)
	if err != nil {
		return nil, nil, err
	}
	public, err = PublicPEM(pub)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), public, err
}

// PublicPEM writes a public key as PEM.
func PublicPEM(key crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

type fileKey ed25519.PrivateKey

func (k fileKey) Sign(_ context.Context, data []byte) ([]byte, error) {
	return ed25519.Sign(ed25519.PrivateKey(k), data), nil
}

func (k fileKey) Public(context.Context) (crypto.PublicKey, error) {
	return ed25519.PrivateKey(k).Public(), nil
}

// ReadSigner reads an Ed25519 private key, PEM with PKCS #8.
func ReadSigner(name string, text []byte) (Signer, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, fmt.Errorf("%s: no PEM block PRIVATE KEY: make a key with 'fintrack evidence key'", name)
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	priv, ok := k.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s: holds a %T, want an Ed25519 key", name, k)
	}
	return fileKey(priv), nil
}

// ReadPublic reads the key that verifies: Ed25519 or ECDSA.
func ReadPublic(name string, text []byte) (crypto.PublicKey, error) {
	block, rest := pem.Decode(text)
	if block == nil || block.Type != "PUBLIC KEY" || len(rest) != 0 {
		return nil, fmt.Errorf("%s: want one PEM block PUBLIC KEY", name)
	}
	k, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	switch k.(type) {
	case ed25519.PublicKey, *ecdsa.PublicKey:
		return k, nil
	}
	return nil, fmt.Errorf("%s: holds a %T, want an Ed25519 or an ECDSA key", name, k)
}

// KeyID is the identifier of a public key: the SHA-256 of its PKIX form.
func KeyID(key crypto.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", sha256.Sum256(der)), nil
}

var errSignature = errors.New("the signature does not fit the key")

func verifySignature(key crypto.PublicKey, data, sig []byte) error {
	switch k := key.(type) {
	case ed25519.PublicKey:
		if !ed25519.Verify(k, data, sig) && !prehashed(k, data, sig) {
			return errSignature
		}
		return nil
	case *ecdsa.PublicKey:
		sum := sha256.Sum256(data)
		only, err := lowS(k.Curve, sig)
		if err != nil || !bytes.Equal(only, sig) || !ecdsa.VerifyASN1(k, sum[:], sig) {
			return errSignature
		}
		return nil
	}
	return fmt.Errorf("a %T verifies nothing here", key)
}

// lowS writes an ECDSA signature in its one form. Whoever has a signature (r, s) can make
// (r, n-s), which verifies as well, without the key: of the two the smaller s counts.
func lowS(curve elliptic.Curve, sig []byte) ([]byte, error) {
	var v struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(sig, &v); err != nil || len(rest) > 0 {
		return nil, errSignature
	}
	n := curve.Params().N
	if other := new(big.Int).Sub(n, v.S); other.Cmp(v.S) < 0 {
		v.S = other
	}
	return asn1.Marshal(v)
}

// prehashed verifies what KMS signs by ED25519_PH_SHA_512: it takes a digest of SHA-512
// and hashes it once more, as Ed25519ph does (Sign, AWS KMS API reference, MessageType;
// RFC 8032, section 5.1). No such signature is one of plain Ed25519 over anything.
func prehashed(k ed25519.PublicKey, data, sig []byte) bool {
	once := sha512.Sum512(data)
	twice := sha512.Sum512(once[:])
	return ed25519.VerifyWithOptions(k, twice[:], sig, &ed25519.Options{Hash: crypto.SHA512}) == nil
}

// dsseKey lets the library of DSSE sign and verify with our keys.
type dsseKey struct {
	signer Signer
	public crypto.PublicKey
}

func (k dsseKey) Sign(ctx context.Context, data []byte) ([]byte, error) {
	return k.signer.Sign(ctx, data)
}
func (k dsseKey) Verify(_ context.Context, data, sig []byte) error {
	return verifySignature(k.public, data, sig)
}
func (k dsseKey) KeyID() (string, error)   { return KeyID(k.public) }
func (k dsseKey) Public() crypto.PublicKey { return k.public }

// seal signs a payload and returns the envelope in its one encoding.
func seal(ctx context.Context, signer Signer, payload []byte) ([]byte, error) {
	public, err := signer.Public(ctx)
	if err != nil {
		return nil, fmt.Errorf("public key of the signer: %w", err)
	}
	s, err := dsse.NewEnvelopeSigner(dsseKey{signer, public})
	if err != nil {
		return nil, err
	}
	env, err := s.SignPayload(ctx, payloadType, payload)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	// A signer elsewhere may answer with anything; what does not verify is not written.
	v, err := dsse.NewEnvelopeVerifier(dsseKey{public: public})
	if err != nil {
		return nil, err
	}
	if _, err := v.Verify(ctx, env); err != nil {
		return nil, fmt.Errorf("sign: the signature does not fit the signer's own public key: %w", err)
	}
	return indented(env)
}
