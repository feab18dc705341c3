package acm_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/acm/types"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/acm"
)

func TestMain(m *testing.M) { censustest.Main(m) }

func TestACM(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{
		Make: func(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string) {
			for _, key := range []types.KeyAlgorithm{types.KeyAlgorithmRsa2048, types.KeyAlgorithmEcPrime256v1} {
				in := &acm.RequestCertificateInput{DomainName: aws.String(name + ".example.com"), ValidationMethod: types.ValidationMethodDns, KeyAlgorithm: key}
				for k, v := range tags {
					in.Tags = append(in.Tags, types.Tag{Key: aws.String(k), Value: aws.String(v)})
				}
				censustest.Do(t, ctx, acm.NewFromConfig(cfg).RequestCertificate, in)
			}
		},
		Types: []string{"aws_acm_certificate"},
	})
}
