package sigv4_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/fintrack/platform/test/kit/gateway/sigv4"
	"github.com/stretchr/testify/require"
)

var (
	now = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	key = aws.Credentials{AccessKeyID: "ASIAQ3EGRIVUEXAMPLE1", SecretAccessKey: "secret", SessionToken: "token"}
)

// signed returns a request as a server reads it, signed by AWS's own SDK.
func signed(t *testing.T, service, method, target, body string, change func(*http.Request)) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, "https://gateway.test"+target, strings.NewReader(body))
	require.NoError(t, err)
	if change != nil {
		change(r)
	}
	sum := sha256.Sum256([]byte(body))
	hash := hex.EncodeToString(sum[:])
	if h := r.Header.Get("X-Amz-Content-Sha256"); h != "" {
		hash = h
	}
	err = v4.NewSigner().SignHTTP(t.Context(), key, r, hash, service, "us-east-1", now, func(o *v4.SignerOptions) {
		o.DisableURIPathEscaping = service == "s3"
	})
	require.NoError(t, err)
	return asServed(t, r)
}

// asServed sends the request over the wire format, as a server would read it.
func asServed(t *testing.T, r *http.Request) *http.Request {
	t.Helper()
	var wire bytes.Buffer
	require.NoError(t, r.Write(&wire))
	out, err := http.ReadRequest(bufio.NewReader(&wire))
	require.NoError(t, err)
	return out
}

func TestWhatTheSDKSignsIsVerified(t *testing.T) {
	cases := map[string]struct{ service, method, target, body string }{
		"a form":                              {"sts", "POST", "/", "Action=GetCallerIdentity&Version=2011-06-15"},
		"JSON":                                {"dynamodb", "POST", "/", `{"TableName":"t"}`},
		"an object":                           {"s3", "GET", "/bucket/reports/2026/a.csv", ""},
		"an object whose key must be escaped": {"s3", "PUT", "/bucket/reports/a%20b%2Bc%C3%A4", "x"},
		"a query with characters to escape":   {"s3", "GET", "/bucket?list-type=2&prefix=reports%2Fa%20b&x=%2B", ""},
		"a query of flags":                    {"s3", "GET", "/bucket?versioning", ""},
		"a path that is escaped twice":        {"route53", "GET", "/2013-04-01/hostedzone/Z1/a%2Fb", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := signed(t, c.service, c.method, c.target, c.body, nil)
			s, err := sigv4.Parse(r)
			require.NoError(t, err)
			require.Equal(t, key.AccessKeyID, s.AccessKeyID)
			require.Equal(t, c.service, s.Service)
			require.Equal(t, key.SessionToken, s.Token)
			require.NoError(t, s.Verify(r, []byte(c.body), key.SecretAccessKey, now))
			require.ErrorIs(t, s.Verify(r, []byte(c.body), "another", now), sigv4.ErrMismatch)
			require.ErrorIs(t, s.Verify(r, []byte(c.body+"x"), key.SecretAccessKey, now), sigv4.ErrMismatch)
		})
	}
}

func TestWhatIsChangedOnTheWayIsRefused(t *testing.T) {
	cases := map[string]func(*http.Request){
		"another method":              func(r *http.Request) { r.Method = "DELETE" },
		"another key":                 func(r *http.Request) { r.URL.Path = "/bucket/other" },
		"another query":               func(r *http.Request) { r.URL.RawQuery = "acl" },
		"another host":                func(r *http.Request) { r.Host = "other.test" },
		"another encryption":          func(r *http.Request) { r.Header.Set("X-Amz-Server-Side-Encryption", "AES256") },
		"a header that is not signed": func(r *http.Request) { r.Header.Set("X-Amz-Acl", "public-read") },
		"another session's token":     func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", "other") },
		"another time":                func(r *http.Request) { r.Header.Set("X-Amz-Date", "20260304T050608Z") },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			r := signed(t, "s3", "PUT", "/bucket/key", "x", func(r *http.Request) { r.Header.Set("X-Amz-Server-Side-Encryption", "aws:kms") })
			change(r)
			s, err := sigv4.Parse(r)
			require.NoError(t, err)
			require.ErrorIs(t, s.Verify(r, []byte("x"), key.SecretAccessKey, now), sigv4.ErrMismatch)
		})
	}
}

func TestARequestIsGoodForFiveMinutes(t *testing.T) {
	r := signed(t, "sqs", "POST", "/", "{}", nil)
	s, err := sigv4.Parse(r)
	require.NoError(t, err)
	for after, want := range map[time.Duration]error{
		0: nil, 5 * time.Minute: nil, -5 * time.Minute: nil,
		5*time.Minute + time.Second: sigv4.ErrExpired, -5*time.Minute - time.Second: sigv4.ErrExpired,
	} {
		require.ErrorIs(t, s.Verify(r, []byte("{}"), key.SecretAccessKey, now.Add(after)), want, "%s", after)
	}
}

