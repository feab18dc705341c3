package endtoend

import (
	"net"
	"net/http"
	"net/url"
	"strconv"
)

// emptyHash is the SHA-256 of nothing, which is the body of a presigned login.
const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// connectRequest is the request that a login token is, good for 15 minutes.
func connectRequest(host, parameter, user string) (*http.Request, error) {
	q := url.Values{"Action": {"connect"}, parameter: {user}, "X-Amz-Expires": {"900"}}
	return http.NewRequest(http.MethodGet, "https://"+host+"/?"+q.Encode(), nil)
}

func address(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }
