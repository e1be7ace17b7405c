package train

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"strings"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/weights"
)

// Ranks are the processes that train one model together, as one of them sees them. Package train/mpi has those of an MPI
// job.
type Ranks interface {
	// Rank returns the number of this process, from 0.
	Rank() int
	// Size returns how many there are.
	Size() int
	// Exchange sends to[r] to each other rank r, and fills from[r] with what rank r sends here, which has that length. What
	// is empty is not sent, and the entries of the own rank are not looked at. It returns when from is filled and to may
	// be changed again. All ranks make the same calls in the same order, each from one goroutine at a time. After an error
	// there are no more calls.
	Exchange(to, from [][]byte) error
}

// team is what a trainer needs to talk to the other ranks. A nil team is a process alone.
type team struct {
	Ranks
	to, from [][]byte // of an Exchange
	inbox    [][]byte // of gather
	vote     [256]byte
	lost     error // of Exchange
	busy     bool  // in Run: true after a panic out of it
}

func newTeam(ranks Ranks) *team {
	if ranks == nil || ranks.Size() == 1 {
		return nil
	}
	n := ranks.Size()
	return &team{Ranks: ranks, to: make([][]byte, n), from: make([][]byte, n), inbox: make([][]byte, n)}
}

// first reports whether this process is the one that writes files.
func (g *team) first() bool { return g == nil || g.Rank() == 0 }

// gone returns why this rank cannot go on with the others, or nil.
func (g *team) gone() error {
	switch {
	case g == nil:
		return nil
	case g.busy: // and lost may be written at any time by the exchange that was under way
		return fmt.Errorf("train: rank %d of %d has left the others by a panic", g.Rank(), g.Size())
	}
	return g.lost
}

// exchange makes the exchange that to and from say.
func (g *team) exchange() error {
	if err := g.Exchange(g.to, g.from); err != nil {
		g.lost = fmt.Errorf("train: rank %d of %d has lost the others: %w", g.Rank(), g.Size(), err)
	}
	return g.lost
}

// gather sends a message to all ranks and returns theirs, which have the same length, by rank. They are valid until the
// next call.
func (g *team) gather(own []byte) ([][]byte, error) {
	if g == nil {
		return [][]byte{own}, nil
	}
	for r := range g.inbox {
		g.inbox[r] = slices.Grow(g.inbox[r][:0], len(own))[:len(own)]
		g.to[r], g.from[r] = own, g.inbox[r]
	}
	copy(g.inbox[g.Rank()], own)
	return g.inbox, g.exchange()
}

// causes are errors that are known on the other ranks, too.
var causes = []error{fs.ErrNotExist, context.Canceled, context.DeadlineExceeded}

// goOn is the first byte of the vote of a rank that has no error. What follows is how many ranks there are of causes.
const goOn, stopped = 0, 1

// agree returns nil if all ranks come to it without an error, else the own one or what another rank says. It is what a
// rank does next that leaves Run by an error of its own: so all ranks leave together, wherever they are.
func (g *team) agree(own error) error {
	if g == nil {
		return own
	}
	clear(g.vote[:])
	if own != nil {
		g.vote[0] = stopped
		if i := slices.IndexFunc(causes, func(cause error) bool { return errors.Is(own, cause) }); i >= 0 {
			g.vote[0] += byte(1 + i)
		}
		copy(g.vote[1:], own.Error())
	}
	votes, err := g.gather(g.vote[:])
	if own != nil || err != nil {
		return errors.Join(own, err)
	}
	for r, v := range votes {
		if v[0] != goOn {
			text, _, _ := strings.Cut(string(v[1:]), "\x00")
			return &rankError{rank: r, kind: int(v[0]), text: strings.ToValidUTF8(text, "")}
		}
	}
	return nil
}

// rankError says that another rank has ended the run.
type rankError struct {
	rank, kind int
	text       string
}

func (e *rankError) Error() string { return fmt.Sprintf("rank %d ended it: %s", e.rank, e.text) }

func (e *rankError) Unwrap() error {
	if i := e.kind - stopped - 1; i >= 0 && i < len(causes) {
		return causes[i]
	}
	return nil
}

// leave ends Run on all ranks, and returns why. Afterwards rank 0 has saved what it saves.
func (g *team) leave(err error) error {
	if g == nil || g.lost != nil {
		return err
	}
	if !errors.As(err, new(*rankError)) {
		err = g.agree(err)
	}
	if g.lost == nil {
		_, _ = g.gather(g.vote[:1])
	}
	return err
}

// broadcast returns what rank 0 has, on all ranks.
func (g *team) broadcast(content []byte) ([]byte, error) {
	sizes, err := g.gather(fmt.Appendf(nil, "%20d", len(content)))
	if err != nil {
		return nil, err
	}
	var size int
	if _, err := fmt.Sscan(string(sizes[0]), &size); err != nil {
		return nil, err
	}
	if !g.first() {
		content = make([]byte, size)
	}
	for r := range g.to {
		g.to[r], g.from[r] = nil, nil
		if g.first() {
			g.to[r] = content
		}
	}
	if !g.first() {
		g.from[0] = content
	}
	return content, g.exchange()
}

// compare makes sure that all ranks begin with the same, from which the same bits follow.
func (t *Trainer) compare() error {
	if t.team == nil {
		return nil
	}
	content, err := t.content()
	if err != nil {
		return err
	}
	loader, c := t.loader, t.config
	var frozen []bool
	for _, p := range t.params {
		frozen = append(frozen, p.Frozen)
	}
	subjects := []struct {
		name  string
		write func(io.Writer) error
	}{
		{"instruction set", func(w io.Writer) error {
			_, err := fmt.Fprint(w, runtime.GOARCH, residuum.Level(), residuum.Winograd())
			return err
		}},
		{"configuration", func(w io.Writer) error {
			_, err := fmt.Fprint(w, c.Epochs, c.Seed, c.MicroBatches, t.synced(), c.ClipNorm, c.SaveEvery, t.rate(t.step), t.rate(t.total()-1), frozen)
			return err
		}},
		{"loader", func(w io.Writer) error {
			_, err := fmt.Fprint(w, loader.State(), size(loader.Source()), loader.Norm(), loader.Mix(), labels(loader.Source()))
			return err
		}},
		{"model or optimizer", func(w io.Writer) error { return weights.Write(w, content) }},
	}
	var own []byte
	for _, s := range subjects {
		hash := sha256.New()
		if err := s.write(hash); err != nil {
			return err
		}
		own = hash.Sum(own)
	}
	all, err := t.team.gather(own)
	if err != nil {
		return err
	}
	for r, hashes := range all {
		for i, s := range subjects {
			if at := i * sha256.Size; !bytes.Equal(hashes[at:at+sha256.Size], all[0][at:at+sha256.Size]) {
				return fmt.Errorf("train: rank %d has another %s than rank 0", r, s.name)
			}
		}
	}
	return nil
}
