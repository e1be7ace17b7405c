package pickle

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// ops are the operations by their codes; what is nil is refused.
var ops = [256]func(*Decoder) error{
	0x80: (*Decoder).protocol,
	0x95: func(d *Decoder) error { _, err := d.number(8); return err }, // a frame's length, of no interest here

	'(': func(d *Decoder) error { d.marks = append(d.marks, len(d.stack)); return nil },
	'0': (*Decoder).drop,
	'1': func(d *Decoder) error { _, err := d.popMark(); return err },
	'2': func(d *Decoder) error { return d.pushed(d.top()) },

	'N': func(d *Decoder) error { return d.push(nil) }, 0x88: func(d *Decoder) error { return d.push(true) },
	0x89: func(d *Decoder) error { return d.push(false) },
	'I':  (*Decoder).intLine, 'L': (*Decoder).longLine, 'F': (*Decoder).floatLine,
	'K': func(d *Decoder) error { return d.pushNumber(d.number(1)) },
	'M': func(d *Decoder) error { return d.pushNumber(d.number(2)) },
	'J': func(d *Decoder) error { n, err := d.number(4); return d.pushNumber(uint64(int32(n)), err) },
	'G': (*Decoder).binFloat, 0x8a: long(1), 0x8b: long(4),

	'S': (*Decoder).quotedLine, 'V': (*Decoder).rawUnicodeLine,
	'U': text(1), 'T': text(4), 'X': text(4), 0x8c: text(1), 0x8d: text(8),
	'C': blob(1), 'B': blob(4), 0x8e: blob(8), 0x96: blob(8),

	')': func(d *Decoder) error { return d.push(Tuple{}) }, 't': func(d *Decoder) error { return d.tuple(d.popMark()) },
	0x85: func(d *Decoder) error { return d.tuple(d.popN(1)) }, 0x86: func(d *Decoder) error { return d.tuple(d.popN(2)) },
	0x87: func(d *Decoder) error { return d.tuple(d.popN(3)) },
	']':  func(d *Decoder) error { return d.push(new(List)) }, 0x8f: func(d *Decoder) error { return d.push(new(List)) },
	'l': func(d *Decoder) error { return d.list(d.popMark()) }, 0x91: func(d *Decoder) error { return d.list(d.popMark()) },
	'a': func(d *Decoder) error { return d.extend(d.popN(1)) }, 'e': func(d *Decoder) error { return d.extend(d.popMark()) },
	0x90: func(d *Decoder) error { return d.extend(d.popMark()) },
	'}':  func(d *Decoder) error { return d.push(new(Dict)) }, 'd': (*Decoder).dict,
	's': func(d *Decoder) error { return d.setItems(d.popN(2)) }, 'u': func(d *Decoder) error { return d.setItems(d.popMark()) },

	'p': func(d *Decoder) error { return d.put(d.lineIndex()) }, 'g': func(d *Decoder) error { return d.get(d.lineIndex()) },
	'q': func(d *Decoder) error { return d.put(d.number(1)) }, 'h': func(d *Decoder) error { return d.get(d.number(1)) },
	'r': func(d *Decoder) error { return d.put(d.number(4)) }, 'j': func(d *Decoder) error { return d.get(d.number(4)) },
	0x94: func(d *Decoder) error { return d.put(uint64(len(d.memo)), nil) },

	'c': (*Decoder).globalLines, 0x93: (*Decoder).stackGlobal,
	'R': (*Decoder).call, 0x81: (*Decoder).call, 0x92: (*Decoder).callWithNames, 'b': (*Decoder).build,
	'P': func(d *Decoder) error { id, err := d.line(); return d.persistent(id, err) },
	'Q': func(d *Decoder) error { return d.persistent(d.pop()) },
}

func (d *Decoder) protocol() error {
	v, err := d.byte()
	if err == nil && v > 5 {
		err = fmt.Errorf("protocol %d, want 0 to 5", v)
	}
	return err
}

func (d *Decoder) drop() error {
	if n := len(d.marks); n > 0 && d.marks[n-1] == len(d.stack) { // Python drops a mark, too
		d.marks = d.marks[:n-1]
		return nil
	}
	_, err := d.pop()
	return err
}

func (d *Decoder) pushed(v any, err error) error {
	if err != nil {
		return err
	}
	return d.push(v)
}

func (d *Decoder) pushNumber(v uint64, err error) error { return d.pushed(int64(v), err) }

// Numbers

const maxDigits = 4300 // of a decimal number, as in Python: longer ones take time in the square of their length

func (d *Decoder) intLine() error {
	line, err := d.line()
	switch {
	case err != nil:
		return err
	case line == "00": // how protocol 0 writes False
		return d.push(false)
	case line == "01":
		return d.push(true)
	}
	return d.pushInt(line)
}

func (d *Decoder) longLine() error {
	line, err := d.line()
	if err != nil {
		return err
	}
	return d.pushInt(strings.TrimSuffix(line, "L"))
}

func (d *Decoder) pushInt(text string) error {
	if len(text) > maxDigits {
		return fmt.Errorf("a number of %d digits", len(text))
	}
	n, ok := new(big.Int).SetString(text, 10)
	if !ok {
		return fmt.Errorf("%.20q is no number", text)
	}
	return d.push(small(n))
}

