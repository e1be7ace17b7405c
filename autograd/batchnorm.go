package autograd

import "github.com/residuum-go/residuum/tensor"

// Norm is the batch norm of X [..., C] with Gamma and Beta [C]:
//
//	Gamma * (X - mean) / sqrt(variance + Eps) + Beta
//
// Mean and biased variance of every channel are those of X over all other axes, or, if these are set, Mean and
// Variance [C]: running statistics, in evaluation. Source: Ioffe & Szegedy 2015, algorithm 1.
type Norm struct {
	X, Gamma, Beta *Var
	Eps            float32
	Mean, Variance *tensor.Tensor
}

// Then says what follows a batch norm, in this order: the sum with Add or with the batch norm AddNorm, of which one
// may be set; ReLU; pooling. Zero values are what does not follow.
type Then struct {
	Add     *Var
	AddNorm Norm
	ReLU    bool
	MaxPool tensor.PoolSpec
}

func (t *Then) addsNorm() bool { return t.AddNorm.X != nil }

func (t *Then) pools() bool { return t.MaxPool != tensor.PoolSpec{} }

// BatchNorm returns n and what follows it. So begin ResNets for ImageNet, with ReLU and MaxPool, and so end residual
// blocks, with Add or AddNorm and ReLU (He et al. 2016a, figure 2). The result has the bits of the batch norm followed
// by [Add], [ReLU] and [MaxPool2D], but takes fewer passes over memory, and keeps x and a few numbers per channel.
//
// On a tape of a part of a batch the statistics may be those of all parts, see [Tape.SyncBatchNorm].
//
// It also returns the moments of n and of the batch norm added to it, valid until the tape's Reset; those of known
// statistics are zero.
func BatchNorm(n Norm, then Then) (y *Var, of, ofAdded tensor.Moments) {
	known := n.Mean != nil
	switch {
	case then.Add != nil && then.addsNorm():
		panic("autograd: BatchNorm: two sums follow, Add and AddNorm")
	case then.pools() && (known || then.Add != nil || then.addsNorm()):
		spec := then.MaxPool
		then.MaxPool = tensor.PoolSpec{}
		y, of, ofAdded = BatchNorm(n, then)
		return MaxPool2D(y, spec), of, ofAdded
	case then.addsNorm() && (known || then.AddNorm.Mean != nil):
		then.Add, ofAdded, _ = BatchNorm(then.AddNorm, Then{})
		then.AddNorm = Norm{}
		y, of, _ = BatchNorm(n, then)
		return y, of, ofAdded
	case known:
		return n.byKnown(then), of, ofAdded
	}
	return n.byBatch(then)
}

// inputs appends what n and what follows it depend on: three variables, with a sum four, with two norms six.
func (n *Norm) inputs(in []*Var, then *Then) []*Var {
	in = append(in, n.X, n.Gamma, n.Beta)
	if then.Add != nil {
		in = append(in, then.Add)
	}
	if b := &then.AddNorm; b.X != nil {
		in = append(in, b.X, b.Gamma, b.Beta)
	}
	return in
}

// normed is what a BatchNorm by the batch's statistics keeps.
type normed struct {
	m, added tensor.Moments // m has Scale and Shift if they tell where a ReLU passes, else the result does
	relu     bool
	pools    bool
	synced   bool // see Tape.SyncBatchNorm
	own      ownChoice
}

func (n *Norm) byBatch(then Then) (y *Var, of, ofAdded tensor.Moments) {
	var buf [6]*Var
	y = result("BatchNorm", n.inputs(buf[:0], &then)...)
	k := attr[normed](y)
	k.relu, k.pools, k.synced = then.ReLU, then.pools(), y.syncs()
	of = y.moments(n)
	k.m = of
	if !k.relu || then.Add != nil || then.addsNorm() {
		k.m = of.Linear()
	}
	var sum *tensor.Tensor
	if k.pools {
		sum = y.scratch(n.X.Shape()...)
	} else {
		sum = y.buffer(n.X.Shape()...)
	}
	with := tensor.Then{ReLU: k.relu}
	if then.Add != nil {
		with.Add = then.Add.value
	}
	if b := &then.AddNorm; b.X != nil {
		ofAdded = y.moments(b)
		k.added = ofAdded.Linear()
		with.Add = tensor.ScaleShift(sum, b.X.value, ofAdded.Affine(), tensor.Then{})
	}
	tensor.ScaleShift(sum, n.X.value, of.Affine(), with)
	if k.pools {
		k.own.spec = then.MaxPool
		k.own.maxima(y.pooled(n.X, then.MaxPool), sum)
		y.dropScratch()
	}
	return y.returns(batchNormVJP), of, ofAdded
}

