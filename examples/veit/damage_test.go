package main

import (
	"context"
	"encoding/json"
	"html/template"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/examples/internal/report"
)

// complete is a finished run without its report, made once for all tests.
var complete struct {
	once sync.Once
	dir  string
	run  *run
	err  error
}

// completeArgs is its command line.
func completeArgs(out string) []string {
	return tiny(out, "-seeds", "1", "-nets", "residual,effective,boost")
}

// completeRun returns that run, which the caller must not change, nor the folder.
func completeRun(t testing.TB) *run {
	complete.once.Do(func() {
		if complete.dir, complete.err = os.MkdirTemp("", "veit-complete-"); complete.err != nil {
			return
		}
		var c Config
		if c, complete.err = parse(completeArgs(complete.dir), io.Discard); complete.err != nil {
			return
		}
		if complete.run, complete.err = newRun(c, io.Discard); complete.err == nil {
			complete.err = complete.run.all(context.Background())
		}
	})
	require.NoError(t, complete.err)
	return complete.run
}

// measured runs everything but the report, and returns the results.
func measured(t testing.TB, args []string) *Results {
	c, err := parse(args, io.Discard)
	require.NoError(t, err)
	r, err := newRun(c, io.Discard)
	require.NoError(t, err)
	require.NoError(t, r.all(t.Context()))
	return r.results
}

// copied returns a copy of its folder.
func copied(t *testing.T) string {
	completeRun(t)
	dir := filepath.Join(t.TempDir(), "report")
	require.NoError(t, os.CopyFS(dir, os.DirFS(complete.dir)))
	return dir
}

// from returns the same run with a folder of kept results, which it has loaded.
func from(t testing.TB, kept string, nets ...string) (*run, error) {
	r := *completeRun(t)
	r.cfg.Nets, r.store, r.jobs, r.results = nets, &store{kept}, nil, &Results{Config: r.cfg, Data: r.results.Data}
	r.folder = report.NewFolder(filepath.Dir(kept))
	return &r, r.load()
}

func TestADamagedKeptFileIsRefusedByName(t *testing.T) {
	dir := copied(t)
	read := func(file string) error {
		if net, ok := strings.CutSuffix(file, "-1.json"); ok {
			_, err := from(t, filepath.Join(dir, "kept"), net)
			return err
		}
		_, err := openStore(filepath.Join(dir, "kept"), originOf(parsed(t, completeArgs(dir)), "avx2"))
		return err
	}
	for _, file := range []string{"residual-1.json", "boost-1.json", "origin.json"} {
		path := filepath.Join(dir, "kept", file)
		whole, err := os.ReadFile(path)
		require.NoError(t, err)
		other, err := os.ReadFile(filepath.Join(dir, "kept", "effective-1.json"))
		require.NoError(t, err)
		for what, text := range map[string][]byte{
			"truncated": whole[:len(whole)/2], "empty": {}, "text": []byte("shopping list"), "other JSON": []byte(`{"a": 1}`), "nothing": []byte("{}"),
			"null": []byte("null"), "list": []byte("[]"), "another net": other, "twice": append(slices.Clone(whole), whole...), "zeros": make([]byte, len(whole)),
		} {
			require.NoError(t, os.WriteFile(path, text, 0o644))
			require.ErrorContains(t, read(file), filepath.Join(dir, "kept", strings.TrimSuffix(file, "origin.json")), "%s: %s", file, what)
			now, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, text, now, "%s: %s: as it was", file, what)
		}
		require.NoError(t, os.WriteFile(path, whole, 0o644))
	}
	// A run that is refused leaves the report of an earlier one alone.
	page := filepath.Join(dir, "index.html")
	require.NoError(t, os.WriteFile(page, []byte("old"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kept", "boost-1.json"), nil, 0o644))
	require.ErrorContains(t, do(t.Context(), parsed(t, completeArgs(dir)), io.Discard), "boost-1.json")
	old, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Equal(t, "old", string(old))
	require.NoError(t, os.Remove(filepath.Join(dir, "kept", "origin.json")))
	require.ErrorContains(t, do(t.Context(), parsed(t, completeArgs(dir)), io.Discard), "origin.json is missing")
}

// What an earlier run has not completed is opened again.
func TestADamagedCheckpointOrJournalIsRefusedByName(t *testing.T) {
	dir := copied(t)
	edit(t, filepath.Join(dir, "kept", "residual-1.json"), func(n map[string]any) { n["done"] = n["done"].([]any)[:1] })
	for _, file := range []string{"residual-1.safetensors", "residual-1-sweeps.jsonl", "residual-1-recalibrated.jsonl"} {
		path := filepath.Join(dir, "kept", file)
		whole, err := os.ReadFile(path)
		require.NoError(t, err)
		damaged := map[string][]byte{"text": []byte("shopping list"), "other JSON": []byte("{\"a\": 1}\n"), "zeros": make([]byte, 5000)}
		if strings.HasSuffix(file, ".safetensors") { // a journal cut short has fewer scores
			damaged["truncated"], damaged["empty"] = whole[:len(whole)/2], nil
		}
		for what, text := range damaged {
			require.NoError(t, os.WriteFile(path, text, 0o644))
			r, err := from(t, filepath.Join(dir, "kept"), "residual", "effective")
			require.NoError(t, err)
			require.ErrorContains(t, r.all(t.Context()), path, what)
			require.Len(t, r.results.Nets, 2, "what is known is reported")
			now, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, string(text), string(now), "%s: %s: as it was", file, what)
		}
		require.NoError(t, os.WriteFile(path, whole, 0o644))
	}
	require.Equal(t, timeless(t, complete.run.results), timeless(t, measured(t, completeArgs(dir))))
}

// The checkpoint is ahead of results that were lost.
func TestACheckpointWithoutItsResultsIsRefused(t *testing.T) {
	dir := copied(t)
	require.NoError(t, os.Remove(filepath.Join(dir, "kept", "residual-1.json")))
	err := do(t.Context(), parsed(t, completeArgs(dir)), io.Discard)
	require.ErrorContains(t, err, "residual-1.json: it tells of 0 readings and 0 snapshots, but the checkpoint beside it has passed 4 and 2")
}

// edit changes a file of JSON.
func edit(t testing.TB, path string, change func(n map[string]any)) {
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	var n map[string]any
	require.NoError(t, json.Unmarshal(raw, &n))
	change(n)
	raw, err = json.Marshal(n)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, raw, 0o644))
}

