package pickle

import (
	"errors"
	"fmt"
)

func (d *Decoder) globalLines() error {
	module, err := d.line()
	if err != nil {
		return err
	}
	name, err := d.line()
	if err != nil {
		return err
	}
	return d.global(module, name)
}

func (d *Decoder) stackGlobal() error {
	two, err := d.popN(2)
	if err != nil {
		return err
	}
	module, ok1 := two[0].(string)
	name, ok2 := two[1].(string)
	if !ok1 || !ok2 {
		return fmt.Errorf("a global of a %T and a %T", two[0], two[1])
	}
	return d.global(module, name)
}

func (d *Decoder) global(module, name string) error {
	if d.Global == nil {
		return fmt.Errorf("the pickle asks for %.100s.%.100s", module, name)
	}
	return d.pushed(d.Global(module, name))
}

// call replaces a function and its arguments by its result. To make an object of a class is the same here.
func (d *Decoder) call() error {
	two, err := d.popN(2)
	if err != nil {
		return err
	}
	return d.apply(two[0], two[1])
}

func (d *Decoder) callWithNames() error {
	three, err := d.popN(3)
	if err != nil {
		return err
	}
	if names, ok := three[2].(*Dict); !ok || len(names.Keys) > 0 {
		return errors.New("arguments by name are not supported")
	}
	return d.apply(three[0], three[1])
}

func (d *Decoder) apply(f, args any) error {
	function, ok := f.(Func)
	if !ok {
		return fmt.Errorf("call of a %T", f)
	}
	tuple, ok := args.(Tuple)
	if !ok {
		return fmt.Errorf("call with a %T", args)
	}
	return d.pushed(function(tuple))
}

func (d *Decoder) build() error {
	state, err := d.pop()
	if err != nil {
		return err
	}
	top, err := d.top()
	if err != nil {
		return err
	}
	if s, ok := top.(Stateful); ok {
		return s.SetState(state)
	}
	return nil
}

func (d *Decoder) persistent(id any, err error) error {
	if err != nil {
		return err
	}
	if d.Persistent == nil {
		return errors.New("the pickle refers to something outside it")
	}
	return d.pushed(d.Persistent(id))
}
