// SPDX-License-Identifier: GPL-2.0

// A Go program that leaks descriptors, connections and pages on request, as the
// one beside it leaks goroutines and memory.
package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	_ "net/http/pprof" // leaves heap profiling on
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

var (
	files    []*os.File
	calls    []net.Conn
	never    = make(chan struct{})
	door     net.Listener
	welcome  net.Listener
	address  string
	template = make([]byte, 64<<10)
)

func openFile() *os.File {
	file, err := os.Open("/etc/passwd")
	if err != nil {
		panic(err)
	}
	return file
}

func keepFile() {
	files = append(files, openFile())
}

// Nobody closes it, but a finalizer.
func forgetFile() {
	openFile().Name()
}

// They are closed when the function returns, and it does not.
func deferInLoop(n int, done chan<- bool) {
	for i := 0; i < n; i++ {
		file := openFile()
		defer file.Close()
	}
	done <- true
	<-never
}

func deferMany(n int) {
	done := make(chan bool)
	go deferInLoop(n, done)
	<-done
}

func keepCall() {
	call, err := net.Dial("tcp", door.Addr().String())
	if err != nil {
		panic(err)
	}
	calls = append(calls, call)
}

func acceptAll(answered chan<- bool) {
	var all []net.Conn
	for {
		call, err := door.Accept()
		if err != nil {
			return
		}
		all = append(all, call)
		answered <- true
	}
}

// The answer is longer than what is read ahead of it, and nobody reads it.
func forgetBody() {
	answer, err := http.Get(address)
	if err != nil {
		panic(err)
	}
	_ = answer.Status
}

// Nothing of it stays.
func tidyUp() {
	openFile().Close()
	call, err := net.Dial("tcp", welcome.Addr().String())
	if err != nil {
		panic(err)
	}
	call.Close()
	answer, err := http.Get(address + "/short")
	if err != nil {
		panic(err)
	}
	io.Copy(io.Discard, answer.Body)
	answer.Body.Close()
}

func acceptAndClose() {
	for {
		call, err := welcome.Accept()
		if err != nil {
			return
		}
		call.Close()
	}
}

func serve(w http.ResponseWriter, question *http.Request) {
	if question.URL.Path == "/short" {
		w.Write(template[:100])
		return
	}
	w.Write(template)
	w.(http.Flusher).Flush()
	<-never
}

// Untouched memory, touched by a copy: the function at work has no frame.
//
//go:noinline
func copyInto(page []byte) int {
	return copy(page, template[:4096])
}

//go:noinline
func copyMany(n int) {
	memory, err := syscall.Mmap(-1, 0, n*4096, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		panic(err)
	}
	for i := 0; i < n; i++ {
		copyInto(memory[i*4096 : (i+1)*4096])
	}
}

func times(n int, leak func()) {
	for i := 0; i < n; i++ {
		leak()
	}
}

func do(what string, n int, answered <-chan bool) error {
	switch what {
	case "hold":
		times(n, keepFile)
	case "forget":
		times(n, forgetFile)
	case "defer":
		deferMany(n)
	case "socket":
		times(n, func() { keepCall(); <-answered })
	case "body":
		times(n, forgetBody)
	case "tidy":
		times(n, tidyUp)
	case "timer":
		times(n, func() { time.AfterFunc(time.Hour, tidyUp) })
	case "copy":
		copyMany(n)
	case "gc":
		times(n, runtime.GC)
	default:
		return fmt.Errorf("what is %q", what)
	}
	return nil
}

func listen() net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	return l
}

func main() {
	// A body that is forgotten is a few KiB: at 512 KiB a sample some runs have none of
	// them. GODEBUG=memprofilerate=4096 changes nothing in 1.19.
	if rate, err := strconv.Atoi(os.Getenv("HEAP_RATE")); err == nil {
		runtime.MemProfileRate = rate
	}
	answered := make(chan bool, 1)
	door = listen()
	go acceptAll(answered)
	welcome = listen()
	go acceptAndClose()
	web := listen()
	address = "http://" + web.Addr().String()
	go http.Serve(web, http.HandlerFunc(serve))
	fmt.Println("ready", os.Getpid())
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || words[0] == "exit" {
			return
		}
		n := 1
		if len(words) > 1 {
			n, _ = strconv.Atoi(words[1])
		}
		if err := do(words[0], n, answered); err != nil {
			fmt.Println("failed", err)
		} else {
			fmt.Println("ok")
		}
	}
}
