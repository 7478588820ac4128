// SPDX-License-Identifier: GPL-2.0

// The Go program that docs/go.md looks into: a server with two defects. A request
// that times out leaves a goroutine behind, and remember() keeps every answer.
//
// go build -o server docs/examples/server.go
package main

import (
	"os"
	"runtime"
	"runtime/pprof"
	"time"
)

const answerBytes = 4096

var answers = map[int][]byte{}

// The first defect: nobody receives from reply any more when ask has given up.
func ask() {
	reply := make(chan int)
	go waitForAnswer(reply)
	select {
	case <-reply:
	case <-time.After(time.Millisecond):
	}
}

func waitForAnswer(reply chan int) {
	time.Sleep(5 * time.Millisecond)
	reply <- 1
}

// The second defect: nothing removes an answer.
func remember(request int) {
	answers[request] = make([]byte, answerBytes)
}

func main() {
	if len(os.Args) > 1 { // so that the linker keeps heap profiles
		pprof.WriteHeapProfile(os.Stdout)
	}
	for request := 0; ; request++ {
		ask()
		for i := 0; i < 10; i++ {
			remember(10*request + i)
		}
		if request%20 == 0 {
			runtime.GC()
		}
		time.Sleep(20 * time.Millisecond)
	}
}
