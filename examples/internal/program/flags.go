package program

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Flags reads the command line of a program.
type Flags struct {
	*flag.FlagSet
	// Arguments is how the help calls what may follow the flags, such as "[file ...]". If it is empty, nothing may.
	Arguments string

	about string
}

// NewFlags returns flags that are yet to be declared. Their help begins with about.
func NewFlags(name, about string) *Flags {
	f := &Flags{FlagSet: flag.NewFlagSet(name, flag.ContinueOnError), about: about}
	f.SetOutput(io.Discard) // Parse says what is to be said
	return f
}

// Range is the ints from Least to Most that are multiples of Multiple, where 0 stands for 1.
type Range struct{ Least, Most, Multiple int }

func (r Range) String() string {
	limits := fmt.Sprintf("%s to %s", Thousands(r.Least), Thousands(r.Most))
	if r.Multiple > 1 {
		return fmt.Sprintf("a multiple of %d from %s", r.Multiple, limits)
	}
	return limits
}

// IntVar declares a flag whose values are in r. Its default is *p; the help says both.
func (f *Flags) IntVar(p *int, name string, r Range, usage string) {
	f.Var(&number{p, r}, name, fmt.Sprintf("%s: %v", usage, r))
}

// number is the value of a flag of [Flags.IntVar].
type number struct {
	p *int
	Range
}

func (n *number) String() string {
	if n.p == nil { // package flag asks a number of its own making
		return ""
	}
	return strconv.Itoa(*n.p)
}

func (n *number) Set(s string) error {
	v, err := strconv.Atoi(s)
	if err != nil || v < n.Least || v > n.Most || v%cmp.Or(n.Multiple, 1) != 0 {
		return fmt.Errorf("want %v", n.Range)
	}
	*n.p = v
	return nil
}

// Parse reads the command line without the program's name. If it asks for help, that is written to help and the error
// is [flag.ErrHelp].
func (f *Flags) Parse(args []string, help io.Writer) error {
	err := f.FlagSet.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintf(help, "%s\n\nusage: %s\n\n", f.about, strings.TrimSpace(f.Name()+" [flags] "+f.Arguments))
		f.SetOutput(help)
		f.PrintDefaults()
	case err != nil:
	case f.NArg() > 0 && f.Arguments == "":
		err = fmt.Errorf("unexpected argument %q: want flags only", f.Arg(0))
	default:
		for _, arg := range f.Args() {
			if len(arg) > 1 && arg[0] == '-' {
				return fmt.Errorf("%s behind %s: flags come first, and a file of that name is ./%[1]s", arg, f.Arg(0))
			}
		}
	}
	return err
}