// moments computes those of a batch norm in memory of y.
func (y *Var) moments(n *Norm) tensor.Moments {
	c := channels(n.X)
	m := tensor.Moments{
		Mean: y.scratch(c), MeanLow: y.scratch(c), Variance: y.scratch(c), InvStd: y.scratch(c),
		Scale: y.scratch(c), Shift: y.scratch(c),
	}
	m = tensor.BatchNormStats(m, n.X.value, n.Eps)
	if y.syncs() {
		m = y.tape.sync.moments(n, m)
	}
	return tensor.BatchNormAffine(m, n.Gamma.value, n.Beta.value)
}

func batchNormVJP(y, g *Var, d []*Var) {
	k, x := attr[normed](y), y.in[0]
	if k.pools {
		g = maxPool2DGrad(g, choice(k.own), x.Shape())
		g.temporary()
	}
	var sums *Var
	if k.relu && len(y.in) > 3 {
		g, sums = reluGradSums(y.value, x, g.lastUse(), k.m)
	} else {
		sums = normSums(x, g, k.m)
	}
	switch len(y.in) {
	case 3:
		k.normVJP(y, 0, g.lastUse(), sums, k.m, d)
	case 4:
		k.normVJP(y, 0, g, sums, k.m, d)
		if y.needs(3) {
			d[3] = g
		}
	case 6:
		addedSums := normSums(y.in[3], g, k.added)
		k.normVJP(y, 0, g, sums, k.m, d)
		k.normVJP(y, 3, g.lastUse(), addedSums, k.added, d)
	}
}

// normVJP sets the gradients of a*xhat + b by x, a and b, y's inputs from i on, given sums = normSums(x, g).
func (k *normed) normVJP(y *Var, i int, g, sums *Var, m tensor.Moments, d []*Var) {
	forX := sums.value
	if k.synced {
		forX = y.tape.sync.sums(y.in[i], y.in[i+1], sums, m)
	}
	if y.needs(i) {
		d[i] = normGrad(y.in[i], y.in[i+1], g, forX, m)
	}
	if y.needs(i + 1) {
		d[i+1] = row(sums, 1)
	}
	if y.needs(i + 2) {
		d[i+2] = row(sums, 0)
	}
}

// knownNorm is what a BatchNorm by known statistics keeps.
type knownNorm struct {
	mean, variance, invStd *tensor.Tensor
	eps                    float32
	relu                   bool
}

func (n *Norm) byKnown(then Then) *Var {
	var buf [4]*Var
	y := result("BatchNorm", n.inputs(buf[:0], &then)...)
	c := channels(n.X)
	invStd := tensor.InvStd(y.scratch(c), n.Variance, n.Eps)
	*attr[knownNorm](y) = knownNorm{n.Mean, n.Variance, invStd, n.Eps, then.ReLU}
	by := tensor.Affine{Center: n.Mean, Scale: tensor.Mul(y.scratch(c), n.Gamma.value, invStd), Shift: n.Beta.value}
	with := tensor.Then{ReLU: then.ReLU}
	if then.Add != nil {
		with.Add = then.Add.value
	}
	if y.computes(n.X.Shape()...) {
		tensor.ScaleShift(y.value, n.X.value, by, with)
	}
	return y.returns(func(y, g *Var, d []*Var) {
		k, x, gamma := attr[knownNorm](y), y.in[0], y.in[1]
		invStd := Const(k.invStd)
		if k.relu {
			g = reluGrad(y.value, g.lastUse())
		}
		if y.needs(0) {
			d[0] = Mul(g, Mul(gamma, invStd))
		}
		if y.needs(1) {
			d[1] = Mul(SumTo(Mul(g, Sub(x, Const(k.mean))), gamma.Shape()...), invStd)
		}
		if y.needs(2) {
			d[2] = SumTo(g, gamma.Shape()...)
		}
		if y.needs(3) {
			d[3] = g
		}
	})
}

// channels returns the length of the last axis. Of rank 0, which has none, the op on the tensors says it.
func channels(x *Var) int {
	if len(x.Shape()) == 0 {
		return 0
	}
	return x.value.Dim(-1)
}
