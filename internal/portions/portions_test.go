package portions

import (
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCeilRoundsUpForAnySign(t *testing.T) {
	for a := -20; a <= 20; a++ {
		for b := 1; b <= 7; b++ {
			require.Equal(t, int(math.Ceil(float64(a)/float64(b))), Ceil(a, b), "%d / %d", a, b)
			require.Equal(t, b*Ceil(a, b), RoundUp(a, b), "%d / %d", a, b)
		}
	}
}

// Parts follow each other, differ by one at most and cover everything, also when number*i is beyond 32 bits.
func TestShareIsEven(t *testing.T) {
	for _, number := range []int{0, 1, 7, 100, math.MaxInt32} {
		for _, n := range []int{1, 2, 3, 16} {
			require.Equal(t, 0, Share(number, 0, n))
			require.Equal(t, number, Share(number, n, n))
			for i := range n {
				part := Share(number, i+1, n) - Share(number, i, n)
				require.True(t, part == number/n || part == Ceil(number, n), "part %d of %d of %d has %d", i, n, number, part)
				want := new(big.Int).Mul(big.NewInt(int64(number)), big.NewInt(int64(i)))
				require.Equal(t, want.Div(want, big.NewInt(int64(n))).Int64(), int64(Share(number, i, n)))
			}
		}
	}
}

func TestGrowKeepsWhatIsLargeEnough(t *testing.T) {
	s := make([]float32, 3, 10)
	require.Same(t, &s[0], &Grow(s, 10)[0])
	require.Len(t, Grow(s, 2), 2)
	require.Len(t, Grow(s, 11), 11)
	require.Empty(t, Grow[int](nil, 0))
}

func TestPoolGivesBackWhatItGot(t *testing.T) {
	var p Pool[[4]int]
	v := p.Get()
	require.Equal(t, [4]int{}, *v)
	v[2] = 5
	p.Put(v)
	// A pool may forget, and under the race detector does at random.
	if again := p.Get(); again == v {
		require.Equal(t, 5, again[2])
	} else {
		require.Equal(t, [4]int{}, *again)
	}
}
