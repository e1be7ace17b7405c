package main

import (
	"fmt"
	"maps"
	"slices"
)

// Result is what was measured for one case: medians over the rounds, of milliseconds a call. Spreads
// are first and third quartile.
type Result struct {
	Suite        string                `json:"suite"`
	Case         string                `json:"case"`
	Threads      int                   `json:"threads"`
	OursMS       float64               `json:"ours_ms"`
	Peers        map[string]float64    `json:"peers"`
	Ratios       map[string]float64    `json:"ratios"`        // peer / ours
	Ratio        float64               `json:"ratio"`         // best peer / ours; 0 without peers
	PeakFraction float64               `json:"peak_fraction"` // of the yardstick's rate; 0 where there is none
	Best         string                `json:"best_peer,omitempty"`
	RatioSpread  [2]float64            `json:"ratio_spread"` // of best peer / ours within each round
	OursSpread   [2]float64            `json:"ours_spread_ms"`
	PeersSpread  map[string][2]float64 `json:"peers_spread_ms"`
	Rounds       int                   `json:"rounds"`
	GFlops       float64               `json:"gflops"`             // of ours
	GBytes       float64               `json:"gbytes"`             // a second, of ours, that the op must move
	Peak         float64               `json:"peak_gflops"`        // yardstick, GFLOP/s, or
	Copy         float64               `json:"copy_gbytes"`        // GB/s read and written
	PeakMB       map[string]float64    `json:"peak_mb,omitempty"`  // resident at most
	BaseMB       map[string]float64    `json:"base_mb,omitempty"`  // resident before the case
	MemoryRatio  float64               `json:"memory_ratio"`       // of PeakMB, ours / eager PyTorch's, without it the best peer's
	Missing      map[string]string     `json:"missing,omitempty"`  // peers that should have run, and why not
	Disagree     map[string]float64    `json:"disagree,omitempty"` // relative errors above the bound
	Versions     map[string]string     `json:"versions,omitempty"` // of the peers
	Intensity    float64               `json:"flops_per_byte"`     // that the op needs
}

func newResult(c *Case, threads int) Result {
	return Result{
		Suite: c.Suite, Case: c.Name, Threads: threads, Peers: map[string]float64{}, Ratios: map[string]float64{}, PeersSpread: map[string][2]float64{},
		Missing: map[string]string{}, Versions: map[string]string{},
	}
}

// fill computes the result from everyone's turns; ours are all[0]'s.
func (r *Result) fill(c *Case, all []*participant) {
	own := all[0].ms
	r.OursMS, r.OursSpread, r.Rounds = median(own), quartiles(own), len(own)
	r.GFlops, r.GBytes = c.Flops/r.OursMS/1e6, c.Bytes/r.OursMS/1e6
	if c.Bytes > 0 {
		r.Intensity = c.Flops / c.Bytes
	}
	if c.Fresh {
		r.PeakMB, r.BaseMB = map[string]float64{}, map[string]float64{}
	}
	for _, p := range all {
		if p.name == yardstick {
			r.compareWithYardstick(c, p, own)
			continue
		}
		if c.Fresh && p.peak > 0 {
			r.PeakMB[p.name], r.BaseMB[p.name] = float64(p.peak)/(1<<20), float64(p.base)/(1<<20)
		}
		if p.name != ours {
			r.addPeer(p, own)
		}
	}
	peer := "torch"
	if r.PeakMB[peer] == 0 {
		peer = r.Best
	}
	if r.PeakMB[peer] > 0 {
		r.MemoryRatio = r.PeakMB[ours] / r.PeakMB[peer]
	}
}

func (r *Result) addPeer(p *participant, own []float64) {
	ms := median(p.ms)
	r.Peers[p.name], r.PeersSpread[p.name], r.Versions[p.name] = ms, quartiles(p.ms), p.process.hello.Version
	r.Ratios[p.name] = ms / r.OursMS
	if r.Best == "" || ms < r.Peers[r.Best] {
		r.Best, r.Ratio, r.RatioSpread = p.name, ms/r.OursMS, quartiles(pairwise(p.ms, own))
	}
}

func (r *Result) compareWithYardstick(c *Case, p *participant, own []float64) {
	rate := p.work / median(p.ms) / 1e6
	if c.Copy {
		r.Copy, r.PeakFraction = rate, r.GBytes/rate
	} else {
		r.Peak, r.PeakFraction = rate, r.GFlops/rate
	}
}

// line says the most important in a few words.
func (r *Result) line() string {
	s := fmt.Sprintf("%s %s: %s ms, %.0f %% of peak", r.Suite, r.Case, digits(r.OursMS), 100*r.PeakFraction)
	if r.Best != "" {
		s += fmt.Sprintf(", %s %s ms: %.2f", r.Best, digits(r.Peers[r.Best]), r.Ratio)
	}
	for _, what := range slices.Sorted(maps.Keys(r.Disagree)) {
		s += fmt.Sprintf("; DISAGREES: %s by %.1e", what, r.Disagree[what])
	}
	return s
}
