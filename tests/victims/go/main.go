// SPDX-License-Identifier: GPL-2.0

// A Go program that leaks on request: lines on standard input say what, the
// answer is "ok". Nothing in it knows of the tool that looks at it.
//
//	recv N, ticker N, after N, …	N more of that leak
//	gc				two garbage collections
//	profile DIR			DIR/heap and DIR/goroutine by the runtime itself
//	exit
package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
)

var (
	cache   = map[string][]byte{}
	pinned  [][]byte
	stop    = make(chan struct{})
	jobs    = make(chan int)
	buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}
	mutex   sync.Mutex
)

type order struct{ id int }

// Nobody ever sends: the sender has given up.
func waitForAnswer() {
	answer := make(chan *order)
	go func() {
		<-answer
	}()
}

func sendTooLate() {
	answer := make(chan *order)
	go func() {
		answer <- &order{}
	}()
}

func lockTwice() {
	go func() {
		mutex.Lock()
	}()
}

func forgetTicker() {
	ticker := time.NewTicker(time.Hour)
	go func() {
		for range ticker.C {
		}
	}()
}

func waitWithAfter() {
	select {
	case <-time.After(time.Hour):
	default:
	}
}

func forgetCancel() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	_ = cancel
	_ = ctx
}

func remember(i int) {
	cache["order "+strconv.Itoa(i)] = make([]byte, 4096)
}

// Nobody closes it, but a finalizer.
func forgetFile() {
	file, err := os.Open("/etc/passwd")
	if err == nil {
		file.Name()
	}
}

// Sixteen bytes of it are wanted.
func header(size int) []byte {
	message := make([]byte, size)
	return message[:16]
}

func rent() {
	buffer := buffers.Get().(*bytes.Buffer)
	buffer.Reset()
	buffer.WriteString("bill")
	buffers.Put(buffer)
}

func churn() {
	var all sync.WaitGroup
	for i := 0; i < 50; i++ {
		all.Add(1)
		go func(deep int) {
			defer all.Done()
			dive(deep)
		}(i)
	}
	all.Wait()
}

//go:noinline
func dive(deep int) int {
	if deep == 0 {
		runtime.Gosched()
		return 0
	}
	return dive(deep-1) + 1
}

func worker() {
	for range jobs {
	}
}

func do(what string, n int) error {
	for i := 0; i < n; i++ {
		switch what {
		case "recv":
			waitForAnswer()
		case "send":
			sendTooLate()
		case "mutex":
			lockTwice()
		case "ticker":
			forgetTicker()
		case "after":
			waitWithAfter()
		case "context":
			forgetCancel()
		case "map":
			remember(len(cache))
		case "slice":
			pinned = append(pinned, header(64<<10))
		case "file":
			forgetFile()
		case "pool":
			rent()
		case "churn":
			churn()
		case "workers":
			go worker()
		case "gc":
			runtime.GC()
		default:
			return fmt.Errorf("what is %q", what)
		}
	}
	return nil
}

func main() {
	mutex.Lock()
	fmt.Println("ready", os.Getpid())
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		err := error(nil)
		n := 1
		if len(words) > 1 {
			n, _ = strconv.Atoi(words[1])
		}
		switch {
		case len(words) == 0 || words[0] == "exit":
			return
		case words[0] == "profile":
			err = profile(words[1])
		default:
			err = do(words[0], n)
		}
		if err != nil {
			fmt.Println("failed", err)
		} else {
			fmt.Println("ok")
		}
	}
}