func TestKeptResultsThatCannotBeAreRefused(t *testing.T) {
	kept := filepath.Join(copied(t), "kept")
	path := filepath.Join(kept, "residual-1.json")
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	at := func(n map[string]any, keys ...any) any { // the value below keys
		var v any = n
		for _, k := range keys {
			if i, ok := k.(int); ok {
				v = v.([]any)[i]
			} else {
				v = v.(map[string]any)[k.(string)]
			}
		}
		return v
	}
	shorten := func(keys ...any) func(map[string]any) {
		last := len(keys) - 1
		return func(n map[string]any) {
			in := at(n, keys[:last]...).(map[string]any)
			all := in[keys[last].(string)].([]any)
			in[keys[last].(string)] = all[:len(all)-1]
		}
	}
	set := func(v any, keys ...any) func(map[string]any) {
		last := len(keys) - 1
		return func(n map[string]any) { at(n, keys[:last]...).(map[string]any)[keys[last].(string)] = v }
	}
	for what, change := range map[string]func(map[string]any){
		"done: \"tea\" is no part":                   set([]any{"training", "tea"}, "done"),
		"without \"training\"":                       set([]any{"deleting one block"}, "done"),
		"training: 3 values, want 4":                 shorten("training"),
		"training: impossible reading":               set(-300, "training", 0, "images"),
		"training: -0.5, want 0 to 1":                set(-0.5, "training", 1, "accuracy"),
		"growth: 1 values":                           shorten("growth"),
		"log_exact_by_length: 3 values, want 4":      shorten("growth", 1, "log_exact_by_length"),
		"growth, effective_exact: 2 values":          shorten("growth", 0, "effective_exact"),
		"blocks: 2 values, want 3":                   shorten("blocks"),
		"blocks: stage 0":                            set(0, "blocks", 0, "stage"),
		"test: score on 1999 images":                 set(1999, "test", "examples"),
		"test: impossible score":                     set(2001, "test", "correct"),
		"delete_one: impossible score":               set(-1, "delete_one", 2, "correct"),
		"delete_one: 2 values":                       shorten("delete_one"),
		"delete_one: 0 values":                       set(nil, "delete_one"),
		"whole: absent":                              set(nil, "whole"),
		"whole: impossible score":                    set(-1e-9, "whole", "loss_sum"),
		"delete_random: 1 plans":                     shorten("delete_random", 0, "plans"),
		"delete_random: 0 values":                    set([]any{}, "delete_random"),
		"reorder: count 9":                           set(9, "reorder", 0, "count"),
		"reorder: tau 2":                             set([]any{2}, "reorder", 0, "kendall_tau"),
		"whole_recalibrated: absent":                 set(nil, "whole_recalibrated"),
		"paths or gradient: absent":                  set(nil, "gradient"),
		"share_by_length: 3 values":                  shorten("paths", "share_by_length"),
		"by_length: 3 values":                        shorten("gradient", "by_length"),
		"length 7 in place of 0":                     set(7, "gradient", "by_length", 0, "length"),
		"or not sampled":                             set(nil, "gradient", "by_length", 0, "sampled"),
		"effective_sampled: 0 values":                set(nil, "gradient", "effective_sampled"),
		"want ascending ones up to 3":                set([]any{4}, "gradient", "effective_exact", 0, "lengths"),
		"log_exact_by_state: 3 values":               shorten("gradient", "log_exact_by_state"),
		"forward: absent":                            set(nil, "forward"),
		"early_exit: 3 values":                       shorten("forward", "early_exit"),
		"picard: 3 values":                           shorten("forward", "picard"),
		"logit_by_length_from_biases: 3 values":      shorten("forward", "logit_by_length_from_biases"),
		"boosting_link: block 5 in place of 1":       set(5, "boosting_link", 1, "block"),
		"boosting_link: 2 values":                    shorten("boosting_link"),
		"unknown field \"tea\"":                      set(1, "tea"),
		"cannot unmarshal":                           set("many", "test", "examples"),
		"it is about \"residual\" with seed 2":       set(2, "seed"),
		"gradient_sum_error: -1":                     set(-1, "gradient_sum_error"),
		"score on 100 images, want 50":               set(100, "boosting_link", 0, "exit", "examples"),
		"growth: not expected after 301 images":      set(301, "growth", 0, "images"),
		"delete_one_recalibrated: 0 values, want 3":  set(nil, "delete_one_recalibrated"),
		"parameters -1":                              set(-1, "parameters"),
		"effective_exact: 1.5, want 0 to 1":          set(1.5, "gradient", "effective_exact", 0, "carried"),
		"forward, picard: order 1 at distance -1 in": set(-1, "forward", "picard", 1, "distance"),
		"logit_by_length_from_state: 0 values, want": set(nil, "forward", "logit_by_length_from_state"),
		"growth, boosting_link: 0 values":            set(nil, "growth", 1, "boosting_link"),
		"growth: impossible score":                   set(math.MaxInt32, "growth", 0, "score", "correct"),
		"paths: \"9\" of them":                       set("9", "paths", "count"),
		"reorder: 0 plans, 0 tau and 0 scores": func(n map[string]any) {
			maps.Copy(n["reorder"].([]any)[1].(map[string]any), map[string]any{"plans": nil, "kendall_tau": nil, "scores": nil})
		},
		"log_rms_by_length: 0 values":          set(nil, "growth", 0, "log_rms_by_length"),
		"log_exact_by_state: 0 values, want 4": set([]any{[]any{}, []any{}, []any{}, []any{}}, "gradient", "log_exact_by_state"),
	} {
		require.NoError(t, os.WriteFile(path, whole, 0o644))
		edit(t, path, change)
		_, err := from(t, kept, "residual")
		require.ErrorContains(t, err, path)
		require.ErrorContains(t, err, what)
	}
}

