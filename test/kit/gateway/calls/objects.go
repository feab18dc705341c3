package calls

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// bucketOperations are those on a bucket, by method and the query's flag ("Required
// permissions for Amazon S3 API operations").
var bucketOperations = map[string]string{
	"GET ": "ListObjects", "GET list-type": "ListObjectsV2", "GET versions": "ListObjectVersions", "GET uploads": "ListMultipartUploads",
	"GET location": "GetBucketLocation", "GET policy": "GetBucketPolicy", "GET policyStatus": "GetBucketPolicyStatus",
	"GET acl": "GetBucketAcl", "GET versioning": "GetBucketVersioning", "GET encryption": "GetBucketEncryption",
	"GET lifecycle": "GetBucketLifecycleConfiguration", "GET tagging": "GetBucketTagging", "GET logging": "GetBucketLogging",
	"GET publicAccessBlock": "GetPublicAccessBlock", "GET replication": "GetBucketReplication",
	"GET object-lock": "GetObjectLockConfiguration", "GET ownershipControls": "GetBucketOwnershipControls",
	"HEAD ": "HeadBucket", "PUT ": "CreateBucket", "DELETE ": "DeleteBucket",
	"PUT policy": "PutBucketPolicy", "DELETE policy": "DeleteBucketPolicy", "PUT acl": "PutBucketAcl",
	"PUT versioning": "PutBucketVersioning", "PUT encryption": "PutBucketEncryption", "DELETE encryption": "DeleteBucketEncryption",
	"PUT lifecycle": "PutBucketLifecycleConfiguration", "PUT publicAccessBlock": "PutPublicAccessBlock",
	"DELETE publicAccessBlock": "DeletePublicAccessBlock", "PUT tagging": "PutBucketTagging", "PUT logging": "PutBucketLogging",
	"PUT replication": "PutBucketReplication", "PUT object-lock": "PutObjectLockConfiguration",
}

// bucketActions are the permissions of those whose name is another.
var bucketActions = map[string]string{
	"ListObjects": "ListBucket", "ListObjectsV2": "ListBucket", "HeadBucket": "ListBucket", "ListObjectVersions": "ListBucketVersions",
	"ListMultipartUploads": "ListBucketMultipartUploads", "GetBucketEncryption": "GetEncryptionConfiguration",
	"PutBucketEncryption": "PutEncryptionConfiguration", "DeleteBucketEncryption": "PutEncryptionConfiguration",
	"GetBucketLifecycleConfiguration": "GetLifecycleConfiguration", "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
	"GetPublicAccessBlock": "GetBucketPublicAccessBlock", "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
	"DeletePublicAccessBlock": "PutBucketPublicAccessBlock", "GetBucketReplication": "GetReplicationConfiguration",
	"PutBucketReplication": "PutReplicationConfiguration", "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
	"PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
}

// objectOperations are those on an object, likewise.
var objectOperations = map[string]string{
	"GET ": "GetObject", "HEAD ": "HeadObject", "PUT ": "PutObject", "DELETE ": "DeleteObject", "GET acl": "GetObjectAcl",
	"PUT acl": "PutObjectAcl", "GET tagging": "GetObjectTagging", "PUT tagging": "PutObjectTagging", "DELETE tagging": "DeleteObjectTagging",
	"GET attributes": "GetObjectAttributes", "GET retention": "GetObjectRetention", "PUT retention": "PutObjectRetention",
	"GET legal-hold": "GetObjectLegalHold", "PUT legal-hold": "PutObjectLegalHold", "POST uploads": "CreateMultipartUpload",
	"PUT partNumber": "UploadPart", "POST uploadId": "CompleteMultipartUpload", "DELETE uploadId": "AbortMultipartUpload", "GET uploadId": "ListParts",
}

var objectActions = map[string]string{
	"HeadObject": "GetObject", "CreateMultipartUpload": "PutObject", "UploadPart": "PutObject", "CompleteMultipartUpload": "PutObject",
	"ListParts": "ListMultipartUploadParts", "GetObjectAttributes": "GetObject",
}

// plain are the parts of a query that do not choose the operation.
var plain = set(
	"prefix", "delimiter", "max-keys", "marker", "continuation-token", "start-after", "encoding-type", "fetch-owner", "key-marker",
	"version-id-marker", "upload-id-marker", "max-uploads", "max-parts", "part-number-marker", "versionId", "x-id", "bucket-region",
	"response-content-type", "response-content-language", "response-expires", "response-cache-control", "response-content-disposition",
	"response-content-encoding",
)

// s3 is addressed by path: /<bucket>/<key>.
func s3(in *Input) (Call, error) {
	r := in.Request
	c := Call{Service: "s3", Protocol: RESTXML}
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	flag, err := subresource(r.URL.Query())
	if err != nil {
		return c, err
	}
	if host := r.Host; strings.Contains(host, ".s3.") || strings.Contains(host, ".s3-") {
		return c, fmt.Errorf("%w: s3 at the host %s; address buckets by path", ErrUnknown, host)
	}
	switch {
	case bucket == "" && r.Method == http.MethodGet && flag == "":
		c.Operation = "ListBuckets"
		return *c.also("s3:ListAllMyBuckets", "*", s3Context(r)), nil
	case bucket == "":
		c.Operation = r.Method + " /"
		return c.unknown()
	case key == "":
		return bucketCall(in, c, bucket, flag)
	}
	return objectCall(in, c, bucket, key, flag)
}

