package kubernetestest

import (
	"bytes"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"
)

// manifest renders the manifest and decodes it as the API server does: fields that it does not know are errors.
func manifest(t *testing.T, env []string, args ...string) (volume core.PersistentVolumeClaim, sweep, merge batch.Job) {
	cmd := exec.Command("../kubernetes.sh", args...)
	cmd.Env = append(os.Environ(), env...)
	text, err := cmd.Output()
	require.NoError(t, err)
	documents := bytes.Split(text, []byte("\n---\n"))
	require.Len(t, documents, 3)
	for i, to := range []any{&volume, &sweep, &merge} {
		require.NoError(t, yaml.UnmarshalStrict(documents[i], to), string(documents[i]))
	}
	return volume, sweep, merge
}

func TestTheManifestIsAsTheAPIHasIt(t *testing.T) {
	flags := []string{"-preset", "paper", "-data", `a "b" \c`}
	volume, sweep, merge := manifest(t, []string{"CPU=4", "STORAGE=5Gi"}, append([]string{"veit", "24", "registry.example/veit:1"}, flags...)...)

	require.Equal(t, "v1 PersistentVolumeClaim", volume.APIVersion+" "+volume.Kind)
	require.Equal(t, []core.PersistentVolumeAccessMode{core.ReadWriteMany}, volume.Spec.AccessModes)
	require.True(t, resource.MustParse("5Gi").Equal(volume.Spec.Resources.Requests[core.ResourceStorage]))

	require.Equal(t, batch.IndexedCompletion, *sweep.Spec.CompletionMode)
	require.EqualValues(t, 24, *sweep.Spec.Completions)
	require.EqualValues(t, 24, *sweep.Spec.Parallelism)
	require.Positive(t, *sweep.Spec.BackoffLimitPerIndex)
	require.Nil(t, sweep.Spec.BackoffLimit, "else a few bad parts would end the others")
	require.Equal(t, batch.PodFailurePolicyActionIgnore, sweep.Spec.PodFailurePolicy.Rules[0].Action)
	require.Equal(t, core.DisruptionTarget, sweep.Spec.PodFailurePolicy.Rules[0].OnPodConditions[0].Type)
	require.Nil(t, sweep.Spec.Suspend)
	require.True(t, *merge.Spec.Suspend, "until the parts are done")

	for kind, job := range map[string]batch.Job{"part": sweep, "merge": merge} {
		require.Equal(t, "batch/v1 Job", job.APIVersion+" "+job.Kind)
		pod := job.Spec.Template.Spec
		require.Equal(t, core.RestartPolicyNever, pod.RestartPolicy, "the failure policy and the limit by index want it")
		require.Equal(t, volume.Name, pod.Volumes[0].PersistentVolumeClaim.ClaimName)
		require.Len(t, pod.Containers, 1)
		c := pod.Containers[0]
		require.Equal(t, "registry.example/veit:1", c.Image)
		require.Equal(t, append(append([]string{}, flags...), "-out", "/sweep/report", "-sweep", kind), c.Args)
		require.Equal(t, []core.EnvVar{{Name: "RESIDUUM_SHARDS", Value: strconv.Itoa(int(*sweep.Spec.Completions))}}, c.Env)
		require.Equal(t, []core.VolumeMount{{Name: pod.Volumes[0].Name, MountPath: "/sweep"}}, c.VolumeMounts)
		require.True(t, resource.MustParse("4").Equal(c.Resources.Limits[core.ResourceCPU]))
	}
	require.NotEqual(t, sweep.Name, merge.Name)
}

// The test would not notice much if it took every field.
func TestAFieldThatTheAPILacksIsAnError(t *testing.T) {
	require.ErrorContains(t, yaml.UnmarshalStrict([]byte("spec: {backoffLimitPerIndexes: 3}"), new(batch.Job)), "backoffLimitPerIndexes")
}

func TestWithoutPartsItSaysWhatItWants(t *testing.T) {
	for _, args := range [][]string{nil, {"veit"}, {"veit", "many", "image"}} {
		out, err := exec.Command("../kubernetes.sh", args...).CombinedOutput()
		require.Error(t, err)
		require.Contains(t, string(out), "usage:")
	}
}
