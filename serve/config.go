package serve

import (
	"cmp"
	"log/slog"
	"net/http"
	"regexp"
	"time"

	"github.com/residuum-go/residuum/data/image"
	"github.com/residuum-go/residuum/internal/demand"
	"github.com/residuum-go/residuum/nn"
)

// Model is a classifier of pictures.
type Model struct {
	Net           nn.Module // gives [N, classes] for [N, H, W, C]
	H, W, C       int       // of an image that the net takes
	Probabilities bool      // the net gives these, and not logits
	Classes       []string  // names; nil if they have none
	// Input writes the net's input of a picture into dst, H*W*C elements. Many goroutines call it.
	Input func(dst []float32, picture *image.Image)
}

// Source is where a model comes from.
type Source struct {
	Name string // in the paths of requests: letters, digits, '.', '_' and '-'
	Load func() (*Model, error)
	// File, if it is not empty, is looked at from time to time: when it has changed, Load is called again.
	File string
}

// Config says what a server has, and what it puts up with. Zero values mean what stands in brackets.
type Config struct {
	Models []Source

	Batch int           // images that go through a net together, at most (32)
	Wait  time.Duration // that an image waits for others which are being read, at most (2 ms)

	Queue   int           // requests and images that are accepted and not yet answered, at most (256)
	Body    int64         // bytes of a request, at most (16 MiB)
	Pixels  int           // of a picture, at most (2^25)
	Timeout time.Duration // from the first line of a request to its answer (30 s)

	Drain time.Duration // for which a server that stops still takes requests, so that all can turn away (500 ms)
	Poll  time.Duration // between two looks at the files (1 s)

	Token    string       // if it is not empty, requests to /v1 and /metrics must bear it
	Log      *slog.Logger // of loads and stops (info), refused requests (info, from 500 on warn) and answered ones (debug)
	Observer Observer     // if not nil, is told what happens
	Metrics  http.Handler // if not nil, is at /metrics
}

// Observer is told what a server does, for metrics. Its methods are called by many goroutines.
type Observer interface {
	// Answered says which status a request had, and how long it took. The model is empty where there is none.
	Answered(model string, status int, took time.Duration)
	// Ran says that some images went through a model together.
	Ran(model string, images int, took time.Duration)
	// Loaded says that a model was loaded, or why it was not.
	Loaded(model string, err error)
}

type nobody struct{}

func (nobody) Answered(string, int, time.Duration) {}
func (nobody) Ran(string, int, time.Duration)      {}
func (nobody) Loaded(string, error)                {}

var names = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// filled returns c with the meaning of zero values, or what is wrong with it.
func (c Config) filled() (Config, error) {
	seen := map[string]bool{}
	for _, m := range c.Models {
		if err := demand.All("serve.Config",
			demand.That(names.MatchString(m.Name) && m.Name != "." && m.Name != "..", "Models", m.Name, "want names of letters, digits, '.', '_' and '-'"),
			demand.That(!seen[m.Name], "Models", m.Name, "two have this name"),
			demand.That(m.Load != nil, "Models", m.Name, "it has no Load")); err != nil {
			return c, err
		}
		seen[m.Name] = true
	}
	err := demand.All("serve.Config",
		demand.That(len(c.Models) > 0, "Models", len(c.Models), "want one at least"),
		demand.That(c.Batch >= 0, "Batch", c.Batch, "want at least 0"),
		demand.That(c.Wait >= 0, "Wait", c.Wait, "want at least 0"),
		demand.That(c.Queue >= 0, "Queue", c.Queue, "want at least 0"),
		demand.That(c.Body >= 0, "Body", c.Body, "want at least 0"),
		demand.That(c.Pixels >= 0, "Pixels", c.Pixels, "want at least 0"),
		demand.That(c.Timeout >= 0, "Timeout", c.Timeout, "want at least 0"),
		demand.That(c.Drain >= 0, "Drain", c.Drain, "want at least 0"),
		demand.That(c.Poll >= 0, "Poll", c.Poll, "want at least 0"))
	c.Batch = cmp.Or(c.Batch, 32)
	c.Wait = cmp.Or(c.Wait, 2*time.Millisecond)
	c.Queue = cmp.Or(c.Queue, 256)
	c.Body = cmp.Or(c.Body, 16<<20)
	c.Pixels = cmp.Or(c.Pixels, 1<<25)
	c.Timeout = cmp.Or(c.Timeout, 30*time.Second)
	c.Drain = cmp.Or(c.Drain, 500*time.Millisecond)
	c.Poll = cmp.Or(c.Poll, time.Second)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Observer == nil {
		c.Observer = nobody{}
	}
	return c, err
}
