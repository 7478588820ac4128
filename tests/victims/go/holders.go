// SPDX-License-Identifier: GPL-2.0

// What keeps memory alive, one of each kind.
package main

import (
	"fmt"
	"runtime"
	"strconv"
)

type session struct {
	id   int
	blob []byte
	next *session
}

type server struct {
	sessions map[string]*session
}

var (
	front = &server{sessions: map[string]*session{}}
	queue = make(chan []byte, 1<<16)
	chain *session
	burst []byte

	heldBytes = 32 << 10 // of a size that the compiler does not know: on the heap
)

func login() {
	id := len(front.sessions)
	front.sessions["session "+strconv.Itoa(id)] = &session{id: id, blob: make([]byte, 2000)}
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

//go:noinline
func allocate(bytes int) int {
	burst = make([]byte, bytes)
	n := len(burst)
	burst = nil
	return n
}

func init() {
	leaks["login"] = login
	leaks["enqueue"] = enqueue
	leaks["prepend"] = prepend
	leaks["hold"] = waitWithMemory
	leaks["cycle"] = finalizeCycle
	leaks["burst"] = func() { allocate(1 << 20) }
}

// What the runtime itself says, after two collections.
func heap() {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	fmt.Printf("heap_bytes=%d\nheap_objects=%d\n", m.HeapAlloc, m.HeapObjects)
}
