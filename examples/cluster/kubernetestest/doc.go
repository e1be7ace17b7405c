// Package kubernetestest holds the manifest that examples/cluster/kubernetes.sh writes against the types of Kubernetes'
// API. It is a module of its own, so that they are no dependency of users.
package kubernetestest
