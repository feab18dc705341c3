package describe_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/reach"
	"github.com/fintrack/platform/test/kit/reach/describe"
	"github.com/stretchr/testify/require"
)

// account is one of two: the network of small, another one for each, with something
// in it whose security group names that of the other account, and what joins them.
func account(number string, joins map[string]string) describe.Documents {
	docs := small()
	other := map[string]string{"1": "2", "2": "1"}[number]
	docs["DescribeSecurityGroups"] = json.RawMessage(`{"SecurityGroups": [{"GroupId": "sg-N", "GroupName": "guard-N", "OwnerId": "N", "VpcId": "vpc-N",
		"IpPermissions": [{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": [{"GroupId": "sg-O", "UserId": "O"}]}],
		"IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}]}`)
	docs["DescribeNetworkAcls"] = json.RawMessage(strings.ReplaceAll(string(small()["DescribeNetworkAcls"]), `"6", "PortRange": {"From": 5432, "To": 5432}`, `"-1"`))
	docs["DescribeNetworkInterfaces"] = json.RawMessage(`{"NetworkInterfaces": [{"NetworkInterfaceId": "eni-N", "SubnetId": "subnet-N", "Groups": [{"GroupId": "sg-N"}], "PrivateIpAddresses": [{"PrivateIpAddress": "10.N.1.9"}]}]}`)
	docs["DescribeDBInstances"] = json.RawMessage(`{"DBInstances": []}`)
	for call, text := range joins {
		docs[call] = json.RawMessage(text)
	}
	out := describe.Documents{}
	own := strings.NewReplacer("vpc-1", "vpc-N", "subnet-1", "subnet-N", "rtb-1", "rtb-N", "acl-1", "acl-N", "igw-1", "igw-N", "10.0.", "10.N.", `"OwnerId": "1"`, `"OwnerId": "N"`)
	its := strings.NewReplacer("10.N.", "10."+number+".", "10.O.", "10."+other+".", "-N", "-"+number, "-O", "-"+other, `"N"`, `"`+number+`"`, `"O"`, `"`+other+`"`)
	for call, text := range docs {
		out[its.Replace(own.Replace(call))] = json.RawMessage(its.Replace(own.Replace(string(text))))
	}
	return out
}

// routed is small's route table with a way to the other account.
func routed(by string) string {
	return `{"RouteTables": [{"RouteTableId": "rtb-N", "VpcId": "vpc-N", "Associations": [{"Main": true, "RouteTableAssociationId": "a"}], "Routes": [
		{"DestinationCidrBlock": "10.N.0.0/16", "GatewayId": "local", "State": "active"}, {"DestinationCidrBlock": "10.O.0.0/16", ` + by + `, "State": "active"}]}]}`
}

// peered are both accounts with a peering connection, which each has named for itself.
func peered() (one, two describe.Documents) {
	peering := func(name string) map[string]string {
		return map[string]string{
			"DescribeRouteTables":           routed(`"VpcPeeringConnectionId": "pcx-9"`),
			"DescribeVpcPeeringConnections": `{"VpcPeeringConnections": [{"VpcPeeringConnectionId": "pcx-9", "RequesterVpcInfo": {"VpcId": "vpc-a"}, "AccepterVpcInfo": {"VpcId": "vpc-b"}, "Status": {"Code": "active"}` + name + `}]}`,
		}
	}
	ends := strings.NewReplacer("vpc-a", "vpc-1", "vpc-b", "vpc-2")
	one, two = account("1", peering(`, "Tags": [{"Key": "Name", "Value": "to the data"}]`)), account("2", peering(""))
	for _, docs := range []describe.Documents{one, two} {
		docs["DescribeVpcPeeringConnections"] = json.RawMessage(ends.Replace(string(docs["DescribeVpcPeeringConnections"])))
	}
	return one, two
}