// What is not listed as done is measured, and not shown.
func TestKeptResultsThatAreNotDoneAreForgotten(t *testing.T) {
	kept := filepath.Join(copied(t), "kept")
	edit(t, filepath.Join(kept, "residual-1.json"), func(n map[string]any) { n["done"], n["delete_one"] = []any{"training"}, []any{} })
	r, err := from(t, kept, "residual")
	require.NoError(t, err)
	j := r.jobs[0]
	require.Nil(t, j.res.DeleteOne)
	require.Nil(t, j.res.Link)
	require.Len(t, j.missing(), 7)
}

// FuzzKept reads results that anybody may have written, and reports them beside good ones of another seed.
func FuzzKept(f *testing.F) {
	r := completeRun(f)
	kept := f.TempDir()
	path := filepath.Join(kept, "residual-1.json")
	whole, err := os.ReadFile(filepath.Join(complete.dir, "kept", "residual-1.json"))
	require.NoError(f, err)
	good := *r.results.net("residual")
	good.Seed = 2
	f.Add(string(whole))
	for _, change := range []func(n map[string]any){
		func(n map[string]any) { n["done"] = nil },
		func(n map[string]any) { n["done"] = n["done"].([]any)[:2] },
		func(n map[string]any) { n["training"].([]any)[0].(map[string]any)["loss"] = 1e308 },
		func(n map[string]any) {
			n["growth"].([]any)[0].(map[string]any)["log_exact_by_length"] = []any{nil, nil, nil, nil}
		},
		func(n map[string]any) {
			n["growth"].([]any)[1].(map[string]any)["effective_exact"].([]any)[1].(map[string]any)["lengths"] = nil
		},
		func(n map[string]any) {
			n["forward"].(map[string]any)["logit_by_length_from_state"] = []any{-1e308, 1e308, 0, 1e20}
		},
		func(n map[string]any) {
			n["gradient"].(map[string]any)["by_length"].([]any)[0].(map[string]any)["log_rms"] = 1e300
		},
		func(n map[string]any) { n["about"] = "<script>" },
	} {
		require.NoError(f, os.WriteFile(path, whole, 0o644))
		edit(f, path, change)
		changed, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(string(changed))
	}
	f.Add("{}")
	f.Add(`{"name": "residual", "seed": 1}`)
	f.Fuzz(func(t *testing.T, text string) {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		r, err := from(t, kept, "residual")
		if err != nil {
			require.ErrorContains(t, err, path)
			return
		}
		j, results := r.jobs[0], *r.results
		results.Nets = []*Net{j.res, &good}
		var sections []report.Section
		for _, fig := range drawings.Figures(&results) {
			svg, err := fig.Chart.SVG()
			require.NoError(t, err)
			sections = append(sections, report.Section{Title: fig.Chart.Title, Text: fig.Text, Wide: template.HTML(svg)})
		}
		_, err = pageOf(&results, sections)
		require.NoError(t, err)
		_, err = json.Marshal(j.res)
		require.NoError(t, err, "what was read can be kept again")
	})
}
