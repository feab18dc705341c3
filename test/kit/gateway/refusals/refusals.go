// Package refusals says no in the words and the shape of each AWS service: XML of
// the Query and REST protocols, EC2's own, JSON 1.0 and 1.1, REST JSON and CBOR.
package refusals

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strings"

	"github.com/fintrack/platform/test/kit/gateway/calls"
	"github.com/fintrack/platform/test/kit/iam"
)

// Kind is why a request is refused.
type Kind uint8

// The kinds ("Common errors" in the services' API references).
const (
	// AccessDenied is a request that policies do not allow.
	AccessDenied Kind = iota + 1
	// UnknownKey is an access key that nobody was given.
	UnknownKey
	// ExpiredSession is a session whose time is over.
	ExpiredSession
	// BadSignature is a signature that is not of the request.
	BadSignature
	// Stale is a request whose time is too far from now.
	Stale
	// Unsigned is a request that must be signed and is not.
	Unsigned
	// Invalid is a request of the wrong form.
	Invalid
	// Broken is a failure of the gateway itself.
	Broken
)

// Refusal is the answer to a request that goes no further.
type Refusal struct {
	Kind Kind
	// Code replaces the service's usual code for the kind, when not empty; Status
	// likewise, when not 0.
	Code    string
	Status  int
	Message string
}

// shape is how a protocol names a kind.
type shape struct {
	code   string
	status int
}

// usual are the codes of the protocols, XML ones first, then JSON.
var usual = map[Kind][2]shape{
	AccessDenied:   {{"AccessDenied", 403}, {"AccessDeniedException", 400}},
	UnknownKey:     {{"InvalidClientTokenId", 403}, {"UnrecognizedClientException", 400}},
	ExpiredSession: {{"ExpiredToken", 403}, {"ExpiredTokenException", 400}},
	BadSignature:   {{"SignatureDoesNotMatch", 403}, {"InvalidSignatureException", 400}},
	Stale:          {{"SignatureDoesNotMatch", 403}, {"InvalidSignatureException", 400}},
	Unsigned:       {{"MissingAuthenticationToken", 403}, {"MissingAuthenticationTokenException", 400}},
	Invalid:        {{"ValidationError", 400}, {"ValidationException", 400}},
	Broken:         {{"InternalFailure", 500}, {"InternalFailure", 500}},
}

// own are the services that have codes of their own.
var own = map[string]map[Kind]shape{
	"s3": {
		UnknownKey: {"InvalidAccessKeyId", 403}, ExpiredSession: {"ExpiredToken", 400}, Stale: {"RequestTimeTooSkewed", 403},
		Unsigned: {"AccessDenied", 403}, Invalid: {"InvalidRequest", 400}, Broken: {"InternalError", 500},
	},
	"ec2": {
		AccessDenied: {"UnauthorizedOperation", 403}, UnknownKey: {"AuthFailure", 401}, ExpiredSession: {"RequestExpired", 400},
		BadSignature: {"AuthFailure", 401}, Stale: {"RequestExpired", 400}, Invalid: {"InvalidParameterValue", 400}, Broken: {"InternalError", 500},
	},
	"sns": {AccessDenied: {"AuthorizationError", 403}},
	"eks": {AccessDenied: {"AccessDeniedException", 403}},
	"sqs": {AccessDenied: {"AccessDeniedException", 403}},
}

// shapeOf is the code and status of a refusal.
func (r Refusal) shapeOf(service string, p calls.Protocol) shape {
	s, ok := own[service][r.Kind]
	if !ok {
		i := 0
		switch p {
		case calls.JSON10, calls.JSON11, calls.RESTJSON, calls.CBOR:
			i = 1
		}
		s = usual[r.Kind][i]
	}
	if service == "sqs" && p == calls.Query {
		s.code = strings.TrimSuffix(s.code, "Exception")
	}
	if r.Code != "" {
		s.code = r.Code
	}
	if r.Status != 0 {
		s.status = r.Status
	}
	return s
}

