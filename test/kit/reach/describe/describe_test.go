package describe_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/reach"
	"github.com/fintrack/platform/test/kit/reach/describe"
	"github.com/stretchr/testify/require"
)

// small is a VPC with a public subnet and a database, as the CLI prints it.
func small() describe.Documents {
	docs := describe.Documents{
		"DescribeVpcs": json.RawMessage(`{"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "OwnerId": "1", "CidrBlockAssociationSet": [{"CidrBlock": "10.0.0.0/16", "CidrBlockState": {"State": "associated"}}], "Tags": [{"Key": "Name", "Value": "main"}]}]}`),
		"DescribeVpcAttribute vpc-1 enableDnsSupport":   json.RawMessage(`{"VpcId": "vpc-1", "EnableDnsSupport": {"Value": true}}`),
		"DescribeVpcAttribute vpc-1 enableDnsHostnames": json.RawMessage(`{"VpcId": "vpc-1", "EnableDnsHostnames": {"Value": true}}`),
		"DescribeSubnets":          json.RawMessage(`{"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24", "AvailabilityZone": "a", "Tags": [{"Key": "Tier", "Value": "public"}]}], "NextToken": null}`),
		"DescribeRouteTables":      json.RawMessage(`{"RouteTables": [{"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Associations": [{"Main": true, "RouteTableAssociationId": "a"}], "Routes": [{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"}, {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}]}]}`),
		"DescribeNetworkAcls":      json.RawMessage(`{"NetworkAcls": [{"NetworkAclId": "acl-1", "VpcId": "vpc-1", "IsDefault": true, "Entries": [{"CidrBlock": "0.0.0.0/0", "Egress": true, "Protocol": "-1", "RuleAction": "allow", "RuleNumber": 100}, {"CidrBlock": "0.0.0.0/0", "Egress": false, "Protocol": "6", "PortRange": {"From": 5432, "To": 5432}, "RuleAction": "allow", "RuleNumber": 100}]}]}`),
		"DescribeSecurityGroups":   json.RawMessage(`{"SecurityGroups": [{"GroupId": "sg-1", "GroupName": "db", "VpcId": "vpc-1", "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}]}`),
		"DescribeInternetGateways": json.RawMessage(`{"InternetGateways": [{"InternetGatewayId": "igw-1", "Attachments": [{"State": "available", "VpcId": "vpc-1"}]}]}`),
		"DescribeDBInstances":      json.RawMessage(`{"DBInstances": [{"DBInstanceIdentifier": "db", "PubliclyAccessible": true, "DBSubnetGroup": {"Subnets": [{"SubnetIdentifier": "subnet-1"}]}, "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1"}]}]}`),
	}
	lists := map[string]string{"DescribeManagedPrefixLists": "PrefixLists", "ListClusters": "clusters", "ListFunctions": "Functions"}
	for _, call := range describe.Calls() {
		if _, ok := docs[call]; ok {
			continue
		}
		field := lists[call]
		if field == "" {
			field = strings.TrimPrefix(call, "Describe")
		}
		docs[call] = json.RawMessage(`{"` + field + `": []}`)
	}
	return docs
}

func TestDocumentsBecomeAnEstate(t *testing.T) {
	e, err := describe.Read(small())
	require.NoError(t, err)
	m, err := reach.New(e)
	require.NoError(t, err)
	pairs := m.Ask(reach.Internet(), m.All(), reach.TCP, reach.AllPorts)
	require.Len(t, pairs, 1)
	require.Equal(t, "5432", pairs[0].Ports().String(), m.Trace(pairs[0]).String())
}

func TestTheInterfacesOfAnEndpointArePlacedOnce(t *testing.T) {
	docs := small()
	docs["DescribeVpcEndpoints"] = json.RawMessage(`{"VpcEndpoints": [{"VpcEndpointId": "vpce-1", "VpcEndpointType": "Interface", "VpcId": "vpc-1", "ServiceName": "com.amazonaws.us-east-1.kms", "State": "available", "SubnetIds": ["subnet-1"], "NetworkInterfaceIds": ["eni-1"], "Groups": [{"GroupId": "sg-1"}]}]}`)
	docs["DescribeNetworkInterfaces"] = json.RawMessage(`{"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "SubnetId": "subnet-1", "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.9"}]}, {"NetworkInterfaceId": "eni-2", "SubnetId": "subnet-1", "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.10"}]}]}`)
	e, err := describe.Read(docs)
	require.NoError(t, err)
	var ids []string
	for _, f := range e.Interfaces {
		ids = append(ids, f.ID)
	}
	require.ElementsMatch(t, []string{"vpce-1 in subnet-1", "eni-2", "database db in subnet-1"}, ids)
}

