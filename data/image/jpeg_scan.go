package image

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// jpegScan is one pass over the picture: of some parts, and in a progressive file of some coefficients and bits.
type jpegScan struct {
	jpegBits
	from, to   int  // coefficients in the order of the file
	high, low  uint // bits: those before this scan end above high (0 for none), this one's above low
	parts      []scanPart
	blocksLeft int32 // that have no more coefficients in this band
}

type scanPart struct {
	*jpegPart
	dc, ac *huffman
	last   int32 // coefficient of the mean
}

func (f *jpegFile) scan(s []byte) error {
	if f.parts == nil {
		return errors.New("a scan before its frame")
	}
	if f.scans++; f.scans > maxScans {
		return fmt.Errorf("more than %d scans", maxScans)
	}
	c, err := f.scanHeader(s)
	if err != nil {
		return err
	}
	c.data, c.at = f.data, f.at
	if err := f.units(c); err != nil {
		return err
	}
	f.at = c.at
	return nil
}

func (f *jpegFile) scanHeader(s []byte) (*jpegScan, error) {
	if len(s) < 4 || len(s) != 4+2*int(s[0]) || s[0] < 1 || int(s[0]) > len(f.parts) {
		return nil, errors.New("scan of a wrong length")
	}
	end := s[len(s)-3:]
	c := &jpegScan{from: int(end[0]), to: int(end[1]), high: uint(end[2] >> 4), low: uint(end[2] & 15)}
	if !f.progressive {
		c.from, c.to, c.high, c.low = 0, 63, 0, 0
	} else if c.from > c.to || c.to > 63 || c.low > 13 || c.high != 0 && c.high != c.low+1 ||
		c.from == 0 && c.to != 0 || c.from > 0 && s[0] != 1 {
		return nil, errors.New("bad band of coefficients or bits")
	}
	for s := s[1 : len(s)-3]; len(s) > 0; s = s[2:] {
		part, err := f.scanPart(s[0], s[1], c)
		if err != nil {
			return nil, err
		}
		c.parts = append(c.parts, part)
	}
	return c, nil
}

func (f *jpegFile) scanPart(id, tables byte, c *jpegScan) (scanPart, error) {
	for _, other := range c.parts {
		if other.id == id {
			return scanPart{}, errors.New("a component twice in a scan")
		}
	}
	for i := range f.parts {
		p := &f.parts[i]
		if p.id != id {
			continue
		}
		if tables>>4 > 3 || tables&15 > 3 {
			break
		}
		s := scanPart{jpegPart: p, dc: f.dc[tables>>4], ac: f.ac[tables&15]}
		if p.quant == nil {
			p.quant = f.quant[p.table]
		}
		if p.quant == nil || s.dc == nil && c.from == 0 && c.high == 0 || s.ac == nil && c.to > 0 {
			return scanPart{}, errors.New("a table is missing")
		}
		return s, nil
	}
	return scanPart{}, errors.New("unknown component or table")
}

