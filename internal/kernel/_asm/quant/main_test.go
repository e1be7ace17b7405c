package main

import "testing"

// What the GNU assembler makes of "{vex} vpdpbusd %ymm12, %ymm14, %ymm0" and so on.
func TestBytesOfVPDPBUSD(t *testing.T) {
	for regs, want := range map[[3]int][5]byte{
		{12, 14, 0}: {0xc4, 0xc2, 0x0d, 0x50, 0xc4},
		{3, 2, 9}:   {0xc4, 0x62, 0x6d, 0x50, 0xcb},
		{13, 15, 7}: {0xc4, 0xc2, 0x05, 0x50, 0xfd},
	} {
		if got := vex(regs[0], regs[1], regs[2]); got != want {
			t.Errorf("%v: %x, want %x", regs, got, want)
		}
	}
}
