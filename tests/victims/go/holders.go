// SPDX-License-Identifier: GPL-2.0

// What keeps memory alive, one of each kind.
package main

import (
	"bytes"
	"fmt"
	"runtime"
	"strconv"
	"sync"
)

type session struct {
	id   int
	blob []byte
	next *session
}

type office struct {
	papers []*session
}

type server struct {
	sessions map[string]*session
}

var (
	front = &server{sessions: map[string]*session{}}
	queue = make(chan []byte, 1<<16)
	chain *session
	burst []byte

	visits  = map[int][64]byte{}
	served  = make(chan []byte, 1<<16)
	copies  [][]byte
	answers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

	desk *office

	byName, byToken = map[int]*session{}, map[int]*session{}

	heldBytes = 32 << 10 // of a size that the compiler does not know: on the heap
)

func login() {
	id := len(front.sessions)
	front.sessions["session "+strconv.Itoa(id)] = &session{id: id, blob: make([]byte, 2000)}
}

// Every third is held by another map, too, with all that it leads to.
func register() {
	id := len(byName)
	byName[id] = &session{id: id, next: &session{blob: make([]byte, 2000)}}
	if id%3 == 0 {
		byToken[id] = byName[id]
	}
}

// Somebody is at work on them all the time, and so has them nearer.
func work() {
	papers := make([]*session, 1000)
	for i := range papers {
		papers[i] = &session{id: i, blob: make([]byte, 2000)}
	}
	desk = &office{papers: papers}
	go func() {
		for {
			for _, paper := range papers {
				paper.id++
			}
		}
	}()
}

// Nobody ever reads it.
func enqueue() {
	queue <- make([]byte, 3000)
}

func prepend() {
	chain = &session{next: chain}
}

// Each keeps what it will only need when it goes on.
func waitWithMemory() {
	started := make(chan struct{})
	go func() {
		blob := make([]byte, heldBytes)
		close(started)
		<-stop
		runtime.KeepAlive(blob)
	}()
	<-started
}

// A cycle, and a finalizer on it: never freed.
func finalizeCycle() {
	one, other := &session{blob: make([]byte, 5000)}, &session{}
	one.next, other.next = other, one
	runtime.SetFinalizer(one, finishSession)
}

func finishSession(s *session) { s.id = 0 }

// Never the same again: its places stay.
func visitAndForget() {
	for i := 0; i < 1000; i++ {
		visits[len(visits)] = [64]byte{}
	}
	if len(visits) >= 100000 {
		for key := range visits {
			if key > 100 {
				delete(visits, key)
			}
		}
	}
}

// As many as enqueue, but somebody reads them.
func serve() {
	served <- make([]byte, 3000)
	if len(served) > 990 {
		<-served
	}
}

func copyHeader() { copies = append(copies, append([]byte(nil), header(64<<10)...)) }

// What is large once is large for ever, in a pool.
func answerLarge() {
	buffer := new(bytes.Buffer)
	buffer.Grow(200 << 10)
	buffer.WriteString("bill")
	answers.Put(buffer)
}

// Finalized as soon as nobody has it any more.
func finalize() {
	runtime.SetFinalizer(&session{blob: make([]byte, 5000)}, finishSession)
}

// The first one waits for ever, and with it all others.
func finalizeLate() {
	runtime.SetFinalizer(&session{blob: make([]byte, 5000)}, waitToFinish)
}

func waitToFinish(*session) { <-stop }

//go:noinline
func allocate(size int) int {
	burst = bytes.Repeat([]byte{1}, size)
	n := len(burst)
	burst = nil
	return n
}

func init() {
	leaks["login"] = login
	leaks["enqueue"] = enqueue
	leaks["register"] = register
	leaks["work"] = work
	leaks["close"] = func() { byName = nil }
	leaks["prepend"] = prepend
	leaks["hold"] = waitWithMemory
	leaks["cycle"] = finalizeCycle
	leaks["visit"] = visitAndForget
	leaks["serve"] = serve
	leaks["copy"] = copyHeader
	leaks["answer"] = answerLarge
	leaks["finalize"] = finalize
	leaks["late"] = finalizeLate
	leaks["burst"] = func() { allocate(1 << 20) }
	leaks["balloon"] = func() { allocate(200 << 20) }
}

// What the runtime itself says, after two collections.
func heap() {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	fmt.Printf("heap_bytes=%d\nheap_objects=%d\nin_use=%d\nfree=%d\n", m.HeapAlloc, m.HeapObjects,
		m.HeapInuse, m.HeapIdle)
}
