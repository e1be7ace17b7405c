package conv

import (
	"math/bits"

	"github.com/residuum-go/residuum/internal/cpu"
)

// groupKernels are the kernels of one level for narrow groups: see [groupTile] and [groupGrad].
//
// Those of depthwise convolutions multiply lane by lane, a few vectors of channels at a time: sums [vectors].
//
// Quads are four neighbouring channels. With groups of a multiple of four channels, sum d of four holds in lane l what the
// input channel l adds to the output channel l^d, so that no lane moves before the last addition: sums [4]. Where a vector has
// several quads of a group, the same goes for the quads: x is read with quad i^e in the place of quad i, for each e.
type groupKernels struct {
	level          cpu.Level            // at least
	lanes          int                  // float32 of a vector
	rows, quadRows int                  // most pixels of a tile of depthwise and of quads
	taps, quadTaps int                  // most taps of a gradient
	page           int                  // see copies
	depthwise      []func(t *groupTile) // [vectors-1]
	depthwiseGrad  []func(g *groupGrad) // [vectors-1], which are no wider than a tile's columns
	quads          []func(t *groupTile) // [log2 of the quads of a vector in one group]
	quadsGrad      []func(g *groupGrad) // [e]
}

// groupKernelsFor returns the kernels with the widest vectors of level l that so many channels fill, nil if there are none.
func groupKernelsFor(l cpu.Level, channels int) *groupKernels {
	for _, k := range groupLevels {
		if l >= k.level && channels >= k.lanes {
			return k
		}
	}
	return nil
}

// groupChannels is the most channels that kernels read at once.
const groupChannels = 64

// groupLayout says in which vectors the channels of a convolution in narrow groups are, and what is packed for each.
type groupLayout struct {
	*groupKernels
	group  int // channels of a group
	kernel int // taps
	quad   int // quads of a vector in one group, 0 for depthwise
	parts  int // vectors of a group, at least 1
	spans  [3]groupSpan
}

// groupSpan is bands of some vectors that follow each other.
type groupSpan struct {
	first, vectors, bands int
	index                 int // of the first band
	packed                int // offset of what is packed for the first band
}

// widestGroup is the most channels of a group of quads, of a tile and of a gradient. Variables, so that tests can raise them.
var widestGroup, widestGroupGrad = 16, 32

// narrow reports whether groups are those of groupKernels. The channels fill a vector at least.
func (s Shape) narrow(l cpu.Level, widest int) bool {
	g := s.C / s.Groups
	if s.Groups == 1 || s.C != s.K || groupKernelsFor(l, s.C) == nil {
		return false
	}
	return g == 1 || g >= 4 && g <= widest && bits.OnesCount(uint(g)) == 1
}

// layout returns the layout of channels for kernels that take most vectors of depthwise channels. The last band overlaps
// the one before it where the channels are no whole number of vectors.
func (s Shape) layout(kernels *groupKernels, most int) groupLayout {
	l := groupLayout{groupKernels: kernels, group: s.C / s.Groups, kernel: s.R * s.S, parts: 1}
	if l.group > 1 {
		most = 1
		l.quad = min(l.group, l.lanes) / 4
		l.parts = max(1, l.group/l.lanes)
	}
	n := s.C / l.lanes
	l.spans[0] = groupSpan{vectors: most, bands: n / most}
	l.spans[1] = groupSpan{first: n / most * most * l.lanes, vectors: n % most, bands: min(n%most, 1)}
	l.spans[2] = groupSpan{first: s.C - l.lanes, vectors: 1, bands: min(s.C%l.lanes, 1)}
	for i := range 2 {
		before := l.spans[i]
		l.spans[i+1].index = before.index + before.bands
		l.spans[i+1].packed = before.packed + before.bands*l.bandSize(&before)
	}
	return l
}

// tapSize returns how many numbers a band has for one tap, bandSize for all.
func (l *groupLayout) tapSize(s *groupSpan) int {
	if l.quad > 0 {
		return l.parts * l.quad * 4 * l.lanes
	}
	return s.vectors * l.lanes
}

func (l *groupLayout) bandSize(s *groupSpan) int { return l.kernel * l.tapSize(s) }

// bands returns how many bands there are, and size how many numbers they have.
func (l *groupLayout) bands() int { return l.spans[2].index + l.spans[2].bands }
func (l *groupLayout) size() int {
	last := &l.spans[2]
	return last.packed + last.bands*l.bandSize(last)
}

// band returns the span of band i, its first channel, and the offset of what is packed for it.
func (l *groupLayout) band(i int) (s *groupSpan, channel, packed int) {
	s = &l.spans[0]
	for j := 1; j < len(l.spans) && i >= l.spans[j].index; j++ {
		if l.spans[j].bands > 0 {
			s = &l.spans[j]
		}
	}
	i -= s.index
	return s, s.first + i*s.vectors*l.lanes, s.packed + i*l.bandSize(s)
}

// partner returns the first of the channels with which the kernels multiply quad q of the vector of channels from channel
// on: those of the group's vector part, if it has several, with quads exchanged by e.
func (l *groupLayout) partner(channel, part, e, q int) int {
	if l.parts > 1 {
		channel = channel/l.group*l.group + part*l.lanes
	}
	return channel + 4*(q^e)
}