// small returns n as an int64 if that holds it.
func small(n *big.Int) any {
	if n.IsInt64() {
		return n.Int64()
	}
	return n
}

// long reads a two's complement number, little-endian, behind its length of n bytes.
func long(n int) func(*Decoder) error {
	return func(d *Decoder) error {
		b, err := d.counted(n)
		if err != nil {
			return err
		}
		slices.Reverse(b)
		v := new(big.Int).SetBytes(b)
		if len(b) > 0 && b[0] >= 0x80 {
			v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
		}
		return d.push(small(v))
	}
}

func (d *Decoder) floatLine() error {
	line, err := d.line()
	if err != nil {
		return err
	}
	v, err := strconv.ParseFloat(line, 64)
	return d.pushed(v, err)
}

func (d *Decoder) binFloat() error {
	b, err := d.take(8)
	if err != nil {
		return err
	}
	return d.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
}

// Strings

func text(n int) func(*Decoder) error {
	return func(d *Decoder) error {
		b, err := d.counted(n)
		return d.pushed(string(b), err)
	}
}

func blob(n int) func(*Decoder) error {
	return func(d *Decoder) error {
		b, err := d.counted(n)
		return d.pushed(b, err)
	}
}

// quotedLine reads a string in Python's quotes; its escapes beside \\, \', \" and \n, \t, \r, \xNN are refused.
func (d *Decoder) quotedLine() error {
	line, err := d.line()
	if err != nil {
		return err
	}
	if len(line) < 2 || line[0] != line[len(line)-1] || line[0] != '\'' && line[0] != '"' {
		return fmt.Errorf("%.20q is no string in quotes", line)
	}
	return d.pushed(unescape(line[1:len(line)-1], line[0]))
}

func unescape(s string, quote byte) (any, error) {
	var out strings.Builder
	for len(s) > 0 {
		if s[0] != '\\' {
			out.WriteByte(s[0])
			s = s[1:]
			continue
		}
		if len(s) > 1 && (s[1] == '\'' || s[1] == '"') {
			out.WriteByte(s[1])
			s = s[2:]
			continue
		}
		r, _, tail, err := strconv.UnquoteChar(s, quote)
		if err != nil {
			return nil, fmt.Errorf("escape in %.20q: %w", s, err)
		}
		out.WriteByte(byte(r)) // bytes, as Python 2's strings are
		s = tail
	}
	return out.String(), nil
}

// rawUnicodeLine reads a string in which \uNNNN stands for a character.
func (d *Decoder) rawUnicodeLine() error {
	line, err := d.line()
	if err != nil {
		return err
	}
	var out strings.Builder
	for len(line) > 0 {
		if strings.HasPrefix(line, `\u`) || strings.HasPrefix(line, `\U`) {
			r, _, tail, err := strconv.UnquoteChar(line, 0)
			if err != nil {
				return fmt.Errorf("escape in %.20q: %w", line, err)
			}
			out.WriteRune(r)
			line = tail
			continue
		}
		out.WriteRune(rune(line[0])) // Latin-1
		line = line[1:]
	}
	return d.push(out.String())
}

// Containers

func (d *Decoder) tuple(items []any, err error) error { return d.pushed(Tuple(items), err) }

func (d *Decoder) list(items []any, err error) error { return d.pushed(&List{Items: items}, err) }

// extend appends to the list under the items.
func (d *Decoder) extend(items []any, err error) error {
	if err != nil {
		return err
	}
	top, err := d.top()
	if err != nil {
		return err
	}
	l, ok := top.(*List)
	if !ok {
		return fmt.Errorf("append to a %T", top)
	}
	l.Items = append(l.Items, items...)
	return nil
}

func (d *Decoder) dict() error {
	items, err := d.popMark()
	if err != nil {
		return err
	}
	if err := d.push(new(Dict)); err != nil {
		return err
	}
	return d.setItems(items, nil)
}

// setItems puts keys and values, in turns, into the dictionary under them.
func (d *Decoder) setItems(items []any, err error) error {
	if err != nil {
		return err
	}
	top, err := d.top()
	if err != nil {
		return err
	}
	into, ok := top.(*Dict)
	if !ok || len(items)%2 != 0 {
		return fmt.Errorf("%d keys and values for a %T", len(items), top)
	}
	for i := 0; i < len(items); i += 2 {
		into.Set(items[i], items[i+1])
	}
	return nil
}

// The memo

func (d *Decoder) lineIndex() (uint64, error) {
	line, err := d.line()
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(line, 10, 32)
}

func (d *Decoder) put(i uint64, err error) error {
	if err != nil {
		return err
	}
	v, err := d.top()
	if err != nil {
		return err
	}
	d.memo[int64(i)] = v
	return nil
}

func (d *Decoder) get(i uint64, err error) error {
	if err != nil {
		return err
	}
	v, ok := d.memo[int64(i)]
	if !ok {
		return fmt.Errorf("nothing was remembered as %d", i)
	}
	return d.push(v)
}
