//go:build linux

// Command emulated is the only process of an emulated machine: it runs the tests that the script
// beside it has put there, and reports. See run.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	defer off()
	for _, m := range [][2]string{{"proc", "/proc"}, {"devtmpfs", "/dev"}, {"tmpfs", "/tmp"}} {
		if err := mount(m[0], m[1]); err != nil {
			fmt.Println("emulated:", m[1], err)
			return
		}
	}
	args, err := os.ReadFile("/tests/arguments")
	if err != nil {
		fmt.Println("emulated:", err)
		return
	}
	tests, err := filepath.Glob("/tests/*/run.test")
	if err != nil || len(tests) == 0 {
		fmt.Println("emulated: no tests", err)
		return
	}
	failed := 0
	for _, t := range tests {
		if err := run(t, strings.Fields(string(args))); err != nil {
			fmt.Println("FAIL", t, err)
			failed++
		}
	}
	fmt.Printf("emulated: %d passed, %d failed\n", len(tests)-failed, failed)
}

// mount mounts a file system of the kernel's own.
func mount(kind, at string) error {
	if err := os.MkdirAll(at, 0o777); err != nil {
		return err
	}
	return syscall.Mount(kind, at, kind, 0, "")
}

// run runs one test in the folder of its package, as go test does.
func run(test string, args []string) error {
	c := exec.Command(test, args...)
	c.Dir = filepath.Dir(test)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	c.Env = append(os.Environ(), "HOME=/tmp", "RESIDUUM_CPU=avx512")
	fmt.Println(test)
	return c.Run()
}

// off waits until the console has sent everything, and turns the machine off.
func off() {
	const (
		tcsbrk = 0x5409 // with 1: tcdrain
		power  = syscall.LINUX_REBOOT_CMD_POWER_OFF
	)
	syscall.Syscall(syscall.SYS_IOCTL, os.Stdout.Fd(), tcsbrk, 1)
	syscall.Reboot(power)
}
