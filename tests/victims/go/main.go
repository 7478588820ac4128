// SPDX-License-Identifier: GPL-2.0

// A Go program that leaks on request: lines on standard input say what, the
// answer is "ok". Nothing in it knows of the tool that looks at it.
//
//	recv N, ticker N, after N, …	N more of that leak
//	gc				a garbage collection
//	heap				heap_bytes=, heap_objects= by the runtime
//	pause				pause_ns=, the longest that it did not run in a second
//	profile DIR			DIR/heap and DIR/goroutine by the runtime itself
//	exit, exec			the end; itself anew, "ready" again
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

var leaks = map[string]func(){
	"recv":    waitForAnswer,
	"send":    sendTooLate,
	"select":  waitForEither,
	"group":   forgetDone,
	"held":    forgetUnlock,
	"mutex":   lockTwice,
	"thread":  readForever,
	"locked":  keepThread,
	"ticker":  forgetTicker,
	"after":   waitWithAfter,
	"context": forgetCancel,
	"map":     func() { remember(len(cache)) },
	"grow":    func() { record(len(history)) },
	"embed":   func() { storeBy(&shop{}) },
	"expire":  forgetTimer,
	"slice":   func() { pinned = append(pinned, header(64<<10)) },
	"title":   func() { titles = append(titles, title(64<<10)) },
	"file":    forgetFile,
	"pool":    rent,
	"churn":   churn,
	"deep":    waitDeep,
	"spin":    spin,
	"workers": startWorker,
	"gc":      runtime.GC,
}

func do(what string, n int) error {
	leak := leaks[what]
	if leak == nil {
		return fmt.Errorf("what is %q", what)
	}
	for i := 0; i < n; i++ {
		leak()
	}
	if what == "grow" {
		fmt.Printf("bytes=%d\n", 8*cap(history))
	}
	return nil
}

// How long a goroutine that only looks at the clock is kept from it, at worst.
func pause() {
	worst, last := time.Duration(0), time.Now()
	for end := last.Add(time.Second); last.Before(end); {
		now := time.Now()
		if now.Sub(last) > worst {
			worst = now.Sub(last)
		}
		last = now
	}
	fmt.Printf("pause_ns=%d\n", worst.Nanoseconds())
}

func obey(words []string) error {
	n := 1
	if len(words) > 1 {
		n, _ = strconv.Atoi(words[1])
	}
	switch words[0] {
	case "pause":
		pause()
		return nil
	case "heap":
		heap()
		return nil
	case "profile":
		return profile(words[1])
	case "exec":
		return begin()
	}
	return do(words[0], n)
}

func main() {
	mutex.Lock()
	fmt.Println("ready", os.Getpid())
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || words[0] == "exit" {
			return
		}
		if err := obey(words); err != nil {
			fmt.Println("failed", err)
		} else {
			fmt.Println("ok")
		}
	}
}