// transited are both accounts with a transit gateway of the second one, which alone
// knows its route table.
func transited() (one, two describe.Documents) {
	shared := map[string]string{
		"DescribeRouteTables":                  routed(`"TransitGatewayId": "tgw-9"`),
		"DescribeTransitGateways":              `{"TransitGateways": [{"TransitGatewayId": "tgw-9", "State": "available", "Options": {"SecurityGroupReferencingSupport": "enable"}}]}`,
		"DescribeTransitGatewayAttachments":    `{"TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "att-N", "TransitGatewayId": "tgw-9", "ResourceType": "vpc", "ResourceId": "vpc-N", "State": "available"}]}`,
		"DescribeTransitGatewayVpcAttachments": `{"TransitGatewayVpcAttachments": [{"TransitGatewayAttachmentId": "att-N", "SubnetIds": ["subnet-N"], "Options": {"SecurityGroupReferencingSupport": "enable"}}]}`,
	}
	one, two = account("1", shared), account("2", shared)
	for call, text := range map[string]string{
		"DescribeTransitGatewayAttachments":                 `{"TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "att-1", "TransitGatewayId": "tgw-9", "ResourceType": "vpc", "ResourceId": "vpc-1", "State": "available"}, {"TransitGatewayAttachmentId": "att-2", "TransitGatewayId": "tgw-9", "ResourceType": "vpc", "ResourceId": "vpc-2", "State": "available"}]}`,
		"DescribeTransitGatewayRouteTables":                 `{"TransitGatewayRouteTables": [{"TransitGatewayRouteTableId": "tgw-rtb-9", "TransitGatewayId": "tgw-9", "State": "available"}]}`,
		"GetTransitGatewayRouteTableAssociations tgw-rtb-9": `{"Associations": [{"TransitGatewayAttachmentId": "att-1", "State": "associated"}, {"TransitGatewayAttachmentId": "att-2", "State": "associated"}]}`,
		"SearchTransitGatewayRoutes tgw-rtb-9":              `{"Routes": [{"DestinationCidrBlock": "10.1.0.0/16", "State": "active", "Type": "propagated", "TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "att-1"}]}, {"DestinationCidrBlock": "10.2.0.0/16", "State": "active", "Type": "propagated", "TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "att-2"}]}]}`,
	} {
		two[call] = json.RawMessage(text)
	}
	return one, two
}

// across asks from the first account to the second, and tells why.
func across(t *testing.T, one, two describe.Documents) (reach.Pair, string) {
	t.Helper()
	e, err := describe.Join(one, two)
	require.NoError(t, err)
	m, err := reach.New(e)
	require.NoError(t, err)
	from, err := m.Interface("eni-1")
	require.NoError(t, err)
	to, err := m.Interface("eni-2")
	require.NoError(t, err)
	pairs := m.Ask(from, to, reach.TCP, reach.AllPorts)
	require.Len(t, pairs, 1)
	return pairs[0], m.Trace(m.Ask(from, to, reach.TCP, reach.Ports(5432, 5432))[0]).String()
}

// instead replaces text that must be in a document.
func instead(t *testing.T, docs describe.Documents, call, from, to string) describe.Documents {
	t.Helper()
	require.Contains(t, string(docs[call]), from)
	docs[call] = json.RawMessage(strings.ReplaceAll(string(docs[call]), from, to))
	return docs
}

func TestOneAccountReachesWhatAnothersGroupAdmits(t *testing.T) {
	for name, made := range map[string]func() (one, two describe.Documents){"by peering": peered, "by a transit gateway that one shares": transited} {
		t.Run(name, func(t *testing.T) {
			one, two := made()
			q, why := across(t, one, two)
			require.Equal(t, "5432", q.Ports().String(), why)
			require.Contains(t, why, "sg-1")
		})
	}
}