func presigned(t *testing.T, service string, expires string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, "https://db.test:5432/?Action=connect&DBUser=fintrack_app&X-Amz-Expires="+expires, nil)
	require.NoError(t, err)
	hash := "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	if service == "s3" {
		hash = "UNSIGNED-PAYLOAD"
	}
	u, _, err := v4.NewSigner().PresignHTTP(t.Context(), key, r, hash, service, "us-east-1", now, func(o *v4.SignerOptions) {
		o.DisableURIPathEscaping = service == "s3"
	})
	require.NoError(t, err)
	at, err := url.Parse(u)
	require.NoError(t, err)
	out := httptest.NewRequest(http.MethodGet, at.RequestURI(), nil)
	out.Host = at.Host
	return out
}

func TestAPresignedURLIsGoodForAsLongAsItSays(t *testing.T) {
	for _, service := range []string{"rds-db", "s3"} {
		r := presigned(t, service, "900")
		s, err := sigv4.Parse(r)
		require.NoError(t, err)
		require.True(t, s.Presigned)
		require.NoError(t, s.Verify(r, nil, key.SecretAccessKey, now.Add(900*time.Second)))
		require.ErrorIs(t, s.Verify(r, nil, key.SecretAccessKey, now.Add(901*time.Second)), sigv4.ErrExpired)
		r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "fintrack_app", "fintrack_root", 1)
		require.ErrorIs(t, s.Verify(r, nil, key.SecretAccessKey, now), sigv4.ErrMismatch)
	}
}

func TestASignatureThatCannotBeReadIsRefused(t *testing.T) {
	good := signed(t, "sts", "POST", "/", "", nil).Header.Get("Authorization")
	cases := map[string]struct {
		header map[string]string
		query  string
		want   error
		says   string
	}{
		"none":                    {want: sigv4.ErrUnsigned},
		"another scheme":          {header: map[string]string{"Authorization": "AWS key:signature"}, want: sigv4.ErrUnsupported},
		"no credential":           {header: map[string]string{"Authorization": "AWS4-HMAC-SHA256 SignedHeaders=host, Signature=00"}, want: sigv4.ErrIncomplete, says: "Credential"},
		"no signature":            {header: map[string]string{"Authorization": good[:strings.Index(good, ", Signature")], "X-Amz-Date": "20260304T050607Z"}, want: sigv4.ErrIncomplete, says: "Signature"},
		"no date":                 {header: map[string]string{"Authorization": good}, want: sigv4.ErrIncomplete, says: "X-Amz-Date"},
		"another day":             {header: map[string]string{"Authorization": good, "X-Amz-Date": "20260305T000000Z"}, want: sigv4.ErrIncomplete, says: "another day"},
		"the host is not signed":  {header: map[string]string{"Authorization": strings.Replace(good, "host;", "", 1), "X-Amz-Date": "20260304T050607Z"}, want: sigv4.ErrIncomplete, says: "host"},
		"a URL for eight days":    {query: "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=691200", want: sigv4.ErrIncomplete, says: "604800"},
		"a URL of another scheme": {query: "?X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256", want: sigv4.ErrUnsupported},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/"+c.query, nil)
			for k, v := range c.header {
				r.Header.Set(k, v)
			}
			_, err := sigv4.Parse(r)
			require.ErrorIs(t, err, c.want)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestOnlyS3MayLeaveTheBodyUnsigned(t *testing.T) {
	unsigned := func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD") }
	for service, want := range map[string]error{"s3": nil, "sqs": sigv4.ErrUnsupported} {
		r := signed(t, service, "PUT", "/b/k", "x", unsigned)
		s, err := sigv4.Parse(r)
		require.NoError(t, err)
		require.ErrorIs(t, s.Verify(r, []byte("x"), key.SecretAccessKey, now), want)
	}
	r := signed(t, "s3", "PUT", "/b/k", "x", func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD") })
	s, err := sigv4.Parse(r)
	require.NoError(t, err)
	require.ErrorIs(t, s.Verify(r, []byte("x"), key.SecretAccessKey, now), sigv4.ErrUnsupported)
}

func FuzzParse(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=a/20260304/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00", "20260304T050607Z", "")
	f.Add("", "", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=1&X-Amz-Credential=a/b/c/d/aws4_request")
	f.Fuzz(func(t *testing.T, authorization, date, query string) {
		r := &http.Request{Method: "GET", URL: &url.URL{Path: "/", RawQuery: query}, Header: http.Header{}, Host: "h"}
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		r.Header.Set("X-Amz-Date", date)
		s, err := sigv4.Parse(r)
		if err != nil {
			return
		}
		if s.Verify(r, nil, "secret", s.Time) == nil {
			t.Fatalf("a signature without the secret was taken: %q %q %q", authorization, date, query)
		}
	})
}
