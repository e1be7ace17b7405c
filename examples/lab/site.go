package main

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"strconv"
	"sync/atomic"

	"github.com/residuum-go/residuum/internal/jsonreply"
)

//go:embed page
var page embed.FS

// site is the page and what it asks for. It changes from training to ready once.
type site struct {
	progress   atomic.Pointer[trainingState]
	experiment atomic.Pointer[experiment]
}

// netState describes the trained residual net.
type netState struct {
	Blocks   []blockState `json:"blocks"`
	Classes  []string     `json:"classes"`
	Tested   int          `json:"tested"`
	Graded   int          `json:"graded"`
	MaxSteps int          `json:"maxSteps"`
	Shown    []int        `json:"shown"` // classes of the images that the page shows
	Whole    *result      `json:"whole"`
}

type blockState struct {
	Name  string `json:"name"`
	Stage int    `json:"stage"` // counted from 1
	In    string `json:"in"`
	Out   string `json:"out"`
}

func newSite() *site {
	s := &site{}
	s.progress.Store(&trainingState{})
	return s
}

func (s *site) training(t trainingState) { s.progress.Store(&t) }

func (s *site) ready(e *experiment) { s.experiment.Store(e) }

// handler serves the page, GET /api/net, POST /api/plan and GET /images/<i>.png. Requests that another
// web page could have caused are refused. Whatever is refused, and for whichever reason, is answered
// {"error": reason}.
func (s *site) handler() http.Handler {
	files, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // a build without its page
	}
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		panic(err)
	}
	_ = mime.AddExtensionType(".js", "text/javascript; charset=utf-8") // the system's table may say otherwise
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", http.FileServerFS(files))
	for _, f := range entries {
		mux.Handle("GET /"+f.Name(), http.FileServerFS(files))
	}
	mux.HandleFunc("GET /api/net", s.getNet)
	mux.HandleFunc("POST /api/plan", s.postPlan)
	mux.HandleFunc("GET /images/{name}", s.getImage)
	return explained(guarded(mux))
}

// getNet answers {"training": ...} or {"net": ...}.
func (s *site) getNet(w http.ResponseWriter, r *http.Request) {
	e := s.experiment.Load()
	if e == nil {
		jsonreply.Write(w, http.StatusOK, map[string]any{"training": s.progress.Load()})
		return
	}
	n := netState{Classes: e.classes, Tested: e.tested.Len(), Graded: len(e.grade.Labels), MaxSteps: maxSteps(len(e.blocks)), Whole: e.whole}
	for _, b := range e.blocks {
		n.Blocks = append(n.Blocks, blockState{b.Name, b.Stage + 1, size(b.In), size(b.Out)})
	}
	for _, i := range e.shown {
		n.Shown = append(n.Shown, e.tested.Labels[i])
	}
	jsonreply.Write(w, http.StatusOK, map[string]any{"net": n})
}

// maxBody is more than any plan takes.
const maxBody = 4096

// postPlan takes {"plan": "layer1.0,-layer1.1"} and answers a result. The error of a bad request is
// {"error": reason}, with status 422 if the plan is one but its blocks do not fit.
func (s *site) postPlan(w http.ResponseWriter, r *http.Request) {
	e := s.experiment.Load()
	if e == nil {
		fail(w, http.StatusServiceUnavailable, "the nets are still being trained")
		return
	}
	text, status, err := readPlan(w, r)
	if err != nil {
		fail(w, status, err.Error())
		return
	}
	p, err := parsePlan(text, e.blocks)
	if misfit := (*misfitError)(nil); errors.As(err, &misfit) {
		fail(w, http.StatusUnprocessableEntity, err.Error())
		return
	} else if err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	res, err := e.measure(r.Context(), p)
	if err != nil { // whoever asked has gone, or the program ends
		fail(w, http.StatusServiceUnavailable, "given up: "+err.Error())
		return
	}
	jsonreply.Write(w, http.StatusOK, res)
}

// readPlan returns the plan's text or the status that its error deserves.
func readPlan(w http.ResponseWriter, r *http.Request) (text string, status int, err error) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		return "", http.StatusUnsupportedMediaType, errors.New("want Content-Type: application/json")
	}
	var body struct {
		Plan string `json:"plan"`
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	err = d.Decode(&body)
	if err == nil {
		if _, err = d.Token(); err == io.EOF {
			return body.Plan, 0, nil
		}
		if err == nil {
			err = errors.New("more than one value")
		}
	}
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		return "", http.StatusRequestEntityTooLarge, fmt.Errorf("the request has more than %d bytes", maxBody)
	}
	return "", http.StatusBadRequest, fmt.Errorf(`want {"plan": "layer1.0,-layer1.1"}: %w`, err)
}

// getImage serves the i-th of the images that the page shows.
func (s *site) getImage(w http.ResponseWriter, r *http.Request) {
	e := s.experiment.Load()
	var i int
	var rest string
	if n, _ := fmt.Sscanf(r.PathValue("name"), "%d%s", &i, &rest); e == nil || n != 2 || rest != ".png" || i < 0 || i >= len(e.shown) {
		fail(w, http.StatusNotFound, "there is no such image")
		return
	}
	d := e.tested
	picture := &image.Gray{Pix: d.Image(e.shown[i]), Stride: d.Width, Rect: image.Rect(0, 0, d.Width, d.Height)}
	var buf bytes.Buffer
	if err := png.Encode(&buf, picture); err != nil {
		fail(w, http.StatusInternalServerError, err.Error())
		return
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Content-Length", strconv.Itoa(buf.Len()))
	_, _ = w.Write(buf.Bytes()) // nobody is left to tell
}

func fail(w http.ResponseWriter, status int, reason string) {
	jsonreply.Write(w, status, map[string]string{"error": reason})
}
