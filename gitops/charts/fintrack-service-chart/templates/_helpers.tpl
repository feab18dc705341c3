{{- define "service.selector" -}}
app.kubernetes.io/name: {{ .Release.Name }}
{{- end }}

{{- define "service.labels" -}}
{{ include "service.selector" . }}
app.kubernetes.io/part-of: fintrack
app.kubernetes.io/version: {{ .Values.image.tag | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "service.metadata" -}}
name: {{ .Release.Name }}
namespace: {{ .Release.Namespace }}
labels:
  {{- include "service.labels" . | nindent 2 }}
{{- end }}

{{- /* What no schema can say: values that contradict each other. */ -}}
{{- define "service.check" -}}
{{- $least := .Values.replicaCount }}
{{- if .Values.autoscaling.enabled }}
  {{- $least = .Values.autoscaling.minReplicas }}
  {{- if gt .Values.autoscaling.minReplicas .Values.autoscaling.maxReplicas }}
    {{- fail (printf "%s: autoscaling.minReplicas %v is above autoscaling.maxReplicas %v" .Release.Name .Values.autoscaling.minReplicas .Values.autoscaling.maxReplicas) }}
  {{- end }}
{{- end }}
{{- with .Values.podDisruptionBudget.minAvailable }}
  {{- if ge (int .) (int $least) }}
    {{- fail (printf "%s: podDisruptionBudget.minAvailable %v of at least %v pods: no node with one of them could ever be drained; lower it, or raise the replicas" $.Release.Name . $least) }}
  {{- end }}
{{- end }}
{{- if and .Values.ingress.enabled (not .Values.ingress.paths) }}
  {{- fail (printf "%s: ingress.enabled without ingress.paths" .Release.Name) }}
{{- end }}
{{- if ge (int .Values.preStopSeconds) (int .Values.terminationGracePeriodSeconds) }}
  {{- fail (printf "%s: preStopSeconds %v leaves nothing of terminationGracePeriodSeconds %v" .Release.Name .Values.preStopSeconds .Values.terminationGracePeriodSeconds) }}
{{- end }}
{{- end }}
