// SPDX-License-Identifier: GPL-2.0

package main

import "sync"

func init() {
	kernels = append(kernels, []kernel{
		{"AddTooMany", leakAddTooMany, soundAddTooMany},
		{"NoDoneOnError", leakNoDoneOnError, soundNoDoneOnError},
		{"WaitInWorker", leakWaitInWorker, soundWaitInWorker},
		{"WaitInLoop", leakWaitInLoop, soundWaitInLoop},
		{"CopiedGroup", leakCopiedGroup, soundCopiedGroup},
		{"PanicSkipsDone", leakPanicSkipsDone, soundPanicSkipsDone},
		{"MissedSignal", leakMissedSignal, soundMissedSignal},
		{"SignalOne", leakSignalOne, soundSignalOne},
		{"NoSignal", leakNoSignal, soundNoSignal},
		{"CondUnderLock", leakCondUnderLock, soundCondUnderLock},
		{"OnceInOnce", leakOnceInOnce, soundOnceInOnce},
		{"OnceEachOther", leakOnceEachOther, soundOnceEachOther},
		{"SlowOnce", leakSlowOnce, soundSlowOnce},
	}...)
}

func leakAddTooMany() {
	var all sync.WaitGroup
	all.Add(3)
	for i := 0; i < 2; i++ {
		go func() {
			all.Done()
		}()
	}
	go func() {
		all.Wait()
	}()
}

func soundAddTooMany() {
	var all sync.WaitGroup
	all.Add(2)
	for i := 0; i < 2; i++ {
		go func() {
			all.Done()
		}()
	}
	go func() {
		all.Wait()
	}()
}

func load(all *sync.WaitGroup, n int) error {
	if n == 0 {
		return errEmpty
	}
	all.Done()
	return nil
}

func leakNoDoneOnError() {
	var all sync.WaitGroup
	all.Add(2)
	for i := 0; i < 2; i++ {
		_ = load(&all, i)
	}
	go func() {
		all.Wait()
	}()
}

func loadAndDone(all *sync.WaitGroup, n int) error {
	defer all.Done()
	if n == 0 {
		return errEmpty
	}
	return nil
}

func soundNoDoneOnError() {
	var all sync.WaitGroup
	all.Add(2)
	for i := 0; i < 2; i++ {
		_ = loadAndDone(&all, i)
	}
	go func() {
		all.Wait()
	}()
}

func leakWaitInWorker() {
	var all sync.WaitGroup
	all.Add(1)
	go func() {
		defer all.Done()
		all.Wait()
	}()
}

func soundWaitInWorker() {
	var all sync.WaitGroup
	all.Add(1)
	go func() {
		all.Done()
		all.Wait()
	}()
}

func leakWaitInLoop() {
	go func() {
		var all sync.WaitGroup
		all.Add(2)
		for i := 0; i < 2; i++ {
			go all.Done()
			all.Wait()
		}
	}()
}

func soundWaitInLoop() {
	go func() {
		var all sync.WaitGroup
		all.Add(2)
		for i := 0; i < 2; i++ {
			go all.Done()
		}
		all.Wait()
	}()
}

func leakCopiedGroup() {
	var all sync.WaitGroup
	all.Add(1)
	go func(all sync.WaitGroup) {
		all.Done()
	}(all)
	go func() {
		all.Wait()
	}()
}

func soundCopiedGroup() {
	var all sync.WaitGroup
	all.Add(1)
	go func(all *sync.WaitGroup) {
		all.Done()
	}(&all)
	go func() {
		all.Wait()
	}()
}

func leakPanicSkipsDone() {
	var all sync.WaitGroup
	var parts []int
	all.Add(1)
	go func() {
		defer func() { _ = recover() }()
		_ = parts[len(parts)]
		all.Done()
	}()
	go func() {
		all.Wait()
	}()
}

func soundPanicSkipsDone() {
	var all sync.WaitGroup
	var parts []int
	all.Add(1)
	go func() {
		defer all.Done()
		defer func() { _ = recover() }()
		_ = parts[len(parts)]
	}()
	go func() {
		all.Wait()
	}()
}

