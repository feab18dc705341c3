// Package calls reads an AWS API request and says what it needs to be allowed: the
// actions, the ARNs of their resources and the condition keys that the request
// carries ("Actions, resources, and condition keys" of each service in the Service
// Authorization Reference). It is pure: what a request does not say itself, such as
// the ARN behind a name, it asks of Facts.
//
// A request that is not understood in full is an error, and never a guess: the
// gateway refuses it.
package calls

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// ErrUnknown is a request that is not mapped to actions.
var ErrUnknown = errors.New("the gateway knows no such request")

// Protocol is the shape in which a service speaks; errors are told in it.
type Protocol uint8

// The protocols ("AWS protocols" in the Smithy documentation).
const (
	// Query is a form in, XML out.
	Query Protocol = iota + 1
	// EC2Query is EC2's own kind of Query.
	EC2Query
	// JSON10 and JSON11 are JSON with the operation in a header.
	JSON10
	JSON11
	// RESTJSON and RESTXML have the operation in method and path.
	RESTJSON
	RESTXML
	// CBOR is Smithy's RPC v2.
	CBOR
)

// Input is a request as it came in.
type Input struct {
	Request *http.Request
	Body    []byte
	// Service and Region are the scope that the request was signed for.
	Service, Region string
	// Account is the caller's, 12 digits.
	Account string
	Facts   Facts
}

// Facts are what requests refer to and do not say.
type Facts interface {
	// SecretARN is the ARN of the secret of that name or partial ARN, "" when there is
	// none.
	SecretARN(region, id string) string
	// KeyARN is the ARN of the KMS key of that id, alias or ARN; "" when there is none.
	KeyARN(region, id string) string
	// CiphertextKey is the ARN of the KMS key that made a ciphertext, or "".
	CiphertextKey(region string, blob []byte) string
	// ProfileRole is the ARN of the role in the instance profile of that name or ARN,
	// TemplateProfile the profile of a launch template (by id or name); "" for none.
	ProfileRole(profile string) string
	TemplateProfile(region, template string) string
}

// Call is what a request asks for.
type Call struct {
	// Service is the service's prefix in IAM, Operation the API's name of the operation.
	Service, Operation string
	Protocol           Protocol
	// Needs must all be allowed. None: the operation needs no permission.
	Needs []Need
	// Keys are uses of KMS keys that the service makes for the caller.
	Keys []KeyUse
	// DryRun asks whether the call would be allowed, and no more (EC2's parameter).
	DryRun bool
}

// Need is one action on one resource.
type Need struct {
	Action, Resource string
	// Context holds the condition keys that the request gives this need.
	Context map[string][]string
}

// KeyUse is what a service asks of the key of a resource, in the caller's name.
type KeyUse struct {
	// Of is the ARN of the resource whose key it is.
	Of string
	// Key is the key that the request itself names; else the resource's.
	Key string
	// Actions are those on the key.
	Actions []string
	// Context is the encryption context.
	Context map[string]string
	// Answer says that the answer shows which key it is: a stored object's.
	Answer bool
}

// Map reads the request. The error is ErrUnknown for one that is not understood.
func Map(in Input) (Call, error) {
	s, ok := services[in.Service]
	if !ok {
		return Call{Service: in.Service, Protocol: guessProtocol(in.Request)}, fmt.Errorf("%w: service %s", ErrUnknown, in.Service)
	}
	c, err := s(&in)
	if err != nil {
		return c, err
	}
	if c.Needs == nil && !free[c.Service+":"+c.Operation] {
		return c, fmt.Errorf("%w: %s:%s names no resource", ErrUnknown, c.Service, c.Operation)
	}
	return c, nil
}

// free are the operations that need no permission.
var free = map[string]bool{"sts:GetCallerIdentity": true, "sts:AssumeRoleWithWebIdentity": true}

// services map by the name in the signature's scope.
var services = map[string]func(*Input) (Call, error){
	"s3": s3, "sqs": sqs, "sns": sns, "secretsmanager": secrets, "kms": kms, "dynamodb": dynamodb,
	"ecr": ecr, "sts": sts, "ec2": ec2, "elasticloadbalancing": balancing, "route53": route53,
	"monitoring": metrics, "logs": logs, "tagging": tagging, "ssm": parameters, "pricing": pricing,
	"eks": clusters, "acm": certificates, "wafv2": firewalls, "iam": identities,
}

