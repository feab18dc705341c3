package cluster_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// standInMode makes this program stand in for a control plane: it answers what a
// start asks ("serve"), ends at once ("die"), or answers nothing ("silent").
const standInMode = "FINTRACK_CLUSTER_STAND_IN"

func TestMain(m *testing.M) {
	mode := os.Getenv(standInMode)
	if mode == "" || len(os.Args) < 2 || strings.HasPrefix(os.Args[1], "-test.") {
		os.Exit(m.Run())
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM)
	switch {
	case mode == "die":
		fmt.Fprintln(os.Stderr, "no room for etcd")
		os.Exit(1)
	case mode == "silent" || os.Args[1] == "etcd":
	default:
		go standIn(os.Args[1:])
	}
	<-ended
}

// standIn serves on the address, and with the certificate, that the API server's
// flags name.
func standIn(args []string) {
	if args[0] == "--config" {
		var conf struct{ APIServerFlags []string }
		b, err := os.ReadFile(args[1])
		if err != nil || json.Unmarshal(b, &conf) != nil {
			panic(fmt.Sprint("read the configuration: ", err))
		}
		args = conf.APIServerFlags
	}
	flags := map[string]string{}
	for _, a := range args {
		k, v, _ := strings.Cut(strings.TrimPrefix(a, "--"), "=")
		flags[k] = v
	}
	err := http.ListenAndServeTLS("127.0.0.1:"+flags["secure-port"], flags["tls-cert-file"], flags["tls-private-key-file"], &standInAPI{made: map[string]bool{}})
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// standInAPI knows the paths that a start asks, and the names of what is posted.
type standInAPI struct {
	mu   sync.Mutex
	made map[string]bool
}

func (a *standInAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var o struct{ Metadata struct{ Name string } }
	_ = json.NewDecoder(r.Body).Decode(&o)
	path := r.URL.Path
	if r.Method == http.MethodPost {
		path += "/" + o.Metadata.Name
	}
	switch {
	case path == "/refused":
		answer(w, 403, "Forbidden", "not for you")
	case path == "/readyz":
		fmt.Fprint(w, "ok")
	case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/token"):
		answer(w, 404, "NotFound", "no such account")
	case r.Method == http.MethodPost && a.made[path]:
		answer(w, 409, "AlreadyExists", path)
	case r.Method == http.MethodPost:
		a.made[path] = true
		answer(w, 201, "", "")
	case a.made[path], strings.HasSuffix(os.Args[1], "config") && strings.HasSuffix(path, "/serviceaccounts/default"):
		answer(w, 200, "", "")
	default:
		answer(w, 404, "NotFound", path)
	}
}

func answer(w http.ResponseWriter, code int, reason, message string) {
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]any{"reason": reason, "message": message})
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
