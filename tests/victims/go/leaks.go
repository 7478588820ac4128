// SPDX-License-Identifier: GPL-2.0

// What leaks, and what only looks as if it did.
package main

import (
	"bytes"
	"context"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

var (
	cache   = map[string][]byte{}
	pinned  [][]byte
	titles  []string
	history []int64
	deepest int
	stop    = make(chan struct{})
	jobs    = make(chan int)
	buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}
	mutex   sync.Mutex
	silent  = quietPipe()
)

type order struct{ id int }

// A pipe to which nobody writes; who reads it holds a thread meanwhile.
func quietPipe() int {
	var ends [2]int
	if err := syscall.Pipe(ends[:]); err != nil {
		panic(err)
	}
	return ends[0]
}

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

// No context, so no way out.
func waitForEither() {
	answer, failure := make(chan *order), make(chan error)
	go func() {
		select {
		case <-answer:
		case <-failure:
		}
	}()
}

func forgetDone() {
	all := new(sync.WaitGroup)
	all.Add(1)
	go func() {
		all.Wait()
	}()
}

func forgetUnlock() {
	own := new(sync.Mutex)
	own.Lock()
	go func() {
		own.Lock()
	}()
}

func lockTwice() {
	go func() {
		mutex.Lock()
	}()
}

func readForever() {
	go func() {
		var one [1]byte
		syscall.Read(silent, one[:])
	}()
}

func keepThread() {
	go func() {
		runtime.LockOSThread()
		<-stop
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

type storer interface{ store() }

type shelf struct{}

func (shelf) store() {
	pinned = append(pinned, make([]byte, 8192))
}

type shop struct{ shelf }

// What allocates is inlined into what the compiler makes of a method to fit this.
//
//go:noinline
func storeBy(s storer) {
	s.store()
}

// A method's value is called by what the compiler makes of it, too.
func (o *order) expire() {
	o.id = 0
}

func forgetTimer() {
	time.AfterFunc(time.Hour, new(order).expire)
}

// One array, ever greater.
func record(n int) {
	for i := 0; i < 1024; i++ {
		history = append(history, int64(n+i))
	}
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

func title(size int) string {
	page := strings.Repeat("x", size)
	return page[:16]
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

// A hundred of them wait at a hundred places.
func waitDeep() {
	deepest++
	go func(deep int) {
		diveAndWait(deep)
	}(deepest % 100)
}

//go:noinline
func diveAndWait(deep int) int {
	if deep == 0 {
		<-stop
		return 0
	}
	return diveAndWait(deep-1) + 1
}

// It waits for nothing but a processor.
func spin() {
	go func() {
		for {
			runtime.Gosched()
		}
	}()
}

func worker() {
	for range jobs {
	}
}

func startWorker() {
	go worker()
}
