package main

import (
	"encoding/json"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ask sends a request as a browser on the page does, and returns status and answer.
func ask(t *testing.T, h http.Handler, method, path, body string, change func(*http.Request)) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequest(method, "http://127.0.0.1:8080"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	text, err := io.ReadAll(w.Result().Body)
	require.NoError(t, err)
	return w.Result(), string(text)
}

func readySite(t *testing.T) http.Handler {
	s := newSite()
	s.ready(tinyExperiment(t))
	return s.handler()
}

func TestPlanIsAnswered(t *testing.T) {
	h := readySite(t)
	response, text := ask(t, h, "POST", "/api/plan", `{"plan": "`+named("1 -2 3 4 5 6")+`"}`, nil)
	require.Equal(t, http.StatusOK, response.StatusCode, text)
	var r result
	require.NoError(t, json.Unmarshal([]byte(text), &r))
	require.Equal(t, named("1 -2 3 4 5 6"), r.Plan)
	require.Len(t, r.Classes, 10)
	require.Len(t, r.Shown, 30)
	require.Len(t, r.Paths.Shares, 6)
	require.Len(t, r.Gradient.Shares, 6)
	require.Positive(t, r.Timing.Accuracy)

	response, text = ask(t, h, "GET", "/api/net", "", nil)
	require.Equal(t, http.StatusOK, response.StatusCode)
	var n struct{ Net netState }
	require.NoError(t, json.Unmarshal([]byte(text), &n))
	require.Equal(t, blockState{"layer2.0", 2, "14×14×2", "7×7×4"}, n.Net.Blocks[2])
	require.Equal(t, 1000, n.Net.Tested)
	require.Equal(t, named("1 2 3 4 5 6"), n.Net.Whole.Plan)
}

// requireReason checks that an answer says in JSON why it refuses.
func requireReason(t *testing.T, response *http.Response, text string) {
	t.Helper()
	require.Equal(t, "application/json", response.Header.Get("Content-Type"), text)
	var e map[string]string
	require.NoError(t, json.Unmarshal([]byte(text), &e), text)
	require.NotEmpty(t, e["error"])
	require.Len(t, e, 1)
}

func TestBadRequestsGetAReason(t *testing.T) {
	h := readySite(t)
	long := strings.Repeat("layer1.0,", 1_000_000)
	for _, c := range []struct {
		name, method, body string
		change             func(*http.Request)
		status             int
		reason             string
	}{
		{"misfit", "POST", `{"plan": "` + named("1 3 2 4 5 6") + `"}`, nil, 422, "layer1.1 reads 14×14×2, but layer2.0 before it gives 7×7×4"},
		{"unknown block", "POST", `{"plan": "layer1.0,layer1.66"}`, nil, 400, `there is no block \"layer1.66\"`},
		{"too many", "POST", `{"plan": "` + strings.Repeat(",", 50) + `"}`, nil, 400, "51 steps are too many: at most 12"},
		{"huge", "POST", `{"plan": "` + long + `"}`, nil, 413, "more than 4096 bytes"},
		{"empty plan", "POST", `{}`, nil, 400, "the plan is empty"},
		{"no body", "POST", "", nil, 400, `want {"plan": "layer1.0,-layer1.1"}`},
		{"not JSON", "POST", "1.2.3", nil, 400, `want {"plan": "layer1.0,-layer1.1"}`},
		{"other type", "POST", `{"plan": [1, 2]}`, nil, 400, `want {"plan": "layer1.0,-layer1.1"}`},
		{"unknown field", "POST", `{"plan": "1", "epochs": 3}`, nil, 400, `unknown field \"epochs\"`},
		{"two values", "POST", `{"plan": "layer1.0"} {}`, nil, 400, "more than one value"},
		{"null", "POST", `null`, nil, 400, "the plan is empty"},
		{"media type", "POST", `{"plan": "1"}`, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, 415, "application/json"},
		{"method", "GET", "", nil, 405, "Method Not Allowed"},
		{"other page", "POST", `{"plan": "1"}`, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403, "cross-origin"},
		{"other host", "POST", `{"plan": "1"}`, func(r *http.Request) { r.Host = "evil.example:8080" }, 403, "is not this machine"},
	} {
		t.Run(c.name, func(t *testing.T) {
			response, text := ask(t, h, c.method, "/api/plan", c.body, c.change)
			require.Equal(t, c.status, response.StatusCode, text)
			require.Contains(t, text, strings.ReplaceAll(c.reason, `want {"plan": "layer1.0,-layer1.1"}`, `want {\"plan\": \"layer1.0,-layer1.1\"}`))
			requireReason(t, response, text)
		})
	}
}

// FuzzPostPlan sends bodies that nobody expects: every answer is a result or a reason.
func FuzzPostPlan(f *testing.F) {
	s := newSite()
	s.ready(tinyExperiment(f))
	h := s.handler()
	for _, body := range []string{`{"plan": "` + named("1 2 3 4 5 6") + `"}`, `{"plan": "` + named("1 3 2") + `"}`, `{"plan": ""}`, `[]`, `{"plan": "1" `, "\xff", `{"PLAN": "` + named("1 -2 3 4 5 6") + `"}`} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		response, text := ask(t, h, "POST", "/api/plan", body, nil)
		var answer struct{ Plan, Error string }
		require.NoError(t, json.Unmarshal([]byte(text), &answer))
		if response.StatusCode == http.StatusOK {
			require.NotEmpty(t, answer.Plan)
			return
		}
		require.Contains(t, []int{400, 413, 422}, response.StatusCode)
		require.NotEmpty(t, answer.Error)
	})
}

