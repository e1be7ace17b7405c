package serve_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"strings"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/data/image"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/serve"
)

// A net of two classes, without a port of its own: a Server is an http.Handler.
func Example() {
	load := func() (*serve.Model, error) {
		net, err := resnet.New(resnet.Config{Blocks: []int{1}, Width: 4, Classes: 2}, rand.New(rand.NewPCG(1, 2))) // or resnet.Load
		if err != nil {
			return nil, err
		}
		return &serve.Model{Net: net, H: 32, W: 32, C: 3, Classes: []string{"cat", "dog"}, Input: func(dst []float32, picture *image.Image) {
			data.Norm{}.Apply(dst, picture.Cut(32, 32, 32, image.Bilinear).Pixels, 3)
		}}, nil
	}
	server, err := serve.New(serve.Config{Models: []serve.Source{{Name: "pets", Load: load}}})
	if err != nil {
		panic(err)
	}
	if err := server.Load(); err != nil { // Serve does it
		panic(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go server.Watch(ctx) // and this

	for _, r := range []struct{ kind, body string }{{"image/png", "no picture"}, {"text/plain", ""}} {
		request := httptest.NewRequest("POST", "/v1/models/pets/classify?top=1", strings.NewReader(r.body))
		request.Header.Set("Content-Type", r.kind)
		answer := httptest.NewRecorder()
		server.ServeHTTP(answer, request)
		text, _ := io.ReadAll(answer.Body)
		fmt.Print(answer.Code, " ", string(text))
	}
	// Output:
	// 422 {"error":"image: not a valid picture: image: unknown format"}
	// 415 {"error":"want Content-Type: image/..., multipart/form-data or application/json"}
}
