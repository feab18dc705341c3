// Package sigv4 reads and verifies AWS Signature Version 4 on the receiving side,
// in headers and in a presigned URL ("Create a signed AWS API request" in the IAM
// User Guide). It is pure: no clock, no network, no store of secrets.
package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Skew is how far a request's time may lie from now, either way ("Create a signed
// AWS API request": five minutes).
const Skew = 5 * time.Minute

// maxExpires is the longest life of a presigned URL: seven days.
const maxExpires = 7 * 24 * time.Hour

const (
	algorithm  = "AWS4-HMAC-SHA256"
	timeFormat = "20060102T150405Z"
	emptyHash  = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

// Errors that a caller answers differently.
var (
	// ErrUnsigned is a request without a signature.
	ErrUnsigned = errors.New("the request is not signed")
	// ErrIncomplete is a signature that cannot be read.
	ErrIncomplete = errors.New("the signature is incomplete")
	// ErrMismatch is a signature that is not of this request by this secret.
	ErrMismatch = errors.New("the signature does not match the request")
	// ErrExpired is a request that is too old, or from the future.
	ErrExpired = errors.New("the signature has expired")
	// ErrUnsupported is a way of signing that is not verified here.
	ErrUnsupported = errors.New("this way of signing is not supported")
)

// Signed is what a request says of its signature; nothing of it is proven until
// Verify returns nil.
type Signed struct {
	AccessKeyID string
	// Date, Region and Service are the scope of the key that signed.
	Date, Region, Service string
	// Token is the session token, or "".
	Token string
	// Time is when the request was signed.
	Time time.Time
	// Expires is how long a presigned URL lives; 0 for a request signed by header.
	Expires time.Duration
	// Presigned says that the signature is in the URL.
	Presigned bool

	headers   []string
	signature string
}

// Parse reads the signature. ErrUnsigned is returned when there is none.
func Parse(r *http.Request) (Signed, error) {
	if a := r.Header.Get("Authorization"); a != "" {
		return parseHeader(r, a)
	}
	if r.URL.Query().Get("X-Amz-Algorithm") != "" {
		return parseQuery(r.URL.Query())
	}
	return Signed{}, ErrUnsigned
}

func parseHeader(r *http.Request, authorization string) (Signed, error) {
	scheme, rest, _ := strings.Cut(authorization, " ")
	if scheme != algorithm {
		return Signed{}, fmt.Errorf("%w: %s", ErrUnsupported, scheme)
	}
	fields := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		k, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		fields[k] = v
	}
	s := Signed{Token: r.Header.Get("X-Amz-Security-Token"), signature: fields["Signature"], headers: strings.Split(fields["SignedHeaders"], ";")}
	if err := s.readScope(fields["Credential"]); err != nil {
		return s, err
	}
	return s, s.readTime(r.Header.Get("X-Amz-Date"))
}

func parseQuery(q url.Values) (Signed, error) {
	if a := q.Get("X-Amz-Algorithm"); a != algorithm {
		return Signed{}, fmt.Errorf("%w: %s", ErrUnsupported, a)
	}
	s := Signed{
		Presigned: true, Token: q.Get("X-Amz-Security-Token"), signature: q.Get("X-Amz-Signature"),
		headers: strings.Split(q.Get("X-Amz-SignedHeaders"), ";"),
	}
	seconds, err := strconv.Atoi(q.Get("X-Amz-Expires"))
	if err != nil || seconds <= 0 || time.Duration(seconds)*time.Second > maxExpires {
		return s, fmt.Errorf("%w: X-Amz-Expires=%q is no number of seconds up to 604800", ErrIncomplete, q.Get("X-Amz-Expires"))
	}
	s.Expires = time.Duration(seconds) * time.Second
	if err := s.readScope(q.Get("X-Amz-Credential")); err != nil {
		return s, err
	}
	return s, s.readTime(q.Get("X-Amz-Date"))
}

func (s *Signed) readScope(credential string) error {
	parts := strings.Split(credential, "/")
	if len(parts) != 5 || parts[4] != "aws4_request" || slices.Contains(parts, "") {
		return fmt.Errorf("%w: Credential=%q is not <key>/<date>/<region>/<service>/aws4_request", ErrIncomplete, credential)
	}
	s.AccessKeyID, s.Date, s.Region, s.Service = parts[0], parts[1], parts[2], parts[3]
	if s.signature == "" {
		return fmt.Errorf("%w: no Signature", ErrIncomplete)
	}
	if !slices.Contains(s.headers, "host") {
		return fmt.Errorf("%w: SignedHeaders lacks host", ErrIncomplete)
	}
	return nil
}

func (s *Signed) readTime(date string) (err error) {
	if s.Time, err = time.Parse(timeFormat, date); err != nil {
		return fmt.Errorf("%w: X-Amz-Date=%q is not yyyymmddThhmmssZ", ErrIncomplete, date)
	}
	if !strings.HasPrefix(date, s.Date) {
		return fmt.Errorf("%w: X-Amz-Date=%q lies on another day than the scope's %s", ErrIncomplete, date, s.Date)
	}
	return nil
}