// Prefixes are the services, as signatures name them, whose requests are mapped.
func Prefixes() []string {
	var list []string
	for s := range services {
		list = append(list, s)
	}
	return list
}

func guessProtocol(r *http.Request) Protocol {
	switch {
	case r.Header.Get("X-Amz-Target") != "":
		return JSON11
	case strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		return Query
	case strings.Contains(r.Header.Get("Content-Type"), "json"):
		return RESTJSON
	}
	return RESTXML
}

// arn puts an ARN of the caller's account and the request's region together.
func (in *Input) arn(service, resource string) string {
	return strings.Join([]string{"arn", "aws", service, in.Region, in.Account, resource}, ":")
}

// target reads a JSON request: the operation and the body.
func (in *Input) target(prefix string, protocol Protocol) (Call, document, error) {
	c := Call{Service: prefix, Protocol: protocol}
	t := in.Request.Header.Get("X-Amz-Target")
	i := strings.LastIndexByte(t, '.')
	if i < 0 || i == len(t)-1 {
		return c, nil, fmt.Errorf("%w: X-Amz-Target %q names no operation", ErrUnknown, t)
	}
	c.Operation = t[i+1:]
	var d document
	if err := json.Unmarshal(in.Body, &d); err != nil {
		return c, nil, fmt.Errorf("%w: the body of %s:%s is no JSON object", ErrUnknown, prefix, c.Operation)
	}
	return c, d, nil
}

// form reads a Query request.
func (in *Input) form(prefix string, protocol Protocol) (Call, url.Values, error) {
	c := Call{Service: prefix, Protocol: protocol}
	values, err := url.ParseQuery(string(in.Body))
	if err != nil {
		return c, nil, fmt.Errorf("%w: the body is no form", ErrUnknown)
	}
	for k, v := range in.Request.URL.Query() {
		if !strings.HasPrefix(k, "X-Amz-") {
			values[k] = append(values[k], v...)
		}
	}
	for k, v := range values {
		if len(v) != 1 { // which one counts must not be a matter of who reads it
			return c, nil, fmt.Errorf("%w: the form has %s %d times", ErrUnknown, k, len(v))
		}
	}
	if values.Get("Action") == "" {
		return c, nil, fmt.Errorf("%w: the form names no Action", ErrUnknown)
	}
	c.Operation = values.Get("Action")
	return c, values, nil
}

// need adds one resource to the call, under the operation's own name.
func (c *Call) need(resource string, context map[string][]string) *Call {
	return c.also(c.Service+":"+c.Operation, resource, context)
}

func (c *Call) also(action, resource string, context map[string][]string) *Call {
	c.Needs = append(c.Needs, Need{Action: action, Resource: resource, Context: context})
	return c
}

// unknown is the answer to an operation that is not mapped.
func (c Call) unknown() (Call, error) {
	return c, fmt.Errorf("%w: %s:%s", ErrUnknown, c.Service, c.Operation)
}

// missing is the answer to an operation that lacks what names its resource.
func (c Call) missing(what string) (Call, error) {
	return c, fmt.Errorf("%w: %s:%s names no %s", ErrUnknown, c.Service, c.Operation, what)
}

// document is a JSON object.
type document map[string]any

// text is a member that is a string, or "".
func (d document) text(name string) string {
	s, _ := d[name].(string)
	return s
}

// texts is a member that is a list of strings.
func (d document) texts(name string) []string {
	var out []string
	list, _ := d[name].([]any)
	for _, v := range list {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func (d document) object(name string) document {
	o, _ := d[name].(map[string]any)
	return o
}

func (d document) objects(name string) []document {
	var out []document
	list, _ := d[name].([]any)
	for _, v := range list {
		if o, ok := v.(map[string]any); ok {
			out = append(out, o)
		}
	}
	return out
}

// context makes condition keys of those values that are there.
func context(pairs ...string) map[string][]string {
	out := map[string][]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out[pairs[i]] = []string{pairs[i+1]}
		}
	}
	return out
}

// tagged are the condition keys of tags in a request, as key and value pairs.
func tagged(tags map[string]string) map[string][]string {
	out := map[string][]string{}
	for k, v := range tags {
		out["aws:RequestTag/"+k] = []string{v}
		out["aws:TagKeys"] = append(out["aws:TagKeys"], k)
	}
	return out
}
