#!/usr/bin/env bash
# kubernetes.sh NAME PARTS IMAGE [flags of the program]
#
# writes a manifest that runs IMAGE, whose entry point is a study that knows -sweep, as an Indexed Job of so many parts on
# a shared volume, and a job that merges them. That one is suspended until the parts are done:
#
#	examples/cluster/kubernetes.sh veit 24 registry.example/veit:1 -preset paper -data embedded | kubectl apply -f -
#	kubectl wait --for=condition=Complete --timeout=-1s job/veit-sweep
#	kubectl patch job/veit-merge --type=merge --patch='{"spec": {"suspend": false}}'
#
# The cluster needs Kubernetes 1.29 or later, and a storage class whose volumes many nodes may write to. CPU, MEMORY and
# STORAGE are what a part may use of them, and how large the volume is.
set -euo pipefail
[ $# -ge 3 ] && [[ $2 =~ ^[1-9][0-9]*$ ]] || { echo "usage: $0 NAME PARTS IMAGE [flags of the program]" >&2; exit 2; }
name=$1 parts=$2 image=$3
shift 3

# quoted writes its arguments as strings of YAML.
quoted() {
  local separator='' s
  for s; do
    s=${s//\\/\\\\}
    printf '%s"%s"' "$separator" "${s//\"/\\\"}"
    separator=', '
  done
}

# pods KIND [flags] writes what the pods of a job of that kind are.
pods() {
  cat <<END
  template:
    metadata:
      labels: {app: "$name"}
    spec:
      restartPolicy: Never
      volumes:
        - name: sweep
          persistentVolumeClaim: {claimName: "$name"}
      containers:
        - name: $1
          image: "$image"
          args: [$(quoted "${@:2}" -out /sweep/report -sweep "$1")]
          env:
            - {name: RESIDUUM_SHARDS, value: "$parts"}
          resources:
            requests: {cpu: "${CPU:-2}", memory: "${MEMORY:-1Gi}"}
            limits: {cpu: "${CPU:-2}", memory: "${MEMORY:-1Gi}"}
          volumeMounts:
            - {name: sweep, mountPath: /sweep}
END
}

cat <<END
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: "$name"
  labels: {app: "$name"}
spec:
  accessModes: [ReadWriteMany]
  resources:
    requests: {storage: "${STORAGE:-10Gi}"}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: "$name-sweep"
  labels: {app: "$name"}
spec:
  completionMode: Indexed # each pod has its JOB_COMPLETION_INDEX
  completions: $parts
  parallelism: $parts
  backoffLimitPerIndex: 3 # a part that cannot be done does not end the others
  podFailurePolicy:
    rules: # a pod that the cluster moves has not failed
      - action: Ignore
        onPodConditions:
          - {type: DisruptionTarget, status: "True"}
$(pods part "$@")
---
apiVersion: batch/v1
kind: Job
metadata:
  name: "$name-merge"
  labels: {app: "$name"}
spec:
  suspend: true # until all parts are done
  backoffLimit: 3
$(pods merge "$@")
END
