package census

import (
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// goneCode matches the error codes with which services say that a resource is
// not there: ResourceNotFoundException, InvalidVpcID.NotFound, NoSuchBucket,
// NoSuchEntity, AWS.SimpleQueueService.NonExistentQueue, WAFNonexistentItemException.
var goneCode = regexp.MustCompile(`(?i)(not_?found|nosuch|non_?existent|doesnotexist|notexist)`)

// Gone reports whether the error says that the resource does not exist.
func Gone(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && goneCode.MatchString(api.ErrorCode())
}

// HasCode reports whether the error is an API's, with one of the codes.
func HasCode(err error, codes ...string) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return false
	}
	for _, c := range codes {
		if api.ErrorCode() == c {
			return true
		}
	}
	return false
}

// unimplemented reports whether an emulator has no such service. AWS answers
// every request in the format of the service; a page of HTML that says 404 comes
// from the web framework under the emulator. Any other failure of an emulator,
// its HTML page that says 500 included, is an error; and so is an answer with an
// error code of the service, which some emulated services send as HTML as well.
func unimplemented(err error) bool {
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() != "" && api.ErrorCode() != "UnknownError" {
		return false
	}
	var res *smithyhttp.ResponseError
	if !errors.As(err, &res) || res.Response == nil {
		return false
	}
	return res.HTTPStatusCode() == http.StatusNotFound &&
		strings.HasPrefix(res.Response.Header.Get("Content-Type"), "text/html")
}
