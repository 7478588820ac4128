// SPDX-License-Identifier: GPL-2.0

// A Go program that leaks descriptors, and does nothing else. With an argument it closes them.
package main

import (
	"os"
	"time"
)

var kept []*os.File

//go:noinline
func forgetLog(path string) *os.File {
	file, err := os.Open(path)
	if err != nil {
		panic(err)
	}
	return file
}

func main() {
	for {
		file := forgetLog("/etc/passwd")
		if len(os.Args) > 1 {
			file.Close()
		} else {
			kept = append(kept, file)
		}
		time.Sleep(40 * time.Millisecond)
	}
}