// Write answers with the refusal. service is the prefix in IAM.
func Write(w http.ResponseWriter, p calls.Protocol, service, requestID string, r Refusal) {
	s := r.shapeOf(service, p)
	h := w.Header()
	h.Set("X-Amzn-Requestid", requestID)
	var body []byte
	switch p {
	case calls.JSON10, calls.JSON11, calls.RESTJSON:
		h.Set("Content-Type", map[calls.Protocol]string{calls.JSON10: "application/x-amz-json-1.0", calls.JSON11: "application/x-amz-json-1.1", calls.RESTJSON: "application/json"}[p])
		h.Set("X-Amzn-Errortype", s.code)
		if service == "sqs" {
			h.Set("X-Amzn-Query-Error", strings.TrimSuffix(s.code, "Exception")+";Sender")
		}
		body, _ = json.Marshal(map[string]string{"__type": s.code, "message": r.Message}) // strings always encode
	case calls.CBOR:
		h.Set("Content-Type", "application/cbor")
		h.Set("Smithy-Protocol", "rpc-v2-cbor")
		body = append([]byte{0xa2}, cborText("__type")...)
		for _, t := range []string{s.code, "message", r.Message} {
			body = append(body, cborText(t)...)
		}
	case calls.EC2Query:
		body = encode(h, ec2Error{Code: s.code, Message: r.Message, ID: requestID})
	case calls.RESTXML:
		if service == "s3" {
			h.Set("X-Amz-Request-Id", requestID)
			body = encode(h, s3Error{Code: s.code, Message: r.Message, ID: requestID})
			break
		}
		body = encode(h, queryError{Space: space(service), Type: "Sender", Code: s.code, Message: r.Message, ID: requestID})
	default:
		body = encode(h, queryError{Space: space(service), Type: "Sender", Code: s.code, Message: r.Message, ID: requestID})
	}
	w.WriteHeader(s.status)
	_, _ = w.Write(body) // whoever went away does not need it
}

type s3Error struct {
	XMLName xml.Name `xml:"Error"`
	Code    string   `xml:"Code"`
	Message string   `xml:"Message"`
	ID      string   `xml:"RequestId"`
}

type queryError struct {
	XMLName xml.Name `xml:"ErrorResponse"`
	Space   string   `xml:"xmlns,attr,omitempty"`
	Type    string   `xml:"Error>Type"`
	Code    string   `xml:"Error>Code"`
	Message string   `xml:"Error>Message"`
	ID      string   `xml:"RequestId"`
}

type ec2Error struct {
	XMLName xml.Name `xml:"Response"`
	Code    string   `xml:"Errors>Error>Code"`
	Message string   `xml:"Errors>Error>Message"`
	ID      string   `xml:"RequestID"`
}

// space is the XML namespace of a service's answers.
func space(service string) string {
	return map[string]string{
		"sts": "https://sts.amazonaws.com/doc/2011-06-15/", "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
		"sns": "http://sns.amazonaws.com/doc/2010-03-31/", "sqs": "http://queue.amazonaws.com/doc/2012-11-05/",
		"elasticloadbalancing": "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
		"cloudwatch":           "http://monitoring.amazonaws.com/doc/2010-08-01/", "route53": "https://route53.amazonaws.com/doc/2013-04-01/",
	}[service]
}

func encode(h http.Header, v any) []byte {
	h.Set("Content-Type", "text/xml")
	b, _ := xml.Marshal(v) // strings always encode
	return append([]byte(xml.Header), b...)
}

// cborText is a text string of CBOR (RFC 8949, major type 3), up to 65535 bytes.
func cborText(s string) []byte {
	s = s[:min(len(s), 65535)]
	n := len(s)
	head := []byte{0x79, byte(n >> 8), byte(n)}
	switch {
	case n < 24:
		head = []byte{0x60 | byte(n)}
	case n < 256:
		head = []byte{0x78, byte(n)}
	}
	return append(head, s...)
}

// Denial says in AWS's words who was denied what, and by which kind of policy
// ("Access denied error messages" in the IAM User Guide).
func Denial(r *iam.Request, got iam.Result) string {
	text := "User: " + r.Principal.String() + " is not authorized to perform: " + r.Action
	if r.Resource != "*" {
		text += " on resource: " + r.Resource
	}
	kind := map[iam.Layer]string{
		iam.ResourceControlLayer: "resource control policy", iam.ServiceControlLayer: "service control policy", iam.EndpointLayer: "VPC endpoint policy",
		iam.ResourceLayer: "resource-based policy", iam.IdentityLayer: "identity-based policy", iam.BoundaryLayer: "permissions boundary",
		iam.SessionLayer: "session policy",
	}[got.Layer]
	article := "a "
	if strings.HasPrefix(kind, "identity") {
		article = "an "
	}
	if got.Decision == iam.ExplicitlyDenied {
		text += " with an explicit deny in " + article + kind
	} else {
		text += " because no " + kind + " allows the " + r.Action + " action"
	}
	if strings.HasPrefix(r.Action, "ec2:") {
		text = "You are not authorized to perform this operation. " + text
	}
	return text
}
