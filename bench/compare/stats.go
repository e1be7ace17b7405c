package main

import "slices"

// quantile returns the q-quantile of v, by linear interpolation between its neighbours.
func quantile(v []float64, q float64) float64 {
	s := slices.Sorted(slices.Values(v))
	if len(s) == 0 {
		return 0
	}
	at := q * float64(len(s)-1)
	i := min(int(at), len(s)-2)
	if i < 0 {
		return s[0]
	}
	f := at - float64(i)
	return s[i]*(1-f) + s[i+1]*f
}

func median(v []float64) float64 { return quantile(v, 0.5) }

// quartiles returns the first and the third: half of v lies between.
func quartiles(v []float64) [2]float64 { return [2]float64{quantile(v, 0.25), quantile(v, 0.75)} }

// pairwise returns a[i]/b[i] for as many rounds as both have.
func pairwise(a, b []float64) []float64 {
	r := make([]float64, min(len(a), len(b)))
	for i := range r {
		r[i] = a[i] / b[i]
	}
	return r
}