type event struct {
	sync.Mutex
	*sync.Cond
	happened bool
	waiting  int
}

func newEvent() *event {
	e := new(event)
	e.Cond = sync.NewCond(&e.Mutex)
	return e
}

func (e *event) wait() {
	e.Lock()
	defer e.Unlock()
	e.waiting++
	e.Wait()
}

func (e *event) waitUntilHappened() {
	e.Lock()
	defer e.Unlock()
	for !e.happened {
		e.waiting++
		e.Wait()
	}
}

// Nobody waits yet, and nothing is remembered.
func leakMissedSignal() {
	e := newEvent()
	e.Signal()
	go func() {
		e.wait()
	}()
}

func soundMissedSignal() {
	e := newEvent()
	e.happened = true
	e.Signal()
	go func() {
		e.waitUntilHappened()
	}()
}

func (e *event) hasWaiters(n int) bool {
	e.Lock()
	defer e.Unlock()
	return e.waiting >= n
}

func leakSignalOne() {
	e := newEvent()
	for i := 0; i < 3; i++ {
		go func() {
			e.waitUntilHappened()
		}()
	}
	until(func() bool { return e.hasWaiters(3) })
	e.Lock()
	e.happened = true
	e.Unlock()
	e.Signal()
}

func soundSignalOne() {
	e := newEvent()
	for i := 0; i < 3; i++ {
		go func() {
			e.waitUntilHappened()
		}()
	}
	until(func() bool { return e.hasWaiters(3) })
	e.Lock()
	e.happened = true
	e.Unlock()
	e.Broadcast()
}

func leakNoSignal() {
	e := newEvent()
	go func() {
		e.waitUntilHappened()
	}()
	until(func() bool { return e.hasWaiters(1) })
	e.Lock()
	e.happened = true
	e.Unlock()
}

func soundNoSignal() {
	e := newEvent()
	go func() {
		e.waitUntilHappened()
	}()
	e.Lock()
	e.happened = true
	e.Unlock()
	e.Signal()
}

// Wait gives back its own lock, not the one around it.
func leakCondUnderLock() {
	e, outer := newEvent(), new(sync.Mutex)
	outer.Lock()
	go func() {
		defer outer.Unlock()
		e.waitUntilHappened()
	}()
	go func() {
		outer.Lock()
		e.happened = true
		e.Signal()
	}()
}

func soundCondUnderLock() {
	e := newEvent()
	go func() {
		e.waitUntilHappened()
	}()
	go func() {
		e.Lock()
		e.happened = true
		e.Unlock()
		e.Signal()
	}()
}

func leakOnceInOnce() {
	once := new(sync.Once)
	go func() {
		once.Do(func() { once.Do(func() {}) })
	}()
}

func soundOnceInOnce() {
	outer, inner := new(sync.Once), new(sync.Once)
	go func() {
		outer.Do(func() { inner.Do(func() {}) })
	}()
}

func leakOnceEachOther() {
	var config, logger sync.Once
	var both sync.WaitGroup
	both.Add(2)
	go func() {
		config.Do(func() {
			both.Done()
			both.Wait()
			logger.Do(func() {})
		})
	}()
	go func() {
		logger.Do(func() {
			both.Done()
			both.Wait()
			config.Do(func() {})
		})
	}()
}

func soundOnceEachOther() {
	var config, logger sync.Once
	for i := 0; i < 2; i++ {
		go func() {
			config.Do(func() { logger.Do(func() {}) })
		}()
	}
}

// The first one waits for ever, and with it all others.
func leakSlowOnce() {
	once, answer, begun := new(sync.Once), make(chan int), make(chan struct{})
	go func() {
		once.Do(func() {
			close(begun)
			<-answer
		})
	}()
	<-begun
	go func() {
		once.Do(func() {})
	}()
}

func soundSlowOnce() {
	once, answer := new(sync.Once), make(chan int, 1)
	answer <- 1
	for i := 0; i < 2; i++ {
		go func() {
			once.Do(func() { <-answer })
		}()
	}
}
