package data

import "fmt"

// Part returns part i of n of a batch, as views of it: the batch is cut into n parts in its order, as equal as they can
// be, the larger ones first. Of fewer examples than parts the last parts are empty.
func (b *Batch) Part(i, n int) Batch {
	if i < 0 || i >= n {
		panic(fmt.Sprintf("data: Part: %d of %d", i, n))
	}
	lo, hi := bounds(b.X.Dim(0), i, n)
	p := Batch{X: b.X.Slice(lo, hi), Labels: b.Labels[lo:hi]}
	if b.Targets != nil {
		p.Targets = b.Targets.Slice(lo, hi)
	}
	if b.Index != nil {
		p.Index = b.Index[lo:hi]
	}
	return p
}

// bounds returns where part i of n of a batch of examples begins and ends.
func bounds(examples, i, n int) (lo, hi int) {
	size, larger := examples/n, examples%n
	lo = i*size + min(i, larger)
	if i < larger {
		size++
	}
	return lo, lo + size
}

// share says which parts of a batch a loader makes: first, first+step and so on, of so many.
type share struct{ first, step, parts int }

// Share has the loader make but some of the images of each batch: those of the parts first, first+step and so on, of so
// many as [Batch.Part] cuts. What is there of the others has no meaning; Labels, Targets and Index are those of the whole
// batch. So several processes that train on parts of the same batches read each image once between them, and each image
// is what it would be in one process. It panics during Epoch.
func (l *Loader) Share(first, step, parts int) {
	if first < 0 || first >= step || step > parts {
		panic(fmt.Sprintf("data: Loader: Share: part %d and every %d after it, of %d", first, step, parts))
	}
	if l.active {
		panic("data: Loader: Share inside a loop over Epoch")
	}
	l.share = share{first, step, parts}
}

// has reports whether example i of a batch of so many is in one of the parts.
func (s share) has(i, examples int) bool {
	for part := s.first; part < s.parts; part += s.step {
		if lo, hi := bounds(examples, part, s.parts); lo <= i && i < hi {
			return true
		}
	}
	return false
}

// makes reports whether a loader makes image i of a batch of so many. To mix it with the one before it takes that, too.
func (l *Loader) makes(i, examples int) bool {
	s := l.share
	return s.has(i, examples) || l.config.Mix != Mix{} && s.has((i+1)%examples, examples)
}
