package evidence

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// KMS is the part of the API of AWS KMS that signing needs; *kms.Client is one.
type KMS interface {
	Sign(context.Context, *kms.SignInput, ...func(*kms.Options)) (*kms.SignOutput, error)
	GetPublicKey(context.Context, *kms.GetPublicKeyInput, ...func(*kms.Options)) (*kms.GetPublicKeyOutput, error)
}

// scheme is how a key of one spec signs here. KMS takes messages of up to 4096 bytes
// and a statement is longer, so it is always handed a digest (Sign, AWS KMS API
// reference, Message and MessageType).
type scheme struct {
	spec      types.KeySpec
	algorithm types.SigningAlgorithmSpec
	digest    func([]byte) []byte
}

var schemes = []scheme{
	{types.KeySpecEccNistP256, types.SigningAlgorithmSpecEcdsaSha256, func(b []byte) []byte { s := sha256.Sum256(b); return s[:] }},
	// The one algorithm of this spec that takes a digest is the pre-hashed one.
	{types.KeySpecEccNistEdwards25519, types.SigningAlgorithmSpecEd25519PhSha512, func(b []byte) []byte { s := sha512.Sum512(b); return s[:] }},
}

// KMSKey signs with a key of AWS KMS. The private key never leaves KMS.
type KMSKey struct {
	api    KMS
	id     string
	scheme scheme
	public crypto.PublicKey
}

// OpenKMSKey asks KMS for the public key of an id, ARN or alias. The key must be of the
// usage SIGN_VERIFY and of the spec ECC_NIST_P256 or ECC_NIST_EDWARDS25519 (Key spec
// reference, AWS KMS Developer Guide).
func OpenKMSKey(ctx context.Context, api KMS, id string) (*KMSKey, error) {
	out, err := api.GetPublicKey(ctx, &kms.GetPublicKeyInput{KeyId: &id})
	if err != nil {
		return nil, fmt.Errorf("public key of the KMS key %s: %w", id, err)
	}
	i := slices.IndexFunc(schemes, func(s scheme) bool { return s.spec == out.KeySpec })
	if i < 0 || out.KeyUsage != types.KeyUsageTypeSignVerify {
		return nil, fmt.Errorf("KMS key %s is %s for %s: want ECC_NIST_P256 or ECC_NIST_EDWARDS25519 for SIGN_VERIFY", id, out.KeySpec, out.KeyUsage)
	}
	public, err := x509.ParsePKIXPublicKey(out.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("public key of the KMS key %s: %w", id, err)
	}
	return &KMSKey{api, id, schemes[i], public}, nil
}

// Sign has KMS sign the digest of the data.
func (k *KMSKey) Sign(ctx context.Context, data []byte) ([]byte, error) {
	out, err := k.api.Sign(ctx, &kms.SignInput{
		KeyId: &k.id, Message: k.scheme.digest(data), MessageType: types.MessageTypeDigest,
		SigningAlgorithm: k.scheme.algorithm,
	})
	if err != nil {
		return nil, fmt.Errorf("sign with the KMS key %s: %w", k.id, err)
	}
	if k, ok := k.public.(*ecdsa.PublicKey); ok {
		return lowS(k.Curve, out.Signature)
	}
	return out.Signature, nil
}

// Public is the public key that KMS gave.
func (k *KMSKey) Public(context.Context) (crypto.PublicKey, error) { return k.public, nil }
