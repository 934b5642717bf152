{{- define "xet.name" -}}
{{ default .Release.Name .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- end -}}

{{- define "xet.selector" -}}
app.kubernetes.io/name: {{ include "xet.name" . }}
{{- end -}}

{{- define "xet.labels" -}}
{{ include "xet.selector" . }}
{{- end -}}

{{- define "xet.image" -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}

{{- define "xet.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}{{ default (include "xet.name" .) .Values.serviceAccount.name }}{{ else }}{{ .Values.serviceAccount.name }}{{ end }}
{{- end -}}

{{- define "xet.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "xet.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "xet.pod" -}}
metadata:
  labels:
    {{- include "xet.labels" . | nindent 4 }}
  annotations:
    # New settings, new pods.
    checksum/settings: {{ toYaml .Values.settings | sha256sum | trunc 16 }}
    {{- if .Values.cache.store.url }}
    checksum/store: {{ toYaml .Values.cache.store | sha256sum | trunc 16 }}
    {{- end }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- with include "xet.serviceAccount" . }}
  serviceAccountName: {{ . }}
  {{- end }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  # 5 s until no address leads here any more, 30 s for running downloads, and some to spare.
  terminationGracePeriodSeconds: 45
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    {{- include "xet.podSecurity" . | nindent 4 }}
    {{- if .Values.cache.enabled }}
    fsGroup: 65532
    fsGroupChangePolicy: OnRootMismatch
    {{- end }}
  topologySpreadConstraints:
    {{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
    - maxSkew: 1
      topologyKey: {{ $key }}
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "xet.selector" $ | nindent 10 }}
    {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: xet
      image: {{ include "xet.image" . }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: [proxy]
      envFrom:
        - configMapRef:
            name: {{ include "xet.name" . }}
      env:
        - name: XET_SIGNING_KEY
          valueFrom:
            secretKeyRef:
              name: {{ .Values.signingKey.secret }}
              key: {{ .Values.signingKey.key }}
        {{- with .Values.cache.store }}
        {{- if and .url .credentials.secret }}
        {{- range $name := list "AWS_ACCESS_KEY_ID" "AWS_SECRET_ACCESS_KEY" "AWS_SESSION_TOKEN" }}
        - name: {{ $name }}
          valueFrom:
            secretKeyRef:
              name: {{ $.Values.cache.store.credentials.secret }}
              key: {{ $name }}
              {{- if eq $name "AWS_SESSION_TOKEN" }}
              optional: true
              {{- end }}
        {{- end }}
        {{- end }}
        {{- end }}
      ports:
        - name: http
          containerPort: 8080
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      {{- if or .Values.cache.enabled .Values.caCertificates.configMap }}
      volumeMounts:
        {{- if .Values.cache.enabled }}
        - name: cache
          mountPath: /cache
        {{- end }}
        {{- if .Values.caCertificates.configMap }}
        - name: certificates
          mountPath: /certificates
          readOnly: true
        {{- end }}
      {{- end }}
      readinessProbe:
        httpGet:
          path: /readyz
          port: http
        periodSeconds: 5
        timeoutSeconds: 3
        failureThreshold: 2
      livenessProbe:
        httpGet:
          path: /livez
          port: http
        periodSeconds: 10
        timeoutSeconds: 3
        failureThreshold: 3
      lifecycle:
        preStop:
          sleep:
            seconds: 5
      securityContext:
        {{- include "xet.containerSecurity" . | nindent 8 }}
  {{- if .Values.caCertificates.configMap }}
  volumes:
    - name: certificates
      configMap:
        name: {{ .Values.caCertificates.configMap }}
  {{- end }}
{{- end -}}
