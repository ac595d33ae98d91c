{{/* Labels that choose the pods */}}
{{- define "papers.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Labels of everything */}}
{{- define "papers.labels" -}}
{{ include "papers.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* Variables: the settings, and the secrets among them */}}
{{- define "papers.environment" -}}
env:
  - {name: ASSISTANT_PROXIES, value: {{ .Values.proxies | quote }}}
  {{- range $name, $value := .Values.settings }}
  - {name: ASSISTANT_{{ $name | upper }}, value: {{ $value | quote }}}
  {{- end }}
  {{- with .Values.database }}
  {{- if .secret }}
  - name: ASSISTANT_DATABASE_URL
    valueFrom: {secretKeyRef: {name: {{ .secret | quote }}, key: {{ .key | quote }}}}
  {{- end }}
  {{- end }}
{{- with .Values.secret }}
envFrom: [{secretRef: {name: {{ . | quote }}}}]
{{- end }}
{{- end }}

{{/* What a container may do */}}
{{- define "papers.confined" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}
