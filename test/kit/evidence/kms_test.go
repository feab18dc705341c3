package evidence_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"encoding/json"
	"errors"
	"math/big"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/fintrack/platform/test/kit/evidence"
	"github.com/stretchr/testify/require"
)

// localKMS answers as the API reference of AWS KMS says, with a key of its own. The
// emulator's answers are asked for by test/compliance.
type localKMS struct {
	key   crypto.Signer
	spec  types.KeySpec
	usage types.KeyUsageType
	fail  error
}

func (k localKMS) Sign(_ context.Context, in *kms.SignInput, _ ...func(*kms.Options)) (*kms.SignOutput, error) {
	if k.fail != nil {
		return nil, k.fail
	}
	if len(in.Message) > 4096 || in.MessageType != types.MessageTypeDigest {
		return nil, errors.New("ValidationException")
	}
	message, options := in.Message, crypto.SignerOpts(crypto.SHA256)
	switch in.SigningAlgorithm {
	case types.SigningAlgorithmSpecEcdsaSha256:
	case types.SigningAlgorithmSpecEd25519PhSha512:
		again := sha512.Sum512(in.Message)
		message, options = again[:], &ed25519.Options{Hash: crypto.SHA512}
	default:
		return nil, errors.New("UnsupportedOperationException")
	}
	sig, err := k.key.Sign(rand.Reader, message, options)
	return &kms.SignOutput{Signature: sig}, err
}

func (k localKMS) GetPublicKey(context.Context, *kms.GetPublicKeyInput, ...func(*kms.Options)) (*kms.GetPublicKeyOutput, error) {
	der, err := x509.MarshalPKIXPublicKey(k.key.Public())
	return &kms.GetPublicKeyOutput{PublicKey: der, KeySpec: k.spec, KeyUsage: k.usage}, err
}

func kmsKeys(t *testing.T) (p256 *ecdsa.PrivateKey, edwards ed25519.PrivateKey) {
	t.Helper()
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	_, edwards, err = ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return p256, edwards
}

func TestAKeyOfKMSSigns(t *testing.T) {
	t.Parallel()
	p256, edwards := kmsKeys(t)
	cases := map[string]localKMS{
		"ECC_NIST_P256":         {key: p256, spec: types.KeySpecEccNistP256, usage: types.KeyUsageTypeSignVerify},
		"ECC_NIST_EDWARDS25519": {key: edwards, spec: types.KeySpecEccNistEdwards25519, usage: types.KeyUsageTypeSignVerify},
	}
	for name, api := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signer, err := evidence.OpenKMSKey(t.Context(), api, "alias/evidence")
			require.NoError(t, err)
			files, _, err := evidence.Build(t.Context(), inputs(), signer)
			require.NoError(t, err)
			text, err := evidence.PublicPEM(api.key.Public())
			require.NoError(t, err)
			public, err := evidence.ReadPublic("kms.pem", text)
			require.NoError(t, err)
			require.Empty(t, verify(t, files, evidence.Expect{Key: public}))
			statement := append([]byte(nil), files[evidence.StatementFile]...)
			bundle := changed(files, evidence.StatementFile, statement)
			for i := range statement {
				for bit := byte(1); bit != 0; bit <<= 1 {
					statement[i] ^= bit
					if len(evidence.Verify(t.Context(), bundle, evidence.Expect{Key: public})) == 0 {
						t.Fatalf("byte %d of %d, bit %#02x: a flip was not found", i, len(statement), bit)
					}
					statement[i] ^= bit
				}
			}
		})
	}
}

func TestAKeyOfKMSThatCannotSignSaysWhy(t *testing.T) {
	t.Parallel()
	p256, _ := kmsKeys(t)
	other, _ := kmsKeys(t)
	good := localKMS{key: p256, spec: types.KeySpecEccNistP256, usage: types.KeyUsageTypeSignVerify}
	cases := map[string]struct {
		change func(*localKMS)
		want   string
	}{
		"of another spec":  {func(k *localKMS) { k.spec = types.KeySpecRsa2048 }, "KMS key alias/evidence is RSA_2048 for SIGN_VERIFY: want ECC_NIST_P256 or ECC_NIST_EDWARDS25519"},
		"of another usage": {func(k *localKMS) { k.usage = types.KeyUsageTypeKeyAgreement }, "is ECC_NIST_P256 for KEY_AGREEMENT"},
		"that is refused":  {func(k *localKMS) { k.fail = errors.New("AccessDenied") }, "sign with the KMS key alias/evidence: AccessDenied"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := good
			c.change(&api)
			signer, err := evidence.OpenKMSKey(t.Context(), api, "alias/evidence")
			if err == nil {
				_, _, err = evidence.Build(t.Context(), inputs(), signer)
			}
			require.ErrorContains(t, err, c.want)
		})
	}
	_, _, err := evidence.Build(t.Context(), inputs(), crossed{p256, other})
	require.ErrorContains(t, err, "does not fit the signer's own public key")
}

// Whoever has a signature of ECDSA can write it in a second way without the key.
func TestTheOtherFormOfASignatureIsNoSignature(t *testing.T) {
	t.Parallel()
	p256, _ := kmsKeys(t)
	signer, err := evidence.OpenKMSKey(t.Context(), localKMS{key: p256, spec: types.KeySpecEccNistP256, usage: types.KeyUsageTypeSignVerify}, "alias/evidence")
	require.NoError(t, err)
	files, _, err := evidence.Build(t.Context(), inputs(), signer)
	require.NoError(t, err)
	want := evidence.Expect{Key: p256.Public()}
	require.Empty(t, verify(t, files, want))
	var envelope struct {
		PayloadType string `json:"payloadType"`
		Payload     string `json:"payload"`
		Signatures  []struct {
			KeyID string `json:"keyid"`
			Sig   []byte `json:"sig"`
		} `json:"signatures"`
	}
	require.NoError(t, json.Unmarshal(files[evidence.StatementFile], &envelope))
	var sig struct{ R, S *big.Int }
	_, err = asn1.Unmarshal(envelope.Signatures[0].Sig, &sig)
	require.NoError(t, err)
	sig.S.Sub(elliptic.P256().Params().N, sig.S)
	envelope.Signatures[0].Sig, err = asn1.Marshal(sig)
	require.NoError(t, err)
	text, err := json.MarshalIndent(envelope, "", "  ")
	require.NoError(t, err)
	require.Equal(t, []string{"statement.dsse.json: the signature does not fit the key"}, verify(t, changed(files, evidence.StatementFile, append(text, '\n')), want))
}

// crossed signs with one key and shows another.
type crossed struct{ signs, shows *ecdsa.PrivateKey }

func (c crossed) Sign(_ context.Context, data []byte) ([]byte, error) {
	return ecdsa.SignASN1(rand.Reader, c.signs, data[:32])
}

func (c crossed) Public(context.Context) (crypto.PublicKey, error) { return c.shows.Public(), nil }
