package policydoc_test

import (
	"net/url"
	"testing"

	"github.com/fintrack/platform/test/kit/policydoc"
	"github.com/stretchr/testify/require"
)

func TestDocumentsOfOneMeaningAreEqual(t *testing.T) {
	want := []policydoc.Statement{{
		"Effect": "Allow", "Action": []any{"s3:GetObject", "s3:PutObject"}, "Resource": "arn:aws:s3:::b/*",
		"Principal": map[string]any{"AWS": "arn:aws:iam::123456789012:root"},
		"Condition": map[string]any{"StringEquals": map[string]any{"aws:SourceVpce": []any{"vpce-1", "vpce-2"}}},
	}}
	for name, document := range map[string]string{
		"lists in another order": `{"Statement":[{"Effect":"Allow","Action":["s3:PutObject","s3:GetObject"],"Resource":"arn:aws:s3:::b/*","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Condition":{"StringEquals":{"aws:SourceVpce":["vpce-2","vpce-1"]}}}]}`,
		"lists of one":           `{"Statement":[{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":["arn:aws:s3:::b/*"],"Principal":{"AWS":["arn:aws:iam::123456789012:root"]},"Condition":{"StringEquals":{"aws:SourceVpce":["vpce-1","vpce-2"]}}}]}`,
		"a statement alone":      `{"Statement":{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::b/*","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Condition":{"StringEquals":{"aws:SourceVpce":["vpce-1","vpce-2"]}}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			for _, text := range []string{document, url.QueryEscape(document)} {
				got, err := policydoc.Read(text)
				require.NoError(t, err)
				require.Equal(t, want, got)
			}
		})
	}
}

func TestStatementsAreFoundByTheirSid(t *testing.T) {
	got, err := policydoc.BySid(`{"Statement":[{"Sid":"A","Effect":"Allow"},{"Sid":"B","Effect":"Deny"}]}`)
	require.NoError(t, err)
	require.Equal(t, "Deny", got["B"]["Effect"])
	_, err = policydoc.BySid(`{"Statement":[{"Sid":"A"},{"Sid":"A"}]}`)
	require.ErrorContains(t, err, `two statements are called "A"`)
}

func TestWhatIsNoPolicyIsRefused(t *testing.T) {
	for _, text := range []string{"", "x", `{}`, `{"Statement":"x"}`, "%zz"} {
		_, err := policydoc.Read(text)
		require.Error(t, err, text)
	}
}