// subresource is the one part of the query that chooses the operation, or "".
func subresource(q url.Values) (string, error) {
	flag := ""
	for k, v := range q {
		low := strings.ToLower(k)
		switch {
		case plain[k] || strings.HasPrefix(low, "x-amz-"):
			continue
		case len(v) > 1:
			return "", fmt.Errorf("%w: s3 with %s %d times", ErrUnknown, k, len(v))
		case k == "uploadId" && q.Has("partNumber"):
			continue
		case flag != "":
			return "", fmt.Errorf("%w: s3 with both %s and %s", ErrUnknown, flag, k)
		}
		flag = k
	}
	return flag, nil
}

func bucketCall(in *Input, c Call, bucket, flag string) (Call, error) {
	r := in.Request
	c.Operation = bucketOperations[r.Method+" "+flag]
	if c.Operation == "" {
		c.Operation = r.Method + " bucket?" + flag
		return c.unknown() // POST ?delete among them: its keys are in the body
	}
	action := c.Operation
	if a := bucketActions[action]; a != "" {
		action = a
	}
	ctx := s3Context(r)
	q := r.URL.Query()
	for key, name := range map[string]string{"s3:prefix": "prefix", "s3:delimiter": "delimiter", "s3:max-keys": "max-keys"} {
		if q.Has(name) {
			ctx[key] = []string{q.Get(name)}
		}
	}
	return *c.also("s3:"+action, "arn:aws:s3:::"+bucket, ctx), nil
}

func objectCall(in *Input, c Call, bucket, key, flag string) (Call, error) {
	r := in.Request
	c.Operation = objectOperations[r.Method+" "+flag]
	if c.Operation == "" {
		c.Operation = r.Method + " object?" + flag
		return c.unknown()
	}
	action := c.Operation
	if a := objectActions[action]; a != "" {
		action = a
	}
	ctx := s3Context(r)
	version := r.URL.Query().Get("versionId")
	if version != "" {
		ctx["s3:VersionId"] = []string{version}
		switch action {
		case "GetObject", "DeleteObject", "GetObjectAcl", "PutObjectAcl", "GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging":
			action = strings.Replace(action, "Object", "ObjectVersion", 1)
		}
	}
	arn := "arn:aws:s3:::" + bucket + "/" + key
	c.also("s3:"+action, arn, ctx)
	if source := r.Header.Get("X-Amz-Copy-Source"); source != "" {
		// By whose key the source is encrypted, neither the request nor its answer says.
		return c, fmt.Errorf("%w: s3 copying from %s", ErrUnknown, source)
	}
	switch c.Operation {
	case "PutObject", "CreateMultipartUpload":
		if r.Header.Get("X-Amz-Tagging") != "" {
			c.also("s3:PutObjectTagging", arn, ctx)
		}
		if r.Header.Get("X-Amz-Acl") != "" || hasGrant(r) {
			c.also("s3:PutObjectAcl", arn, ctx)
		}
		if r.Header.Get("X-Amz-Object-Lock-Mode") != "" {
			c.also("s3:PutObjectRetention", arn, ctx)
		}
		if r.Header.Get("X-Amz-Object-Lock-Legal-Hold") != "" {
			c.also("s3:PutObjectLegalHold", arn, ctx)
		}
		use := KeyUse{Of: "arn:aws:s3:::" + bucket, Actions: []string{"kms:GenerateDataKey"}, Context: map[string]string{"aws:s3:arn": arn}}
		if c.Operation == "CreateMultipartUpload" {
			use.Actions = append(use.Actions, "kms:Decrypt")
		}
		switch r.Header.Get("X-Amz-Server-Side-Encryption") {
		case "aws:kms", "aws:kms:dsse":
			if use.Key = r.Header.Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id"); use.Key == "" {
				return c, nil // the key that AWS manages for S3, open to the account
			}
		case "AES256":
			return c, nil
		}
		if r.Header.Get("X-Amz-Server-Side-Encryption-Customer-Algorithm") == "" {
			c.Keys = append(c.Keys, use)
		}
	case "GetObject":
		c.Keys = append(c.Keys, KeyUse{Of: arn, Actions: []string{"kms:Decrypt"}, Context: map[string]string{"aws:s3:arn": arn}, Answer: true})
	}
	return c, nil
}

func hasGrant(r *http.Request) bool {
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Amz-Grant-") {
			return true
		}
	}
	return false
}

// s3Headers are the condition keys that are headers ("Bucket policy examples using
// condition keys").
var s3Headers = []string{
	"x-amz-acl", "x-amz-content-sha256", "x-amz-copy-source", "x-amz-grant-full-control", "x-amz-grant-read", "x-amz-grant-read-acp",
	"x-amz-grant-write", "x-amz-grant-write-acp", "x-amz-metadata-directive", "x-amz-server-side-encryption",
	"x-amz-server-side-encryption-aws-kms-key-id", "x-amz-server-side-encryption-customer-algorithm", "x-amz-storage-class",
	"x-amz-website-redirect-location",
}

func s3Context(r *http.Request) map[string][]string {
	ctx := map[string][]string{"s3:signatureversion": {"AWS4-HMAC-SHA256"}, "s3:authType": {"REST-HEADER"}}
	if r.URL.Query().Has("X-Amz-Signature") {
		ctx["s3:authType"] = []string{"REST-QUERY-STRING"}
	}
	for _, h := range s3Headers {
		if v := r.Header.Get(h); v != "" {
			ctx["s3:"+h] = []string{v}
		}
	}
	if mode := r.Header.Get("X-Amz-Object-Lock-Mode"); mode != "" {
		ctx["s3:object-lock-mode"] = []string{mode}
	}
	if tags, err := url.ParseQuery(r.Header.Get("X-Amz-Tagging")); err == nil {
		for k, v := range tags {
			ctx["s3:RequestObjectTag/"+k] = v
			ctx["s3:RequestObjectTagKeys"] = append(ctx["s3:RequestObjectTagKeys"], k)
		}
	}
	return ctx
}
