package gateway

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/fintrack/platform/test/kit/gateway/calls"
	"github.com/fintrack/platform/test/kit/gateway/refusals"
)

// hop are the headers that concern one connection alone (RFC 9110, 7.6.1).
var hop = []string{"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

// forward sends the request to the emulator as its administrator's, who is whom the
// emulator knows, and hands on the answer. keys, when not nil, is asked about the
// answer before anybody sees it.
func (x *exchange) forward(keys func(http.Header) (bool, error)) {
	out, err := x.upstream()
	if err != nil {
		x.broken(err)
		return
	}
	res, err := x.g.client.Do(out)
	if err != nil {
		x.shapeForRoot()
		x.refuse(refusals.Refusal{Kind: refusals.Broken, Status: http.StatusBadGateway, Message: "the emulator does not answer: " + err.Error()})
		return
	}
	defer res.Body.Close()
	if writes(x.caller.signed.Service, operationOf(x)) {
		x.g.store.wrote(x.caller.signed.Service)
	}
	if keys != nil && res.StatusCode < 300 {
		allowed, err := keys(res.Header)
		if err != nil {
			x.broken(err)
			return
		}
		if !allowed {
			return // it is refused already
		}
	}
	h := x.w.Header()
	for k, v := range res.Header {
		h[k] = v
	}
	for _, k := range hop {
		h.Del(k)
	}
	x.w.WriteHeader(res.StatusCode)
	_, _ = io.Copy(x.w, res.Body) // whoever went away does not need it
}

// shapeForRoot finds the shape of a refusal for a request that was not mapped.
func (x *exchange) shapeForRoot() {
	if x.call.Protocol == 0 {
		x.shape()
	}
}

// upstream is the request as the emulator is asked it.
func (x *exchange) upstream() (*http.Request, error) {
	at := *x.r.URL
	at.Scheme, at.Host = x.g.upstream.Scheme, x.g.upstream.Host
	root, own := x.g.sessions.root, x.caller.signed.AccessKeyID
	if x.caller.signed.Presigned {
		q := at.Query()
		q.Set("X-Amz-Credential", strings.Replace(q.Get("X-Amz-Credential"), own, root.AccessKeyID, 1))
		q.Set("X-Amz-Security-Token", root.SessionToken)
		at.RawQuery = q.Encode()
	}
	out, err := http.NewRequestWithContext(x.r.Context(), x.r.Method, at.String(), bytes.NewReader(x.body))
	if err != nil {
		return nil, err
	}
	out.Header = x.r.Header.Clone()
	for _, k := range hop {
		out.Header.Del(k)
	}
	if a := out.Header.Get("Authorization"); a != "" {
		out.Header.Set("Authorization", strings.Replace(a, own, root.AccessKeyID, 1))
		out.Header.Set("X-Amz-Security-Token", root.SessionToken)
	}
	return out, nil
}

// operationOf is the operation of a request, mapped or not.
func operationOf(x *exchange) string {
	if x.call.Operation != "" {
		return x.call.Operation
	}
	if t := x.r.Header.Get("X-Amz-Target"); t != "" {
		return t[strings.LastIndexByte(t, '.')+1:]
	}
	if v, err := url.ParseQuery(string(x.body)); err == nil && v.Get("Action") != "" {
		return v.Get("Action")
	}
	call, err := calls.Map(x.input())
	if err != nil && !errors.Is(err, calls.ErrUnknown) || call.Operation == "" {
		return x.r.Method
	}
	return call.Operation
}

// contents are operations that write what a service holds for its users, and no
// setting of the service.
var contents = map[string]bool{
	"SendMessage": true, "SendMessageBatch": true, "DeleteMessage": true, "DeleteMessageBatch": true, "ReceiveMessage": true,
	"ChangeMessageVisibility": true, "ChangeMessageVisibilityBatch": true, "Publish": true, "PublishBatch": true,
	"Encrypt": true, "Decrypt": true, "ReEncrypt": true, "GenerateDataKey": true, "GenerateDataKeyWithoutPlaintext": true,
	"PutItem": true, "UpdateItem": true, "DeleteItem": true, "BatchGetItem": true, "BatchWriteItem": true, "Query": true, "Scan": true,
	"TransactGetItems": true, "TransactWriteItems": true, "PutObject": true, "DeleteObject": true, "UploadPart": true,
	"CreateMultipartUpload": true, "CompleteMultipartUpload": true, "AbortMultipartUpload": true, "PutLogEvents": true,
	"CreateLogStream": true, "PutMetricData": true, "GET": true, "HEAD": true, "BatchGetImage": true, "BatchCheckLayerAvailability": true,
}

// writes says whether an operation may change what the gateway reads of a service:
// policies, keys, names, tags.
func writes(service, operation string) bool {
	for _, read := range []string{"Get", "List", "Describe", "Head"} {
		if strings.HasPrefix(operation, read) {
			return false
		}
	}
	return service == "" || !contents[operation]
}