func TestTrainingIsShown(t *testing.T) {
	s := newSite()
	state := trainingState{Net: "plain", Step: 3, Steps: 8, Epoch: 2, Epochs: 4, Accuracy: 0.5, SecondsLeft: 7.5}
	s.training(state)
	h := s.handler()
	_, text := ask(t, h, "GET", "/api/net", "", nil)
	var answer struct{ Training trainingState }
	require.NoError(t, json.Unmarshal([]byte(text), &answer))
	require.Equal(t, state, answer.Training)
	response, text := ask(t, h, "POST", "/api/plan", `{"plan": "1"}`, nil)
	require.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
	require.Contains(t, text, "still being trained")
}

func TestImages(t *testing.T) {
	h := readySite(t)
	response, text := ask(t, h, "GET", "/images/29.png", "", nil)
	require.Equal(t, "image/png", response.Header.Get("Content-Type"))
	picture, err := png.Decode(strings.NewReader(text))
	require.NoError(t, err)
	require.Equal(t, 28, picture.Bounds().Dx())
	for _, name := range []string{"30.png", "-1.png", "0", "0.pngx", "x.png", "99999999999999999999.png"} {
		response, _ = ask(t, h, "GET", "/images/"+name, "", nil)
		require.Equal(t, http.StatusNotFound, response.StatusCode, name)
	}
}

// The page is made of its own files alone, and its policy lets it use no others.
func TestThePageNeedsNothingElse(t *testing.T) {
	h := readySite(t)
	response, index := ask(t, h, "GET", "/", "", nil)
	require.Equal(t, http.StatusOK, response.StatusCode)
	policy := response.Header.Get("Content-Security-Policy")
	require.Contains(t, policy, "default-src 'none'")
	require.NotContains(t, policy, "unsafe")
	files, err := page.ReadDir("page")
	require.NoError(t, err)
	for _, f := range files {
		response, text := ask(t, h, "GET", "/"+f.Name(), "", nil)
		if f.Name() == "index.html" { // redirected to /
			text = index
		} else {
			require.Equal(t, http.StatusOK, response.StatusCode, f.Name())
		}
		if strings.HasSuffix(f.Name(), ".js") {
			require.Equal(t, "text/javascript; charset=utf-8", response.Header.Get("Content-Type"))
		}
		for _, link := range regexp.MustCompile(`https?://[^"'\s]+`).FindAllString(text, -1) {
			require.Equal(t, "http://www.w3.org/2000/svg", link, "%s names another server", f.Name())
		}
		for _, m := range regexp.MustCompile(`(?:src|href)="([^"]+)"|from "\./([^"]+)"`).FindAllStringSubmatch(text, -1) {
			_, err := page.Open("page/" + m[1] + m[2])
			require.NoError(t, err, "%s uses it", f.Name())
		}
	}
}
