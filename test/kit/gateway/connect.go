package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/fintrack/platform/test/kit/iam"
)

// ErrDenied is a connection that is refused: by the token, or by policies.
var ErrDenied = errors.New("the connection is refused")

// ConnectDatabase stands where RDS does when a client logs in with an IAM token as its
// password: it verifies the token, that it is for this host, port and user, and that
// the caller may rds-db:connect as that user ("IAM database authentication" in the RDS
// guide). host is the endpoint of an instance or a cluster, port its port. The error is
// ErrDenied with the reason.
func (g *Gateway) ConnectDatabase(ctx context.Context, host string, port int, user, token string) error {
	id, region, err := g.store.database(ctx, host, port)
	if err != nil {
		return err
	}
	q, s, r, err := g.presigned(token, "rds-db", fmt.Sprintf("%s:%d", host, port))
	if err != nil {
		return err
	}
	if q.Get("DBUser") != user {
		return fmt.Errorf("%w: the token is for the user %q, not %q", ErrDenied, q.Get("DBUser"), user)
	}
	return g.connects(ctx, s, r, region, "rds-db:connect", "arn:aws:rds-db:"+region+":"+g.config.Account+":dbuser:"+id+"/"+user)
}

// ConnectCache is ConnectDatabase for a replication group of ElastiCache, whose
// policies must name both the group and the user ("Authenticating with IAM" in the
// ElastiCache guide).
func (g *Gateway) ConnectCache(ctx context.Context, group, user, token string) error {
	q, s, r, err := g.presigned(token, "elasticache", group)
	if err != nil {
		return err
	}
	if q.Get("User") != user {
		return fmt.Errorf("%w: the token is for the user %q, not %q", ErrDenied, q.Get("User"), user)
	}
	region := s.region
	client := elasticache.NewFromConfig(g.store.in(region))
	out, err := client.DescribeReplicationGroups(ctx, &elasticache.DescribeReplicationGroupsInput{ReplicationGroupId: &group})
	if err != nil || len(out.ReplicationGroups) != 1 {
		return fmt.Errorf("%w: no replication group %s: %w", ErrDenied, group, err)
	}
	users, err := client.DescribeUsers(ctx, &elasticache.DescribeUsersInput{UserId: &user})
	if err != nil || len(users.Users) != 1 {
		return fmt.Errorf("%w: no user %s: %w", ErrDenied, user, err)
	}
	for _, arn := range []string{aws.ToString(out.ReplicationGroups[0].ARN), aws.ToString(users.Users[0].ARN)} {
		if err := g.connects(ctx, s, r, region, "elasticache:Connect", arn); err != nil {
			return err
		}
	}
	return nil
}

// holder is the session that presigned a token, and the region that it is for.
type holder struct {
	session *session
	region  string
}

// presigned verifies a token, which is a presigned URL without its scheme.
func (g *Gateway) presigned(token, service, host string) (url.Values, holder, *http.Request, error) {
	var h holder
	u, err := url.Parse("https://" + token)
	if err != nil {
		return nil, h, nil, fmt.Errorf("%w: the token is no presigned URL", ErrDenied)
	}
	r := &http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Header: http.Header{}}
	c, no := g.identify(r, nil)
	switch {
	case no != nil:
		return nil, h, nil, fmt.Errorf("%w: %s", ErrDenied, no.Message)
	case c.root || c.session == nil:
		return nil, h, nil, fmt.Errorf("%w: the token is the administrator's", ErrDenied)
	case !c.signed.Presigned || c.signed.Service != service:
		return nil, h, nil, fmt.Errorf("%w: the token is for the service %q, not %s", ErrDenied, c.signed.Service, service)
	case !strings.EqualFold(u.Host, host):
		return nil, h, nil, fmt.Errorf("%w: the token is for %s, not %s", ErrDenied, u.Host, host)
	case u.Query().Get("Action") != "connect":
		return nil, h, nil, fmt.Errorf("%w: the token is for the action %q, not connect", ErrDenied, u.Query().Get("Action"))
	}
	return u.Query(), holder{c.session, c.signed.Region}, r, nil
}

// connects decides one need of a connection.
func (g *Gateway) connects(ctx context.Context, h holder, in *http.Request, region, action, arn string) error {
	if h.region != region {
		return fmt.Errorf("%w: the token is for %s, and the database is in %s", ErrDenied, h.region, region)
	}
	x := &exchange{g: g, r: in, caller: caller{session: h.session}}
	global := x.global()
	global.Set("aws:SecureTransport", "true") // a token is a password: the database takes it over TLS alone
	global.Set("aws:RequestedRegion", region)
	r := &iam.Request{Action: action, Resource: arn, Principal: h.session.principal, Context: global}
	got, err := g.decide(ctx, h.session, r)
	if err != nil {
		return err
	}
	g.record(requestID(), r, got)
	if got.Decision != iam.Allowed {
		return fmt.Errorf("%w: %s", ErrDenied, got.Reason())
	}
	return nil
}

// database finds the resource id of the instance or cluster at an endpoint.
func (s *store) database(ctx context.Context, host string, port int) (id, region string, err error) {
	client := rds.NewFromConfig(s.in(""))
	region = s.config.AWS.Region
	clusters, err := client.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{})
	if err != nil {
		return "", "", fmt.Errorf("find the database at %s: %w", host, err)
	}
	for _, c := range clusters.DBClusters {
		if (host == aws.ToString(c.Endpoint) || host == aws.ToString(c.ReaderEndpoint)) && int32(port) == aws.ToInt32(c.Port) {
			return s.loginByToken(aws.ToString(c.DbClusterResourceId), region, c.IAMDatabaseAuthenticationEnabled, host)
		}
	}
	instances, err := client.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{})
	if err != nil {
		return "", "", fmt.Errorf("find the database at %s: %w", host, err)
	}
	for _, i := range instances.DBInstances {
		if e := i.Endpoint; e != nil && host == aws.ToString(e.Address) && int32(port) == aws.ToInt32(e.Port) {
			return s.loginByToken(aws.ToString(i.DbiResourceId), region, i.IAMDatabaseAuthenticationEnabled, host)
		}
	}
	return "", "", fmt.Errorf("%w: no database at %s:%d", ErrDenied, host, port)
}

func (s *store) loginByToken(id, region string, enabled *bool, host string) (string, string, error) {
	if !aws.ToBool(enabled) {
		return "", "", fmt.Errorf("%w: the database at %s takes no IAM tokens", ErrDenied, host)
	}
	return id, region, nil
}
