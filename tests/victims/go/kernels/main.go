// SPDX-License-Identifier: GPL-2.0

// Kinds of bugs by which goroutines wait for ever, each with a twin in which it is
// mended. The kinds are those that collections of such bugs name; the code is ours.
//
//	kernels leak|sound [NAME…]	those kernels, or all; then, on standard input:
//	names				the names of these kernels
//	start, stop			runs all of them again and again, meanwhile
//	blocked				KERNEL FUNCTION COUNT, of the runtime's own profile
//	exit
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"sort"
	"strings"
	"time"
)

type kernel struct {
	name        string
	leak, sound func()
}

var (
	kernels []kernel
	sound   bool
	ending  = make(chan struct{})
	ended   = make(chan struct{})
)

func choose(names []string) {
	var chosen []kernel
	for _, k := range kernels {
		for _, name := range names {
			if k.name == name {
				chosen = append(chosen, k)
			}
		}
	}
	if len(names) > 0 {
		kernels = chosen
	}
}

func again() {
	for {
		for _, k := range kernels {
			if sound {
				k.sound()
			} else {
				k.leak()
			}
		}
		select {
		case <-ending:
			ended <- struct{}{}
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Of a stack the innermost and the outermost function that is ours.
func ours(stack []uintptr) (inner, outer string) {
	frames := runtime.CallersFrames(stack)
	for more := len(stack) > 0; more; {
		var frame runtime.Frame
		frame, more = frames.Next()
		if strings.HasPrefix(frame.Function, "main.") {
			if inner == "" {
				inner = frame.Function
			}
			outer = frame.Function
		}
	}
	return inner, outer
}

func blocked() {
	records := make([]runtime.StackRecord, runtime.NumGoroutine()+100)
	n, ok := runtime.GoroutineProfile(records)
	if !ok {
		return
	}
	counts := map[string]int{}
	for _, record := range records[:n] {
		inner, outer := ours(record.Stack())
		if outer != "main.main" && outer != "main.again" && outer != "" {
			counts[strings.Split(outer, ".")[1]+" "+inner]++
		}
	}
	var lines []string
	for where, count := range counts {
		lines = append(lines, fmt.Sprintln(where, count))
	}
	sort.Strings(lines)
	fmt.Print(strings.Join(lines, ""))
}

func main() {
	sound = os.Args[1] == "sound"
	choose(os.Args[2:])
	fmt.Println("ready", os.Getpid())
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		switch lines.Text() {
		case "names":
			for _, k := range kernels {
				fmt.Println(k.name)
			}
		case "start":
			go again()
		case "stop":
			ending <- struct{}{}
			<-ended
		case "blocked":
			blocked()
		case "exit":
			return
		}
		fmt.Println("ok")
	}
}
