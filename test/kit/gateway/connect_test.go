package gateway_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/fintrack/platform/test/kit/gateway"
	"github.com/stretchr/testify/require"
)

// login presigns a connect, as the builder of such tokens in the SDK does.
func login(t *testing.T, c aws.Config, service, host, parameter, user string) string {
	t.Helper()
	q := url.Values{"Action": {"connect"}, parameter: {user}, "X-Amz-Expires": {"900"}}
	r, err := http.NewRequest(http.MethodGet, "https://"+host+"/?"+q.Encode(), nil)
	require.NoError(t, err)
	own, err := c.Credentials.Retrieve(t.Context())
	require.NoError(t, err)
	const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	u, _, err := v4.NewSigner().PresignHTTP(t.Context(), own, r, empty, service, "us-east-1", time.Now())
	require.NoError(t, err)
	return strings.TrimPrefix(u, "https://")
}

func TestADatabaseIsEnteredByATokenForItsUserAlone(t *testing.T) {
	w := shared
	made, err := rds.NewFromConfig(w.admin).CreateDBInstance(t.Context(), &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: aws.String("main"), DBInstanceClass: aws.String("db.m6g.large"), Engine: aws.String("postgres"), AllocatedStorage: aws.Int32(20),
		MasterUsername: aws.String("owner"), MasterUserPassword: aws.String("only-for-a-moment"), EnableIAMDatabaseAuthentication: aws.Bool(true),
	})
	require.NoError(t, err)
	host, port, id := *made.DBInstance.Endpoint.Address, int(*made.DBInstance.Endpoint.Port), *made.DBInstance.DbiResourceId
	at := fmt.Sprintf("%s:%d", host, port)
	w.grant(t, allow("rds-db:connect", "arn:aws:rds-db:us-east-1:"+w.account+":dbuser:"+id+"/fintrack_app"))
	session := w.session(t)
	app := login(t, session, "rds-db", at, "DBUser", "fintrack_app")
	require.NoError(t, w.gateway.ConnectDatabase(t.Context(), host, port, "fintrack_app", app))

	cases := map[string]struct{ user, token, says string }{
		"a user that is not granted":     {"fintrack_migrator", login(t, session, "rds-db", at, "DBUser", "fintrack_migrator"), "not allowed"},
		"a token for another user":       {"fintrack_migrator", app, `for the user "fintrack_app"`},
		"a token whose user was changed": {"fintrack_migrator", strings.Replace(app, "fintrack_app", "fintrack_migrator", 1), "does not match"},
		"a token for another host":       {"fintrack_app", login(t, session, "rds-db", "other:5432", "DBUser", "fintrack_app"), "is for other:5432"},
		"a token for another service":    {"fintrack_app", login(t, session, "elasticache", at, "DBUser", "fintrack_app"), `for the service "elasticache"`},
		"the administrator's token":      {"fintrack_app", login(t, w.admin, "rds-db", at, "DBUser", "fintrack_app"), "administrator's"},
		"a password":                     {"fintrack_app", "only-for-a-moment", "missing Authentication Token"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := w.gateway.ConnectDatabase(t.Context(), host, port, c.user, c.token)
			require.ErrorIs(t, err, gateway.ErrDenied)
			require.ErrorContains(t, err, c.says)
		})
	}
	require.ErrorIs(t, w.gateway.ConnectDatabase(t.Context(), "nowhere", 5432, "fintrack_app", app), gateway.ErrDenied)
	w.set(t, func() { w.ahead = 901 * time.Second })
	require.ErrorContains(t, w.gateway.ConnectDatabase(t.Context(), host, port, "fintrack_app", app), "expired")
}

func TestACacheIsEnteredWhenBothGroupAndUserAreGranted(t *testing.T) {
	w := shared
	client := elasticache.NewFromConfig(w.admin)
	_, err := client.CreateUser(t.Context(), &elasticache.CreateUserInput{UserId: aws.String("worker"), UserName: aws.String("worker"), Engine: aws.String("redis"), AccessString: aws.String("on ~* +@all"), NoPasswordRequired: aws.Bool(true)})
	require.NoError(t, err)
	_, err = client.CreateReplicationGroup(t.Context(), &elasticache.CreateReplicationGroupInput{ReplicationGroupId: aws.String("cache"), ReplicationGroupDescription: aws.String("cache")})
	require.NoError(t, err)
	group := "arn:aws:elasticache:us-east-1:" + w.account + ":replicationgroup:cache"
	user := "arn:aws:elasticache:us-east-1:" + w.account + ":user:worker"
	session := w.session(t)
	token := login(t, session, "elasticache", "cache", "User", "worker")
	for _, one := range []string{group, user} {
		w.grant(t, allow("elasticache:Connect", one))
		require.ErrorIs(t, w.gateway.ConnectCache(t.Context(), "cache", "worker", token), gateway.ErrDenied, one)
	}
	w.grant(t, allow("elasticache:Connect", group), allow("elasticache:Connect", user))
	require.NoError(t, w.gateway.ConnectCache(t.Context(), "cache", "worker", token))
	require.ErrorContains(t, w.gateway.ConnectCache(t.Context(), "cache", "auth", token), `for the user "worker"`)
	require.ErrorIs(t, w.gateway.ConnectCache(t.Context(), "other", "worker", token), gateway.ErrDenied)
}
