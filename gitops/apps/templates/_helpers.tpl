{{- /* The role of a service account: (list $ "namespace/name"). */ -}}
{{- define "apps.role" -}}
{{- $values := (index . 0).Values }}
{{- $account := index . 1 }}
{{- if not (hasKey $values.serviceAccounts $account) }}
  {{- fail (printf "terraform/platform makes no role for the service account %s; it makes roles for %s" $account (keys $values.serviceAccounts | sortAlpha | join ", ")) }}
{{- end }}
{{- (index $values.serviceAccounts $account).roleArn }}
{{- end }}

{{- /* Ten tries would hide a commit that cannot work; three with growing pauses ride
out a webhook that restarts. Each try takes the newest commit: else the one that mends
a bad one would wait until all tries are used up. */ -}}
{{- define "apps.policy" -}}
automated: {prune: true, selfHeal: true}
syncOptions:
  - ServerSideApply=true
  - CreateNamespace=false
  - SkipDryRunOnMissingResource=true
  - PruneLast=true
retry:
  limit: 3
  refresh: true
  backoff: {duration: 30s, factor: 2, maxDuration: 3m0s}
{{- end }}

{{- /* An Application of a service: dict context, name, ingress. */ -}}
{{- define "apps.service" -}}
{{- $v := .context.Values }}
{{- $repository := required (printf "terraform/compute makes no repository for %s" .name) (index $v.images.repositories .name) }}
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: {{ .name }}
  namespace: argocd
  finalizers: [resources-finalizer.argocd.argoproj.io]
  annotations:
    argocd.argoproj.io/sync-wave: "5"
    argocd-image-updater.argoproj.io/image-list: main={{ $repository }}
    argocd-image-updater.argoproj.io/main.update-strategy: newest-build
    argocd-image-updater.argoproj.io/main.allow-tags: regexp:^main-\d+$
    argocd-image-updater.argoproj.io/main.helm.image-name: service.image.repository
    argocd-image-updater.argoproj.io/main.helm.image-tag: service.image.tag
    argocd-image-updater.argoproj.io/write-back-method: git
    argocd-image-updater.argoproj.io/write-back-target: helmvalues:values-{{ $v.environment }}.yaml
    argocd-image-updater.argoproj.io/git-branch: {{ $v.git.revision }}
spec:
  project: fintrack
  source:
    repoURL: {{ $v.git.repository }}
    targetRevision: {{ $v.git.revision }}
    path: gitops/services/{{ .name }}
    helm:
      releaseName: {{ .name }}
      valueFiles: [values.yaml, values-{{ $v.environment }}.yaml]
      valuesObject:
        service:
          image: {repository: {{ $repository }}}
          serviceAccount: {roleArn: {{ include "apps.role" (list .context (printf "fintrack/%s" .name)) | quote }}}
          {{- if .ingress }}
          ingress:
            host: {{ $v.ingress.host }}
            certificateArn: {{ $v.ingress.certificateArn | quote }}
            webAclArn: {{ $v.ingress.webAclArn | quote }}
            subnetIds: {{ toJson $v.ingress.subnetIds }}
          {{- end }}
  destination: {server: https://kubernetes.default.svc, namespace: fintrack}
  syncPolicy:
    {{- include "apps.policy" .context | nindent 4 }}
{{- end }}

{{- /* An Application of an add-on: dict context, name, namespace, wave, and for a
chart of its project repository, chart, version, values (a template's name); for our
own objects objects ("files", "chart" or "none") and, for a chart, objectValues. Where
charts are off, an add-on without objects of ours has nothing to apply. */ -}}
{{- define "apps.addon" -}}
{{- $v := .context.Values }}
{{- if or $v.addonCharts (ne .objects "none") }}
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: {{ .name }}
  namespace: argocd
  finalizers: [resources-finalizer.argocd.argoproj.io]
  annotations:
    argocd.argoproj.io/sync-wave: {{ .wave | quote }}
spec:
  project: addons
  sources:
    {{- if and .chart $v.addonCharts }}
    - repoURL: {{ .repository }}
      chart: {{ .chart }}
      targetRevision: {{ .version | quote }}
      helm:
        releaseName: {{ .release | default .name }}
        valueFiles: [$repository/gitops/addons/{{ .name }}/values.yaml]
        {{- with .values }}
        valuesObject:
          {{- include . $.context | nindent 10 }}
        {{- end }}
    - repoURL: {{ $v.git.repository }}
      targetRevision: {{ $v.git.revision }}
      ref: repository
    {{- end }}
    {{- if eq .objects "files" }}
    - repoURL: {{ $v.git.repository }}
      targetRevision: {{ $v.git.revision }}
      path: {{ .path | default (printf "gitops/addons/%s/manifests" .name) }}
      directory: {recurse: true}
    {{- else if eq .objects "chart" }}
    - repoURL: {{ $v.git.repository }}
      targetRevision: {{ $v.git.revision }}
      path: {{ .path | default (printf "gitops/addons/%s/manifests" .name) }}
      helm:
        releaseName: {{ .name }}
        {{- with .objectValues }}
        valuesObject:
          {{- include . $.context | nindent 10 }}
        {{- end }}
    {{- end }}
  destination: {server: https://kubernetes.default.svc, namespace: {{ .namespace }}}
  syncPolicy:
    {{- include "apps.policy" .context | nindent 4 }}
{{- end }}
{{- end }}