// withBalancer is small with a network load balancer for the database.
func withBalancer() describe.Documents {
	docs := small()
	docs["DescribeLoadBalancers"] = json.RawMessage(`{"LoadBalancers": [{"LoadBalancerArn": "nlb", "LoadBalancerName": "front", "Type": "network", "Scheme": "internet-facing", "VpcId": "vpc-1", "AvailabilityZones": [{"SubnetId": "subnet-1"}]}]}`)
	docs["DescribeLoadBalancerAttributes nlb"] = json.RawMessage(`{"Attributes": [{"Key": "load_balancing.cross_zone.enabled", "Value": "false"}]}`)
	docs["DescribeListeners nlb"] = json.RawMessage(`{"Listeners": [{"Port": 443, "Protocol": "TCP"}, {"Port": 53, "Protocol": "UDP"}]}`)
	docs["DescribeTargetGroups nlb"] = json.RawMessage(`{"TargetGroups": [{"TargetGroupArn": "tg", "TargetType": "instance", "Protocol": "TCP"}]}`)
	docs["DescribeTargetGroupAttributes tg"] = json.RawMessage(`{"Attributes": [{"Key": "preserve_client_ip.enabled", "Value": "true"}]}`)
	docs["DescribeTargetHealth tg"] = json.RawMessage(`{"TargetHealthDescriptions": [{"Target": {"Id": "i-1", "Port": 5432}}]}`)
	return docs
}

func TestANetworkLoadBalancerIsRead(t *testing.T) {
	e, err := describe.Read(withBalancer())
	require.NoError(t, err)
	require.Equal(t, []reach.LoadBalancer{{ID: "nlb", Name: "front", VPC: "vpc-1", Network: true, OneZone: true, Listeners: []reach.Listener{
		{Protocol: reach.TCP, Port: 443, Targets: []reach.Target{{Group: "tg", Instance: "i-1", Port: 5432, Protocol: reach.TCP, ClientAddress: true}}},
		{Protocol: reach.UDP, Port: 53, Targets: []reach.Target{}},
	}}}, e.LoadBalancers)
	unguarded := 0
	for _, f := range e.Interfaces {
		if f.Unguarded {
			unguarded++
			require.Equal(t, reach.Balancer, f.Kind)
		}
	}
	require.Equal(t, 1, unguarded)

	docs := withBalancer()
	docs["DescribeTargetGroupAttributes tg"] = json.RawMessage(`{"Attributes": [{"Key": "preserve_client_ip.enabled", "Value": "false"}, {"Key": "load_balancing.cross_zone.enabled", "Value": "true"}]}`)
	e, err = describe.Read(docs)
	require.NoError(t, err)
	require.False(t, e.LoadBalancers[0].OneZone, "a target group that asks for it is passed on to across zones")
	require.False(t, e.LoadBalancers[0].Listeners[0].Targets[0].ClientAddress)
}

