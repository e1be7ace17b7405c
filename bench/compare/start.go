package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/residuum-go/residuum/bench/worker"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/infer"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights/onnx"
)

// starters are the peers whose start is measured, and the files that they load.
var starters = map[string]string{"onnxruntime": ".onnx", "openvino": ".onnx", "torch": ".pth"}

// startCases are whole lives of a process: it loads a file and answers one image. The time is from exec to the answer; with
// "imported" that of peers is only what comes after their imports, which leaves out Python.
func startCases() []*Case {
	var cases []*Case
	for _, m := range imageNetModels {
		net := m.build()
		for _, name := range []string{"safetensors", "onnx", "safetensors/imported"} {
			c := m.batch(net, 1)
			c.Name = fmt.Sprintf("resnet%d/%s", m.depth, name)
			c.Op, c.Inputs, c.Outputs, c.Bound, c.Flops = "start", c.Inputs[:1], []string{"logits"}, 1e-4, 0
			cases = append(cases, c)
		}
	}
	return cases
}

// measureStart is measure for a case of whole processes, a new one for each turn.
func (p *peers) measureStart(c *Case, threads int) (Result, error) {
	p.stop()
	p.threads = threads
	r := newResult(c, threads)
	inputs, err := p.writeInputs(c)
	if err != nil {
		return r, err
	}
	file, err := p.writeNet(c)
	if err != nil {
		return r, err
	}
	ready := []*participant{{name: ours, process: &process{}}}
	for _, name := range p.options.peers {
		if starters[name] != "" {
			ready = append(ready, &participant{name: name, process: &process{}})
		}
	}
	for _, part := range order(slices.Clone(ready), p.options.rounds) {
		if r.Missing[part.name] != "" {
			continue
		}
		if err := p.startOnce(c, part, file, inputs[0].Path); err != nil {
			if part.name == ours || p.ctx.Err() != nil {
				return r, err
			}
			p.failed(part.name, err)
			r.Missing[part.name] = err.Error()
		}
	}
	ready = slices.DeleteFunc(ready, func(part *participant) bool { return r.Missing[part.name] != "" })
	if r.Disagree, err = p.disagreement(c, ready); err != nil {
		return r, err
	}
	r.fill(c, ready)
	return r, nil
}

// writeNet writes the net of a case into the files that everyone loads, and returns their path without its ending.
func (p *peers) writeNet(c *Case) (string, error) {
	m := model{c.Args["depth"], c.Args["side"]}
	base := filepath.Join(p.folder, fmt.Sprintf("resnet%d", m.depth))
	if err := m.build().Save(base+".safetensors", data.Card{}); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(p.ctx, p.interpreter(), filepath.Join(p.source, "start.py"), "export", base)
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("start.py export: %w: %s", err, said)
	}
	return base, nil
}

// started is what a process says when it has its answer.
type started struct {
	Version     string `json:"version"`
	Nanoseconds int64  `json:"ns"`         // since its imports
	BaseBytes   int64  `json:"base_bytes"` // resident after them
	PeakBytes   int64  `json:"peak_bytes"`
}

// startOnce runs a process of a participant and adds its time and memory.
func (p *peers) startOnce(c *Case, part *participant, file, image string) error {
	answer := p.output(part.name, "logits")
	program, args := p.interpreter(), []string{filepath.Join(p.source, "start.py"), part.name, file + starters[part.name], image, answer, strconv.Itoa(p.threads)}
	if part.name == ours {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		ending := ".safetensors"
		if strings.HasSuffix(c.Name, "onnx") {
			ending = ".onnx"
		}
		program, args = self, []string{"start", file + ending, image, answer}
	}
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = environment(os.Environ(), p.threads)
	var said tail
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	took := time.Since(start)
	var s started
	err = errors.Join(err, cmd.Wait())
	if err == nil {
		err = json.Unmarshal(line, &s)
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %s", part.name, err, said.String())
	}
	if strings.HasSuffix(c.Name, "imported") && part.name != ours {
		took = time.Duration(s.Nanoseconds)
	}
	part.process.hello.Version = s.Version
	part.ms = append(part.ms, took.Seconds()*1e3)
	part.base, part.peak = max(part.base, s.BaseBytes), max(part.peak, s.PeakBytes)
	return nil
}

// startOurs loads a net, answers an image and says so, in a process of its own.
func startOurs(args []string) error {
	if len(args) != 3 {
		return errors.New("start: want a file, an image and a file for the answer")
	}
	debug.SetGCPercent(20) // what is packed is garbage soon
	s := started{BaseBytes: worker.Resident("VmRSS")}
	start := time.Now()
	image, err := worker.ReadFile(args[1])
	if err != nil {
		return err
	}
	var net nn.Module
	if strings.HasSuffix(args[0], ".onnx") {
		net, err = onnx.Load(args[0])
	} else {
		net, _, err = resnet.Load(args[0])
	}
	if err != nil {
		return err
	}
	program, err := infer.Compile(net, 1, 224, 224, 3)
	if err != nil {
		return err
	}
	y, err := program.Run(context.Background(), nil, tensor.From(image, 1, 224, 224, 3))
	if err != nil {
		return err
	}
	if err := worker.WriteFile(args[2], y.Data()); err != nil {
		return err
	}
	s.Nanoseconds, s.PeakBytes = int64(time.Since(start)), worker.Resident("VmHWM")
	return json.NewEncoder(os.Stdout).Encode(s)
}
