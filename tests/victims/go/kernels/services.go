// SPDX-License-Identifier: GPL-2.0

package main

import (
	"io"
	"runtime"
	"sync"
)

func init() {
	kernels = append(kernels, []kernel{
		{"PipeNoReader", leakPipeNoReader, soundPipeNoReader},
		{"PipeNoClose", leakPipeNoClose, soundPipeNoClose},
		{"PoolNoStop", leakPoolNoStop, soundPoolNoStop},
		{"Unsubscribe", leakUnsubscribe, soundUnsubscribe},
		{"StopFromLoop", leakStopFromLoop, soundStopFromLoop},
		{"InFlight", leakInFlight, soundInFlight},
		{"FullQueue", leakFullQueue, soundFullQueue},
		{"SecondShutdown", leakSecondShutdown, soundSecondShutdown},
	}...)
}

func until(done func() bool) {
	for !done() {
		runtime.Gosched()
	}
}

// Who reads has enough, and closes nothing.
func leakPipeNoReader() {
	reader, writer := io.Pipe()
	go func() {
		for {
			if _, err := writer.Write([]byte("line")); err != nil {
				return
			}
		}
	}()
	_, _ = reader.Read(make([]byte, 4))
}

func soundPipeNoReader() {
	reader, writer := io.Pipe()
	go func() {
		for {
			if _, err := writer.Write([]byte("line")); err != nil {
				return
			}
		}
	}()
	_, _ = reader.Read(make([]byte, 4))
	reader.Close()
}

func leakPipeNoClose() {
	reader, writer := io.Pipe()
	go func() {
		_, _ = io.ReadAll(reader)
	}()
	_, _ = writer.Write([]byte("line"))
}

func soundPipeNoClose() {
	reader, writer := io.Pipe()
	go func() {
		_, _ = io.ReadAll(reader)
	}()
	_, _ = writer.Write([]byte("line"))
	writer.Close()
}

type pool struct {
	jobs chan func()
}

func (p *pool) run() {
	for job := range p.jobs {
		job()
	}
}

// One for each request, and nobody stops it.
func leakPoolNoStop() {
	p := &pool{jobs: make(chan func())}
	for i := 0; i < 2; i++ {
		go func() {
			p.run()
		}()
	}
	p.jobs <- func() {}
}

func soundPoolNoStop() {
	p := &pool{jobs: make(chan func())}
	for i := 0; i < 2; i++ {
		go func() {
			p.run()
		}()
	}
	p.jobs <- func() {}
	close(p.jobs)
}

// It wants to leave while it is sent what it does not read any more.
func leakUnsubscribe() {
	leave, news := make(chan struct{}), make(chan int)
	go func() {
		news <- 1
		news <- 2
		<-leave
	}()
	go func() {
		<-news
		leave <- struct{}{}
	}()
}

func soundUnsubscribe() {
	leave, news := make(chan struct{}), make(chan int)
	go func() {
		for i := 0; ; i++ {
			select {
			case news <- i:
			case <-leave:
				return
			}
		}
	}()
	go func() {
		<-news
		leave <- struct{}{}
	}()
}

type loop struct {
	tasks       chan func()
	quit, ended chan struct{}
}

func newLoop() *loop {
	return &loop{make(chan func()), make(chan struct{}), make(chan struct{})}
}

func (l *loop) run() {
	defer close(l.ended)
	for {
		select {
		case task := <-l.tasks:
			task()
		case <-l.quit:
			return
		}
	}
}

func (l *loop) stop() {
	close(l.quit)
	<-l.ended
}

// It waits for its own end.
func leakStopFromLoop() {
	l := newLoop()
	go func() {
		l.run()
	}()
	l.tasks <- l.stop
}

func soundStopFromLoop() {
	l := newLoop()
	go func() {
		l.run()
	}()
	l.tasks <- func() {}
	l.stop()
}

type flight struct {
	done chan struct{}
	err  error
}

func (f *flight) lead(fail bool) {
	if fail {
		f.err = errEmpty
		return
	}
	close(f.done)
}

// Who went for it failed and tells nobody.
func leakInFlight() {
	f := &flight{done: make(chan struct{})}
	for i := 0; i < 2; i++ {
		go func() {
			<-f.done
		}()
	}
	f.lead(true)
}

func soundInFlight() {
	f := &flight{done: make(chan struct{})}
	for i := 0; i < 2; i++ {
		go func() {
			<-f.done
		}()
	}
	f.lead(false)
}

type queue struct {
	sync.Mutex
	room  *sync.Cond
	items []int
	ended bool
}

func newQueue() *queue {
	q := new(queue)
	q.room = sync.NewCond(&q.Mutex)
	return q
}

func (q *queue) put(item int) {
	q.Lock()
	defer q.Unlock()
	for len(q.items) == 2 && !q.ended {
		q.room.Wait()
	}
	q.items = append(q.items, item)
}

func (q *queue) end() {
	q.Lock()
	q.ended = true
	q.Unlock()
	q.room.Broadcast()
}

// The consumer has gone.
func leakFullQueue() {
	q := newQueue()
	go func() {
		for i := 0; i < 3; i++ {
			q.put(i)
		}
	}()
}

func soundFullQueue() {
	q := newQueue()
	go func() {
		for i := 0; i < 3; i++ {
			q.put(i)
		}
	}()
	q.end()
}

func leakSecondShutdown() {
	quit := make(chan chan struct{})
	go func() {
		close(<-quit)
	}()
	for i := 0; i < 2; i++ {
		go func() {
			ended := make(chan struct{})
			quit <- ended
			<-ended
		}()
	}
}

func soundSecondShutdown() {
	quit, ended, once := make(chan struct{}), make(chan struct{}), new(sync.Once)
	go func() {
		<-quit
		close(ended)
	}()
	for i := 0; i < 2; i++ {
		go func() {
			once.Do(func() { close(quit) })
			<-ended
		}()
	}
}
