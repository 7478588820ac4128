// SPDX-License-Identifier: GPL-2.0

// The leaks of the table in docs/go.md, each with a twin in which it is mended.
//
// go build -o leaks docs/examples/leaks.go
// leaks NAME [mended]
package main

import (
	"bytes"
	"os"
	"runtime/pprof"
	"sync"
	"time"
)

type example struct{ leaking, mended func() }

var examples = map[string]example{
	"cache":   {rememberUser, rememberFewUsers},
	"ints":    {countVisit, countVisitToday},
	"slice":   {readDetails, readDetailsCopied},
	"jobs":    {runJobs, runJobsBuffered},
	"channel": {askOnce, askOnceAndAnswer},
	"range":   {readLines, readLinesToEnd},
	"pool":    {renderLarge, renderSmall},
	"after":   {awaitPayment, awaitPaymentOrStop},
	"ticker":  {watch, watchUntilDone},
	"defer":   {checkFiles, checkEachFile},
	"open":    {readConfig, readConfigAndClose},
}

const page = 64 << 10

var (
	users   = map[int][]byte{}
	visits  = map[int]int{}
	details [][]byte
	buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}
	opened  []*os.File
	request int
)

func rememberUser() {
	users[request] = make([]byte, page)
}

func rememberFewUsers() {
	delete(users, request-10)
	users[request] = make([]byte, page)
}

func countVisit() {
	for i := 0; i < 2000; i++ {
		visits[request*2000+i]++
	}
}

func countVisitToday() {
	for i := 0; i < 2000; i++ {
		visits[i]++
	}
}

func read() []byte { return make([]byte, page) }

// Sixteen bytes are wanted, and all that was read is kept.
func readDetails() {
	details = append(details, read()[:16])
}

func readDetailsCopied() {
	details = append(details, append([]byte(nil), read()[:16]...))
}

// It returns at the first result: who has another one waits for ever.
func runJobs() {
	results := make(chan int)
	for job := 0; job < 3; job++ {
		go func(job int) { results <- job }(job)
	}
	<-results
}

func runJobsBuffered() {
	results := make(chan int, 3)
	for job := 0; job < 3; job++ {
		go func(job int) { results <- job }(job)
	}
	<-results
}

func askOnce() {
	answer := make(chan int)
	go func() { <-answer }()
}

func askOnceAndAnswer() {
	answer := make(chan int)
	go func() { <-answer }()
	answer <- 1
}

func readLines() {
	lines := make(chan string)
	go func() {
		for range lines {
		}
	}()
	lines <- "line"
}

func readLinesToEnd() {
	lines := make(chan string)
	go func() {
		for range lines {
		}
	}()
	lines <- "line"
	close(lines)
}

func render(size int) {
	var rendered [8]*bytes.Buffer
	for i := range rendered {
		rendered[i] = buffers.Get().(*bytes.Buffer)
		rendered[i].Reset()
		rendered[i].Grow(size)
	}
	for _, buffer := range rendered {
		buffers.Put(buffer)
	}
}

// What was large once is large for ever.
func renderLarge() { render(1 << 20) }

func renderSmall() { render(page) }

func awaitPayment() {
	paid := make(chan struct{})
	close(paid)
	for i := 0; i < 400; i++ {
		select {
		case <-paid:
		case <-time.After(time.Hour):
		}
	}
}

func awaitPaymentOrStop() {
	paid := make(chan struct{})
	close(paid)
	for i := 0; i < 400; i++ {
		late := time.NewTimer(time.Hour)
		select {
		case <-paid:
		case <-late.C:
		}
		late.Stop()
	}
}

func watch() {
	ticker := time.NewTicker(time.Hour)
	go func() {
		for range ticker.C {
		}
	}()
}

func watchUntilDone() {
	ticker, done := time.NewTicker(time.Hour), make(chan struct{})
	go func() {
		defer ticker.Stop()
		select {
		case <-ticker.C:
		case <-done:
		}
	}()
	close(done)
}

// Closed when it returns, and it does not.
func checkFiles() {
	for ; ; time.Sleep(pause) {
		file, err := os.Open("/etc/passwd")
		if err == nil {
			defer file.Close()
		}
	}
}

func checkEachFile() {
	for ; ; time.Sleep(pause) {
		checkFile()
	}
}

func checkFile() {
	file, err := os.Open("/etc/passwd")
	if err == nil {
		defer file.Close()
	}
}

// It is kept, and never closed.
func readConfig() {
	file, err := os.Open("/etc/passwd")
	if err == nil {
		opened = append(opened, file)
	}
}

func readConfigAndClose() {
	checkFile()
}

const pause = 20 * time.Millisecond

func main() {
	one := examples[os.Args[1]]
	if one.leaking == nil { // so that the linker keeps heap profiles
		pprof.WriteHeapProfile(os.Stdout)
	}
	for ; ; request++ {
		if len(os.Args) > 2 {
			one.mended()
		} else {
			one.leaking()
		}
		time.Sleep(pause)
	}
}