func TestOneAccountDoesNotReachWhatAnotherDoesNotAdmit(t *testing.T) {
	for _, c := range []struct {
		name   string
		made   func() (one, two describe.Documents)
		change func(t *testing.T, one, two describe.Documents)
		why    string
	}{
		{"a group of the same name is another one", peered, func(t *testing.T, _, two describe.Documents) {
			instead(t, two, "DescribeSecurityGroups", `"GroupId": "sg-1", "UserId": "1"`, `"GroupId": "sg-7", "UserId": "1"`)
		}, "security groups of eni-2: sg-2 (guard-2) in: no rule admits it"},
		{"a peering that the other account has not accepted", peered, func(t *testing.T, one, two describe.Documents) {
			for _, docs := range []describe.Documents{one, two} {
				instead(t, docs, "DescribeVpcPeeringConnections", `"active"`, `"pending-acceptance"`)
			}
		}, "STOPS"},
		{"no way back in the other account", peered, func(t *testing.T, _, two describe.Documents) {
			instead(t, two, "DescribeRouteTables", "10.1.0.0/16", "10.7.0.0/16")
		}, "back   STOPS"},
		{"a network ACL of the other account", peered, func(t *testing.T, _, two describe.Documents) {
			instead(t, two, "DescribeNetworkAcls", `"CidrBlock": "0.0.0.0/0", "Egress": false`, `"CidrBlock": "10.7.0.0/16", "Egress": false`)
		}, "acl-2"},
		{"a transit gateway on which groups may not be named", transited, func(t *testing.T, one, two describe.Documents) {
			for _, docs := range []describe.Documents{one, two} {
				instead(t, docs, "DescribeTransitGateways", `"enable"`, `"disable"`)
			}
		}, "no rule admits it"},
		{"a rule for outgoing connections that names a group beyond a transit gateway", transited, func(t *testing.T, one, _ describe.Documents) {
			instead(t, one, "DescribeSecurityGroups", `"IpRanges": [{"CidrIp": "0.0.0.0/0"}]`, `"UserIdGroupPairs": [{"GroupId": "sg-2", "UserId": "2"}]`)
		}, "security groups of eni-1: sg-1 (guard-1) out: no rule admits it"},
		{"an attachment that the gateway's account has not routed", transited, func(t *testing.T, _, two describe.Documents) {
			instead(t, two, "SearchTransitGatewayRoutes tgw-rtb-9", "10.2.0.0/16", "10.7.0.0/16")
		}, "STOPS              transit gateway route table tgw-rtb-9: no route to 10.2.1.9"},
	} {
		t.Run(c.name, func(t *testing.T) {
			one, two := c.made()
			c.change(t, one, two)
			q, why := across(t, one, two)
			require.False(t, q.Reachable(), why)
			require.Contains(t, why, c.why)
		})
	}
	t.Run("a rule for outgoing connections that names a group beyond a peering is another matter", func(t *testing.T) {
		one, two := peered()
		instead(t, one, "DescribeSecurityGroups", `"IpRanges": [{"CidrIp": "0.0.0.0/0"}]`, `"UserIdGroupPairs": [{"GroupId": "sg-2", "UserId": "2"}]`)
		q, why := across(t, one, two)
		require.Equal(t, "5432", q.Ports().String(), why)
	})
}

func TestAccountsThatContradictEachOtherAreRefused(t *testing.T) {
	for _, c := range []struct{ name, call, from, to, want string }{
		{"a group that is another account's", "DescribeSecurityGroups", `"GroupId": "sg-1", "UserId": "1"`, `"GroupId": "sg-1", "UserId": "3"`, "names group sg-1 of account 3, and the group is of account 1"},
		{"a peering connection told in two ways", "DescribeVpcPeeringConnections", `"active"`, `"pending-acceptance"`, "peering connection pcx-9: two accounts tell of it, and not alike"},
		{"a document that cannot be read", "DescribeVpcs", `"VpcId"`, `"Vpc"`, "documents 2 of 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			one, two := peered()
			_, err := describe.Join(one, instead(t, two, c.call, c.from, c.to))
			require.ErrorContains(t, err, c.want)
		})
	}
}
