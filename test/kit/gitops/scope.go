package gitops

// clusterScoped are the kinds that stand in no namespace, among those that the
// platform uses. An unknown kind counts as namespaced; the suite's schemas say of a
// custom one what its CRD says (Scopes).
var clusterScoped = map[string]bool{
	"/Namespace": true, "/Node": true, "/PersistentVolume": true,
	"admissionregistration.k8s.io/MutatingWebhookConfiguration": true, "admissionregistration.k8s.io/ValidatingWebhookConfiguration": true,
	"admissionregistration.k8s.io/ValidatingAdmissionPolicy": true, "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding": true,
	"apiextensions.k8s.io/CustomResourceDefinition": true, "apiregistration.k8s.io/APIService": true,
	"aquasecurity.github.io/ClusterComplianceReport": true,
	"cert-manager.io/ClusterIssuer":                  true,
	"expansion.gatekeeper.sh/ExpansionTemplate":      true,
	"external-secrets.io/ClusterSecretStore":         true, "external-secrets.io/ClusterExternalSecret": true,
	"karpenter.k8s.aws/EC2NodeClass": true, "karpenter.sh/NodePool": true,
	"elbv2.k8s.aws/IngressClassParams":      true,
	"networking.k8s.io/IngressClass":        true,
	"rbac.authorization.k8s.io/ClusterRole": true, "rbac.authorization.k8s.io/ClusterRoleBinding": true,
	"scheduling.k8s.io/PriorityClass": true, "storage.k8s.io/StorageClass": true,
	"templates.gatekeeper.sh/ConstraintTemplate": true,
}

// Namespaced reports whether an object stands in a namespace.
func Namespaced(o Object) bool {
	return !clusterScoped[o.Group()+"/"+o.Kind()] && o.Group() != "constraints.gatekeeper.sh"
}