func TestALoadBalancerOfAnUnknownShapeIsRefused(t *testing.T) {
	for _, c := range []struct{ name, call, from, to, want string }{
		{"a gateway load balancer", "DescribeLoadBalancers", `"network"`, `"gateway"`, `of type "gateway"`},
		{"an application load balancer without a group", "DescribeLoadBalancers", `"network"`, `"application"`, "load balancer front: the documents do not say which security groups"},
		{"one that does not say whose address targets see", "DescribeTargetGroupAttributes tg", "preserve_client_ip.enabled", "preserve", `preserve_client_ip.enabled is "": want true or false`},
		{"one that does not say whether it crosses zones", "DescribeLoadBalancerAttributes nlb", "false", "perhaps", `cross_zone.enabled is "perhaps"`},
		{"a listener of another protocol", "DescribeListeners nlb", `"UDP"`, `"GENEVE"`, `a listener of "GENEVE"`},
		{"a target group of another protocol", "DescribeTargetGroups nlb", `"TCP"`, `"QUIC"`, `its protocol is "QUIC"`},
		{"a target of another kind", "DescribeTargetGroups nlb", `"instance"`, `"alb"`, "addresses and instances with ports alone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			docs := withBalancer()
			changed := strings.Replace(string(docs[c.call]), c.from, c.to, 1)
			require.NotEqual(t, string(docs[c.call]), changed)
			docs[c.call] = json.RawMessage(changed)
			_, err := describe.Read(docs)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestTheAddressesOfAServiceAreThoseOfItsManagedList(t *testing.T) {
	docs := small()
	docs["DescribePrefixLists"] = json.RawMessage(`{"PrefixLists": [{"PrefixListId": "pl-1", "PrefixListName": "com.amazonaws.us-east-1.s3"}]}`)
	docs["DescribeManagedPrefixLists"] = docs["DescribePrefixLists"]
	docs["GetManagedPrefixListEntries pl-1"] = json.RawMessage(`{"Entries": [{"Cidr": "52.216.0.0/15"}]}`)
	e, err := describe.Read(docs)
	require.NoError(t, err)
	require.Len(t, e.PrefixLists, 1)
	require.Equal(t, "52.216.0.0/15", e.PrefixLists[0].Prefixes[0].String())
	docs["GetManagedPrefixListEntries pl-1"] = json.RawMessage(`{"Entries": []}`)
	_, err = describe.Read(docs)
	require.ErrorContains(t, err, "prefix list pl-1: it has no address of com.amazonaws.us-east-1.s3")
}

func TestUnknownShapesAreRefused(t *testing.T) {
	for _, c := range []struct{ name, call, from, to, want string }{
		{"a document that is missing", "DescribeSubnets", "", "", "DescribeSubnets: there is no such document"},
		{"a next page", "DescribeSubnets", `"NextToken": null`, `"NextToken": "x"`, "there is another page"},
		{"a field of a route that nobody knows", "DescribeRouteTables", `"GatewayId": "igw-1"`, `"QuantumGatewayId": "q-1"`, "a shape that this reader does not know"},
		{"a route to an instance", "DescribeRouteTables", `"GatewayId": "igw-1"`, `"InstanceId": "i-1"`, "leads to the instance i-1"},
		{"a route to a gateway of an unknown kind", "DescribeRouteTables", `"igw-1"`, `"xgw-1"`, `leads to gateway "xgw-1"`},
		{"a field of a rule that nobody knows", "DescribeSecurityGroups", `"IpRanges"`, `"DnsRanges"`, "a shape that this reader does not know"},
		{"ports the wrong way round", "DescribeSecurityGroups", `"ToPort": 5432`, `"ToPort": 1`, "ports 5432 to 1"},
		{"an action that is neither allow nor deny", "DescribeNetworkAcls", `"RuleAction": "allow", "RuleNumber": 100}]`, `"RuleAction": "maybe", "RuleNumber": 100}]`, `action "maybe"`},
		{"no range", "DescribeSubnets", "10.0.1.0/24", "10.0.1.0", `"10.0.1.0" is no range`},
		{"a database whose groups stand elsewhere", "DescribeDBInstances", `"VpcSecurityGroups"`, `"Groups"`, "database db: the documents do not say which security groups it has"},
		{"a group of a database without an id", "DescribeDBInstances", `"VpcSecurityGroupId"`, `"Id"`, "database db: the documents do not say which security groups it has"},
		{"a database without a name", "DescribeDBInstances", `"DBInstanceIdentifier"`, `"Name"`, "a database has no name"},
		{"a list that is not there", "DescribeVpcs", `"Vpcs"`, `"Networks"`, "no field Vpcs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			docs := small()
			if c.from == "" {
				delete(docs, c.call)
			} else {
				changed := strings.Replace(string(docs[c.call]), c.from, c.to, 1)
				require.NotEqual(t, string(docs[c.call]), changed)
				docs[c.call] = json.RawMessage(changed)
			}
			_, err := describe.Read(docs)
			require.ErrorContains(t, err, c.want)
		})
	}
	docs := small()
	docs["DescribeSomething"] = json.RawMessage(`{}`)
	_, err := describe.Read(docs)
	require.ErrorContains(t, err, "a call that this reader does not know")
}

func FuzzRead(f *testing.F) {
	for call, doc := range small() {
		f.Add(call, string(doc))
	}
	f.Fuzz(func(t *testing.T, call, doc string) {
		docs := small()
		docs[call] = json.RawMessage(doc)
		if e, err := describe.Read(docs); err == nil {
			_, _ = reach.New(e) // whatever it says, it says it
		}
	})
}
