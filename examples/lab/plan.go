package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/unravel"
)

// A plan is written as the names of its blocks in the order in which they run, separated by commas, with a minus before
// those that are deleted: layer1.0,-layer1.1,layer2.0,layer2.0 runs two blocks, the last of them twice. This is what a
// link to an experiment holds, too.

// planError says why a text is no plan.
type planError struct {
	Step   int // counted from 1, 0 for none
	Reason string
}

func (e *planError) Error() string {
	if e.Step == 0 {
		return e.Reason
	}
	return fmt.Sprintf("step %d: %s", e.Step, e.Reason)
}

// misfitError says that a state has not the shape that the block or the head behind it reads.
type misfitError struct {
	After, Before string // what gives the state, and what should read it
	Has, Wants    resnet.Shape
}

func (e *misfitError) Error() string {
	return fmt.Sprintf("%s reads %s, but %s before it gives %s", e.Before, size(e.Wants), e.After, size(e.Has))
}

func size(s resnet.Shape) string { return fmt.Sprintf("%d×%d×%d", s.Height, s.Width, s.Channels) }

// maxSteps limits how long a plan may be, so that an answer takes a second and not an hour.
func maxSteps(blocks int) int { return 2 * blocks }

// parsePlan reads the plan of a net of the given blocks. Its errors are a *planError if text is no
// plan and a *misfitError if the blocks cannot run in this order.
func parsePlan(text string, blocks []resnet.Block) (unravel.Plan, error) {
	if text == "" {
		return nil, &planError{Reason: "the plan is empty"}
	}
	if n, limit := strings.Count(text, ",")+1, maxSteps(len(blocks)); n > limit {
		return nil, &planError{Reason: fmt.Sprintf("%d steps are too many: at most %d", n, limit)}
	}
	var p unravel.Plan
	for word := range strings.SplitSeq(text, ",") {
		name, deleted := strings.CutPrefix(word, "-")
		s := unravel.Step{Block: slices.IndexFunc(blocks, func(b resnet.Block) bool { return b.Name == name })}
		if s.Block < 0 {
			return nil, &planError{len(p) + 1, fmt.Sprintf("there is no block %.20q: the net has %s to %s", name, blocks[0].Name, blocks[len(blocks)-1].Name)}
		}
		if deleted {
			s.Do = unravel.Delete
		}
		p = append(p, s)
	}
	return p, checkFit(p, blocks)
}

// checkFit returns a *misfitError if a step reads another shape than the one before it gives.
func checkFit(p unravel.Plan, blocks []resnet.Block) error {
	after, has := "the stem", blocks[0].In
	for _, s := range p {
		name := blocks[s.Block].Name
		if wants := blocks[s.Block].In; wants != has {
			return &misfitError{after, name, has, wants}
		}
		after, has = name, blocks[s.Block].Out
	}
	if wants := blocks[len(blocks)-1].Out; wants != has {
		return &misfitError{after, "the head", has, wants}
	}
	return nil
}

// formatPlan writes a plan as parsePlan reads it.
func formatPlan(p unravel.Plan, blocks []resnet.Block) string {
	words := make([]string, len(p))
	for i, s := range p {
		words[i] = blocks[s.Block].Name
		if s.Do == unravel.Delete {
			words[i] = "-" + words[i]
		}
	}
	return strings.Join(words, ",")
}
