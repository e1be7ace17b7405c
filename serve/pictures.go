package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	stdimage "image"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/residuum-go/residuum/data/image"
)

// picture is a picture file of a request.
type picture struct {
	name string
	file []byte
}

// body returns the bytes of a request.
func (s *Server) body(w *response, r *http.Request) ([]byte, error) {
	const trusted = 1 << 20 // bytes for which room is made on the word of a header
	var b bytes.Buffer
	b.Grow(int(min(max(r.ContentLength, 0), s.cfg.Body, trusted)) + bytes.MinRead)
	if _, err := b.ReadFrom(http.MaxBytesReader(w, r.Body, s.cfg.Body)); err != nil {
		return nil, unread(err)
	}
	patient(w)
	return b.Bytes(), nil
}

// patient takes back the bound on reading once all is read: net/http goes on to read, to see when a client goes away.
func patient(w *response) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // recorders have none
}

// unread says why a body could not be read.
func unread(err error) error {
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		return refuse(http.StatusRequestEntityTooLarge, "the request has more than %d bytes", large.Limit)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return refuse(http.StatusRequestTimeout, "the request took too long to come")
	}
	return refuse(http.StatusBadRequest, "the request cannot be read: %v", err)
}

func tooMany(n, most int) error {
	return refuse(http.StatusRequestEntityTooLarge, "%d images in a request: at most %d", n, most)
}

// pictures returns the picture files in a request, one at least.
func (s *Server) pictures(w *response, r *http.Request) (all []picture, err error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err == nil && strings.HasPrefix(kind, "image/"):
		file, err := s.body(w, r)
		return []picture{{file: file}}, err
	case err == nil && kind == "application/json":
		if all, err = s.fromJSON(w, r); err != nil {
			return nil, err
		}
	case err == nil && kind == "multipart/form-data" && params["boundary"] != "":
		if all, err = s.fromParts(w, r, params["boundary"]); err != nil {
			return nil, err
		}
	default:
		return nil, refuse(http.StatusUnsupportedMediaType, "want Content-Type: image/..., multipart/form-data or application/json")
	}
	if len(all) == 0 {
		return nil, refuse(http.StatusBadRequest, "no picture in the request")
	}
	if len(all) > s.cfg.Queue {
		return nil, tooMany(len(all), s.cfg.Queue)
	}
	return all, nil
}

func (s *Server) fromJSON(w *response, r *http.Request) (all []picture, err error) {
	text, err := s.body(w, r)
	if err != nil {
		return nil, err
	}
	var body struct {
		Images [][]byte `json:"images"`
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err = d.Decode(&body); err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.New("more than one value")
		}
	}
	if err != nil {
		return nil, refuse(http.StatusBadRequest, `want {"images": [base64, ...]}: %v`, err)
	}
	for _, file := range body.Images {
		all = append(all, picture{file: file})
	}
	return all, nil
}

func (s *Server) fromParts(w *response, r *http.Request, boundary string) (all []picture, err error) {
	parts := multipart.NewReader(http.MaxBytesReader(w, r.Body, s.cfg.Body), boundary)
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			patient(w)
			return all, nil
		}
		if err != nil {
			return nil, unread(err)
		}
		file, err := io.ReadAll(part)
		if err != nil {
			return nil, unread(err)
		}
		if all = append(all, picture{part.FileName(), file}); len(all) > s.cfg.Queue {
			return nil, tooMany(len(all), s.cfg.Queue)
		}
	}
}

// inputs makes the net's inputs of pictures, and announces them to the model's queue. Pictures that make none have an error.
func (s *Server) inputs(ctx context.Context, m *ready, pictures []picture) (inputs [][]float32, faults []error) {
	inputs, faults = make([][]float32, len(pictures)), make([]error, len(pictures))
	m.queue.announce(len(pictures))
	var all sync.WaitGroup
	for i, p := range pictures {
		all.Go(func() {
			if inputs[i], faults[i] = s.input(ctx, m, p.file); faults[i] != nil {
				m.queue.announce(-1)
			}
		})
	}
	all.Wait()
	return inputs, faults
}

// input makes the net's input of a picture, when it is its turn.
func (s *Server) input(ctx context.Context, m *ready, file []byte) ([]float32, error) {
	select {
	case s.decoders <- struct{}{}:
		defer func() { <-s.decoders }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if c, _, err := stdimage.DecodeConfig(bytes.NewReader(file)); err == nil && c.Width > s.cfg.Pixels/max(c.Height, 1) {
		return nil, refuse(http.StatusRequestEntityTooLarge, "a picture of %dx%d pixels: at most %d", c.Width, c.Height, s.cfg.Pixels)
	}
	photo, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, refuse(http.StatusUnprocessableEntity, "%v", err)
	}
	x := make([]float32, m.H*m.W*m.C)
	m.Input(x, photo)
	return x, nil
}