// Verify reports whether the request was signed with secret and reaches us in
// time. body is the whole body as it was sent.
func (s Signed) Verify(r *http.Request, body []byte, secret string, now time.Time) error {
	if err := s.inTime(now); err != nil {
		return err
	}
	hash, err := s.payload(r, body)
	if err != nil {
		return err
	}
	if err := s.coversAmzHeaders(r); err != nil {
		return err
	}
	want, err := hex.DecodeString(s.signature)
	if err != nil || !hmac.Equal(want, s.sign(r, hash, secret)) {
		return ErrMismatch
	}
	return nil
}

func (s Signed) inTime(now time.Time) error {
	if s.Time.After(now.Add(Skew)) {
		return fmt.Errorf("%w: signed at %s, which is still to come at %s", ErrExpired, s.Time.Format(timeFormat), now.UTC().Format(timeFormat))
	}
	life := Skew
	if s.Presigned {
		life = s.Expires
	}
	if now.After(s.Time.Add(life)) {
		return fmt.Errorf("%w: %s is now earlier than %s", ErrExpired, s.Time.Format(timeFormat), now.Add(-life).UTC().Format(timeFormat))
	}
	return nil
}

// payload returns what stands for the body in the canonical request.
func (s Signed) payload(r *http.Request, body []byte) (string, error) {
	sum := sha256.Sum256(body)
	actual := hex.EncodeToString(sum[:])
	said := r.Header.Get("X-Amz-Content-Sha256")
	switch {
	case s.Presigned && s.Service == "s3":
		return "UNSIGNED-PAYLOAD", nil
	case s.Presigned && said == "":
		return emptyHash, nil
	case said == "":
		return actual, nil
	case said == "UNSIGNED-PAYLOAD" || said == "STREAMING-UNSIGNED-PAYLOAD-TRAILER":
		if s.Service != "s3" {
			return "", fmt.Errorf("%w: X-Amz-Content-Sha256=%s is for S3 alone", ErrUnsupported, said)
		}
		return said, nil
	case strings.HasPrefix(said, "STREAMING-"):
		return "", fmt.Errorf("%w: X-Amz-Content-Sha256=%s", ErrUnsupported, said)
	case said != actual:
		return "", fmt.Errorf("%w: the body is not the one that X-Amz-Content-Sha256 names", ErrMismatch)
	}
	return actual, nil
}

// coversAmzHeaders refuses a header that could change what the request does and is
// not signed.
func (s Signed) coversAmzHeaders(r *http.Request) error {
	for name := range r.Header {
		name = strings.ToLower(name)
		if strings.HasPrefix(name, "x-amz-") && !slices.Contains(s.headers, name) {
			return fmt.Errorf("%w: there were headers present in the request which were not signed: %s", ErrMismatch, name)
		}
	}
	return nil
}

func (s Signed) sign(r *http.Request, payload, secret string) []byte {
	sum := sha256.Sum256([]byte(s.canonical(r, payload)))
	scope := strings.Join([]string{s.Date, s.Region, s.Service, "aws4_request"}, "/")
	text := strings.Join([]string{algorithm, s.Time.Format(timeFormat), scope, hex.EncodeToString(sum[:])}, "\n")
	key := []byte("AWS4" + secret)
	for _, part := range []string{s.Date, s.Region, s.Service, "aws4_request", text} {
		m := hmac.New(sha256.New, key)
		m.Write([]byte(part))
		key = m.Sum(nil)
	}
	return key
}

// canonical is the canonical request.
func (s Signed) canonical(r *http.Request, payload string) string {
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	if s.Service != "s3" { // S3 alone escapes once
		path = escapePath(path)
	}
	q := r.URL.Query()
	q.Del("X-Amz-Signature")
	var b strings.Builder
	for _, part := range []string{r.Method, path, strings.ReplaceAll(q.Encode(), "+", "%20")} {
		b.WriteString(part + "\n")
	}
	for _, name := range s.headers {
		b.WriteString(name + ":" + headerValue(r, name) + "\n")
	}
	b.WriteString("\n" + strings.Join(s.headers, ";") + "\n" + payload)
	return b.String()
}

func headerValue(r *http.Request, name string) string {
	switch name {
	case "host":
		return r.Host
	case "content-length":
		return strconv.FormatInt(r.ContentLength, 10)
	}
	var values []string
	for _, v := range r.Header.Values(name) {
		values = append(values, strings.Join(strings.Fields(v), " "))
	}
	return strings.Join(values, ",")
}

// escapePath escapes every byte but the unreserved ones of RFC 3986 and the slash.
func escapePath(path string) string {
	const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"
	var b strings.Builder
	for i := range len(path) {
		if c := path[i]; strings.IndexByte(unreserved, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