// units reads all units: in a scan of one part its blocks, otherwise those of the parts that belong together.
func (f *jpegFile) units(c *jpegScan) error {
	across, down := up(f.width, 8*f.across), up(f.height, 8*f.down)
	single := len(c.parts) == 1
	if single {
		p := c.parts[0]
		across, down = up(up(f.width*p.across, f.across), 8), up(up(f.height*p.down, f.down), 8)
	}
	for unit := 0; unit < across*down; unit++ {
		if f.interval > 0 && unit > 0 && unit%f.interval == 0 {
			if err := c.restart(unit/f.interval - 1); err != nil {
				return err
			}
		}
		x, y := unit%across, unit/across
		if c.blocksLeft > 0 {
			n := across - x
			if f.interval > 0 {
				n = min(n, f.interval-unit%f.interval)
			}
			if n = c.idle(c.parts[0].set[y*c.parts[0].blocks+x:][:n]); n > 0 {
				unit += n - 1
				continue
			}
		}
		for i := range c.parts {
			p := &c.parts[i]
			if single {
				if err := c.block(p, x, y, f.progressive); err != nil {
					return err
				}
				continue
			}
			for j := range p.across * p.down {
				if err := c.block(p, x*p.across+j%p.across, y*p.down+j/p.across, f.progressive); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// idle skips the first of the blocks for which nothing is written, as they are in a run of those that have no more
// coefficients, and, where this scan adds to those that there are, have none. It returns how many they are.
func (c *jpegScan) idle(set []uint64) int {
	n := min(len(set), int(c.blocksLeft))
	if c.high > 0 {
		if i := slices.IndexFunc(set[:n], func(s uint64) bool { return s&c.band() != 0 }); i >= 0 {
			n = i
		}
	}
	c.blocksLeft -= int32(n)
	return n
}

// band has a bit for each coefficient of this scan.
func (c *jpegScan) band() uint64 { return 2<<c.to - 1<<c.from }

func (c *jpegScan) restart(i int) error {
	for c.at+1 < len(c.data) && (c.data[c.at] != 0xff || c.data[c.at+1] == 0 || c.data[c.at+1] == 0xff) {
		c.at++
	}
	if c.at+1 >= len(c.data) {
		return io.ErrUnexpectedEOF
	}
	if c.data[c.at+1] != 0xd0+byte(i%8) {
		return errors.New("no restart where one belongs")
	}
	c.at += 2
	c.bits, c.n, c.blocksLeft = 0, 0, 0
	for i := range c.parts {
		c.parts[i].last = 0
	}
	return nil
}

func (c *jpegScan) block(p *scanPart, x, y int, progressive bool) error {
	if !progressive {
		var block [64]int32
		if err := c.sequential(p, &block); err != nil {
			return err
		}
		inverseDCT(p.pixels[8*(8*y*p.blocks+x):], 8*p.blocks, &block)
		return nil
	}
	at := y*p.blocks + x
	block, set := &p.coefficients[at], &p.set[at]
	switch {
	case c.from == 0 && c.high == 0:
		if err := c.mean(p); err != nil {
			return err
		}
		block[0] = int16(p.last << c.low)
	case c.from == 0:
		bit, err := c.take(1)
		block[0] |= int16(bit << c.low)
		return err
	case c.high == 0:
		return c.first(p.ac, block, set)
	default:
		return c.refine(p.ac, block, set)
	}
	return nil
}

// mean adds what the next mean differs by from the last one.
func (c *jpegScan) mean(p *scanPart) error {
	n, err := c.decode(p.dc)
	if err != nil {
		return err
	}
	if n > 16 {
		return errors.New("mean of too many bits")
	}
	d, err := c.signed(n)
	p.last += d
	return err
}

// sequential reads a whole block and dequantises it (T.81, F.2.2).
func (c *jpegScan) sequential(p *scanPart, block *[64]int32) error {
	if err := c.mean(p); err != nil {
		return err
	}
	block[0] = p.last * p.quant[0]
	for k := 1; k < 64; k++ {
		if c.n < 32 {
			c.fill()
		}
		// What follows this is the same for a code of at most 8 bits that has all its bits in the buffer, and most have.
		if f := int(p.ac.fast[c.bits>>56]); f&255 != 0 && f>>8&15 != 0 && f&255+f>>8&15 <= c.n {
			if k += f >> 12; k > 63 {
				return errors.New("too many coefficients")
			}
			length, n := uint(f&255), uint(f>>8&15)
			v := int32(c.bits << length >> (64 - n))
			if v < 1<<(n-1) {
				v += 1 - 1<<n
			}
			c.bits <<= length + n
			c.n -= int(length + n)
			at := zigzag[k] & 63
			block[at] = v * p.quant[at]
			continue
		}
		v, err := c.decode(p.ac)
		if err != nil {
			return err
		}
		zeros, n := v>>4, v&15
		if n == 0 {
			if zeros != 15 {
				break
			}
			k += 15
			continue
		}
		if k += zeros; k > 63 {
			return errors.New("too many coefficients")
		}
		d, err := c.signed(n)
		if err != nil {
			return err
		}
		at := zigzag[k]
		block[at] = d * p.quant[at]
	}
	return nil
}

// run returns how many blocks, this one among them, have no more coefficients.
func (c *jpegScan) run(bits int) (int32, error) {
	more, err := c.take(bits)
	return 1<<bits + more, err
}

// first reads the upper bits of a band (T.81, G.1.2.2).
func (c *jpegScan) first(h *huffman, block *[64]int16, set *uint64) (err error) {
	for k := c.from; k <= c.to; k++ {
		v, err := c.decode(h)
		if err != nil {
			return err
		}
		zeros, n := v>>4, v&15
		if n == 0 {
			if zeros != 15 {
				c.blocksLeft, err = c.run(zeros)
				c.blocksLeft--
				return err
			}
			k += 15
			continue
		}
		if k += zeros; k > c.to {
			return errors.New("too many coefficients")
		}
		d, err := c.signed(n)
		if err != nil {
			return err
		}
		v16 := int16(d << c.low)
		block[zigzag[k]] = v16
		if *set &^= 1 << k; v16 != 0 {
			*set |= 1 << k
		}
	}
	return nil
}

// refine reads one more bit of a band (T.81, G.1.2.3).
func (c *jpegScan) refine(h *huffman, block *[64]int16, set *uint64) error {
	k := c.from
	for c.blocksLeft == 0 && k <= c.to {
		v, err := c.decode(h)
		if err != nil {
			return err
		}
		zeros, n, fresh := v>>4, v&15, int16(0)
		switch {
		case n == 1:
			bit, err := c.take(1)
			if err != nil {
				return err
			}
			fresh = int16(2*bit-1) << c.low
		case n != 0:
			return errors.New("a new coefficient of more than a bit")
		case zeros != 15:
			if c.blocksLeft, err = c.run(zeros); err != nil {
				return err
			}
			continue
		}
		if k, err = c.pass(block, *set, k, zeros); err != nil {
			return err
		}
		if fresh != 0 {
			if k > c.to {
				return errors.New("too many coefficients")
			}
			block[zigzag[k]] = fresh
			*set |= 1 << k
		}
		k++
	}
	if c.blocksLeft == 0 {
		return nil
	}
	c.blocksLeft--
	_, err := c.pass(block, *set, k, 64)
	return err
}

// pass refines the coefficients from k on up to the zero behind that many others, and returns where that is.
func (c *jpegScan) pass(block *[64]int16, set uint64, k, zeros int) (int, error) {
	for ; k <= c.to; k++ {
		if set>>k&1 == 0 {
			if zeros == 0 {
				break
			}
			zeros--
			continue
		}
		v := &block[zigzag[k]]
		bit, err := c.take(1)
		if err != nil {
			return k, err
		}
		step := int16(bit << c.low)
		switch {
		case *v&step != 0: // it has the bit already
		case *v > 0:
			*v += step
		default:
			*v -= step
		}
	}
	return k, nil
}

// reconstruct makes pixels of the coefficients of a progressive file.
func (f *jpegFile) reconstruct() {
	for i := range f.parts {
		p := &f.parts[i]
		for j := range p.coefficients {
			var block [64]int32
			if p.quant != nil {
				for k, v := range p.coefficients[j] {
					block[k] = int32(v) * p.quant[k]
				}
			}
			inverseDCT(p.pixels[8*(8*(j/p.blocks)*p.blocks+j%p.blocks):], 8*p.blocks, &block)
		}
	}
}
