package serve

import (
	"context"
	"encoding/binary"
	"math"
	"mime"
	"net/http"
	"slices"
	"strconv"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/internal/littleendian"
)

// Answer is what a request to classify is answered.
type Answer struct {
	Model   string   `json:"model"`
	Results []Result `json:"results"` // of each picture
}

// Result is what the model says of a picture, or why it says nothing.
type Result struct {
	Name    string        `json:"name,omitempty"` // of the file, where the request says it
	Error   string        `json:"error,omitempty"`
	Classes []data.Likely `json:"classes,omitempty"` // the likeliest first
	Blocks  []Block       `json:"blocks,omitempty"`  // in the order of the net
}

func (s *Server) list(w *response, _ *http.Request) error {
	type entry struct {
		Name    string   `json:"name"`
		Image   []int    `json:"image"`
		Classes []string `json:"classes,omitempty"`
		Blocks  int      `json:"blocks"` // 0 where nobody can ask which mattered
	}
	all := []entry{}
	for _, m := range s.models {
		if r := m.model.Load(); r != nil {
			e := entry{Name: m.Name, Image: []int{r.H, r.W, r.C}, Classes: r.Classes}
			if r.net != nil {
				e.Blocks = r.net.Len()
			}
			all = append(all, e)
		}
	}
	return answer(w, map[string]any{"models": all})
}

// question is what the address of a request to classify asks.
type question struct {
	top    int
	blocks bool
}

func (m *ready) question(r *http.Request) (q question, err error) {
	q.top = 5
	values := r.URL.Query() // and not the form's, which would read the body
	if text := values.Get("top"); text != "" {
		if q.top, err = strconv.Atoi(text); err != nil || q.top < 1 {
			return q, refuse(http.StatusBadRequest, "top=%.20q: want a number from 1", text)
		}
	}
	if text := values.Get("blocks"); text != "" {
		if q.blocks, err = strconv.ParseBool(text); err != nil {
			return q, refuse(http.StatusBadRequest, "blocks=%.20q: want true or false", text)
		}
	}
	if q.blocks && m.net == nil {
		return q, refuse(http.StatusUnprocessableEntity, "the model has no residual blocks")
	}
	return q, nil
}

// classify answers with an Answer.
func (s *Server) classify(w *response, r *http.Request, m *ready) error {
	q, err := m.question(r)
	if err != nil {
		return err
	}
	pictures, err := s.pictures(w, r)
	if err != nil {
		return err
	}
	more := len(pictures) - 1
	if err := s.hold(more); err != nil {
		return err
	}
	defer s.held.Add(int64(-more))
	inputs, faults := s.inputs(r.Context(), m, pictures)
	a := Answer{Model: w.model, Results: make([]Result, len(pictures))}
	outputs, err := m.outputs(r.Context(), inputs)
	if err != nil {
		return err
	}
	answered := false
	for i := range pictures {
		res := &a.Results[i]
		res.Name = pictures[i].name
		if faults[i] == nil {
			faults[i] = s.result(r.Context(), res, m, q, inputs[i], outputs[i])
		}
		if faults[i] != nil {
			res.Error = faults[i].Error()
		}
		answered = answered || faults[i] == nil
	}
	if !answered {
		return faults[0]
	}
	return answer(w, a)
}

// result fills in what there is to say of a picture.
func (s *Server) result(ctx context.Context, res *Result, m *ready, q question, x, y []float32) error {
	res.Classes = data.Card{Classes: m.Classes}.Top(m.probabilities(y), q.top)
	if res.Classes == nil {
		return errNoNumbers
	}
	if !q.blocks {
		return nil
	}
	select {
	case s.studies <- struct{}{}:
		defer func() { <-s.studies }()
	case <-ctx.Done():
		return ctx.Err()
	}
	var err error
	res.Blocks, err = m.blocks(ctx, x, res.Classes[0].Index)
	return err
}

var errNoNumbers = refuse(http.StatusUnprocessableEntity, "the net gives no numbers for it, but NaN or infinity")

// logits answers the net's outputs for inputs, both as float32.
func (s *Server) logits(w *response, r *http.Request, m *ready) error {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/octet-stream" {
		return refuse(http.StatusUnsupportedMediaType, "want Content-Type: application/octet-stream")
	}
	body, err := s.body(w, r)
	if err != nil {
		return err
	}
	size := m.H * m.W * m.C
	n := len(body) / (4 * size)
	if n == 0 || len(body) != n*4*size {
		return refuse(http.StatusBadRequest, "%d bytes: want a multiple of %d, float32 of images %dx%dx%d", len(body), 4*size, m.H, m.W, m.C)
	}
	if n > s.cfg.Queue {
		return tooMany(n, s.cfg.Queue)
	}
	if err := s.hold(n - 1); err != nil {
		return err
	}
	defer s.held.Add(int64(1 - n))
	m.queue.announce(n)
	all := make([]float32, n*size)
	littleendian.Float32s(all, body)
	inputs := slices.Collect(slices.Chunk(all, size))
	outputs, err := m.outputs(r.Context(), inputs)
	if err != nil {
		return err
	}
	out := make([]byte, 0, 4*n*m.classes)
	for _, y := range outputs {
		for _, v := range y {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
		}
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.Itoa(len(out)))
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(out) // nobody is left to tell
	return nil
}
