package evidence

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// KMS is the part of the API of AWS KMS that signing needs; *kms.Client is one.
type KMS interface {
	Sign(context.Context, *kms.SignInput, ...func(*kms.Options)) (*kms.SignOutput, error)
	GetPublicKey(context.Context, *kms.GetPublicKeyInput, ...func(*kms.Options)) (*kms.GetPublicKeyOutput, error)
}

// KMSKey signs with a key of AWS KMS: key spec ECC_NIST_P256, usage SIGN_VERIFY.
// The private key never leaves KMS.
type KMSKey struct {
	API KMS
	// Key is its id, ARN or alias.
	Key string
}

// Sign has KMS sign the SHA-256 of the data (Sign, AWS KMS API reference).
func (k KMSKey) Sign(ctx context.Context, data []byte) ([]byte, error) {
	sum := sha256.Sum256(data)
	out, err := k.API.Sign(ctx, &kms.SignInput{
		KeyId: &k.Key, Message: sum[:], MessageType: types.MessageTypeDigest,
		SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha256,
	})
	if err != nil {
		return nil, fmt.Errorf("sign with the KMS key %s: %w", k.Key, err)
	}
	return out.Signature, nil
}

// Public asks KMS for the public key.
func (k KMSKey) Public(ctx context.Context) (crypto.PublicKey, error) {
	out, err := k.API.GetPublicKey(ctx, &kms.GetPublicKeyInput{KeyId: &k.Key})
	if err != nil {
		return nil, fmt.Errorf("public key of the KMS key %s: %w", k.Key, err)
	}
	if out.KeySpec != types.KeySpecEccNistP256 {
		return nil, fmt.Errorf("KMS key %s is %s: want ECC_NIST_P256", k.Key, out.KeySpec)
	}
	return x509.ParsePKIXPublicKey(out.PublicKey)
}
