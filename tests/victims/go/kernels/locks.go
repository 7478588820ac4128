// SPDX-License-Identifier: GPL-2.0

package main

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
)

func init() {
	kernels = append(kernels, []kernel{
		{"DoubleLock", leakDoubleLock, soundDoubleLock},
		{"EarlyReturn", leakEarlyReturn, soundEarlyReturn},
		{"Continue", leakContinue, soundContinue},
		{"PanicKeepsLock", leakPanicKeepsLock, soundPanicKeepsLock},
		{"LockOrder", leakLockOrder, soundLockOrder},
		{"LockCycle", leakLockCycle, soundLockCycle},
		{"Upgrade", leakUpgrade, soundUpgrade},
		{"WriterReads", leakWriterReads, soundWriterReads},
		{"ReadAgain", leakReadAgain, soundReadAgain},
		{"CopiedLock", leakCopiedLock, soundCopiedLock},
		{"Callback", leakCallback, soundCallback},
		{"SendUnderLock", leakSendUnderLock, soundSendUnderLock},
		{"NotifyUnderLock", leakNotifyUnderLock, soundNotifyUnderLock},
		{"WaitUnderLock", leakWaitUnderLock, soundWaitUnderLock},
		{"RangeUnderLock", leakRangeUnderLock, soundRangeUnderLock},
		{"DeferInLoop", leakDeferInLoop, soundDeferInLoop},
		{"LockInString", leakLockInString, soundLockInString},
	}...)
}

var errEmpty = errors.New("empty")

type account struct {
	sync.Mutex
	balance int
}

func (a *account) deposit(n int) {
	a.Lock()
	defer a.Unlock()
	a.balance += n
}

// A method that locks, called by one that has locked.
func leakDoubleLock() {
	a := new(account)
	go func() {
		a.Lock()
		defer a.Unlock()
		a.deposit(1)
	}()
}

func soundDoubleLock() {
	a := new(account)
	go func() {
		a.deposit(1)
		a.deposit(1)
	}()
}

func (a *account) withdraw(n int) error {
	a.Lock()
	if n > a.balance {
		return errEmpty
	}
	a.balance -= n
	a.Unlock()
	return nil
}

func leakEarlyReturn() {
	a := new(account)
	_ = a.withdraw(1)
	go func() {
		a.deposit(1)
	}()
}

func (a *account) withdrawAndUnlock(n int) error {
	a.Lock()
	defer a.Unlock()
	if n > a.balance {
		return errEmpty
	}
	a.balance -= n
	return nil
}

func soundEarlyReturn() {
	a := new(account)
	_ = a.withdrawAndUnlock(1)
	go func() {
		a.deposit(1)
	}()
}

func leakContinue() {
	a := new(account)
	go func() {
		for _, n := range []int{1, 0, 2} {
			a.Lock()
			if n == 0 {
				continue
			}
			a.balance += n
			a.Unlock()
		}
	}()
}

func soundContinue() {
	a := new(account)
	go func() {
		for _, n := range []int{1, 0, 2} {
			if n == 0 {
				continue
			}
			a.deposit(n)
		}
	}()
}

func leakPanicKeepsLock() {
	a := new(account)
	var parts []int
	func() {
		defer func() { _ = recover() }()
		a.Lock()
		a.balance = parts[a.balance]
		a.Unlock()
	}()
	go func() {
		a.deposit(1)
	}()
}

func soundPanicKeepsLock() {
	a := new(account)
	var parts []int
	func() {
		defer func() { _ = recover() }()
		a.Lock()
		defer a.Unlock()
		a.balance = parts[a.balance]
	}()
	go func() {
		a.deposit(1)
	}()
}

func leakLockOrder() {
	var from, to account
	var locked sync.WaitGroup
	locked.Add(2)
	go func() {
		from.Lock()
		locked.Done()
		locked.Wait()
		to.Lock()
	}()
	go func() {
		to.Lock()
		locked.Done()
		locked.Wait()
		from.Lock()
	}()
}

func soundLockOrder() {
	var from, to account
	for i := 0; i < 2; i++ {
		go func() {
			from.Lock()
			to.Lock()
			to.Unlock()
			from.Unlock()
		}()
	}
}

func leakLockCycle() {
	var forks [3]sync.Mutex
	var taken sync.WaitGroup
	taken.Add(len(forks))
	for i := range forks {
		go func(i int) {
			forks[i].Lock()
			taken.Done()
			taken.Wait()
			forks[(i+1)%len(forks)].Lock()
		}(i)
	}
}

func soundLockCycle() {
	var forks [3]sync.Mutex
	for i := range forks {
		first, second := i, (i+1)%len(forks)
		if second < first {
			first, second = second, first
		}
		go func() {
			forks[first].Lock()
			forks[second].Lock()
			forks[second].Unlock()
			forks[first].Unlock()
		}()
	}
}

type table struct {
	sync.RWMutex
	rows map[int]int
}

func (t *table) get(key int) int {
	t.RLock()
	defer t.RUnlock()
	return t.rows[key]
}

func (t *table) set(key, row int) {
	t.Lock()
	defer t.Unlock()
	t.rows[key] = row
}

func newTable() *table { return &table{rows: map[int]int{}} }

// Who reads can't become who writes.
func leakUpgrade() {
	t := newTable()
	go func() {
		t.RLock()
		defer t.RUnlock()
		if _, ok := t.rows[1]; !ok {
			t.set(1, 1)
		}
	}()
}

func soundUpgrade() {
	t := newTable()
	go func() {
		if t.get(1) == 0 {
			t.set(1, 1)
		}
	}()
}

func leakWriterReads() {
	t := newTable()
	go func() {
		t.Lock()
		defer t.Unlock()
		t.rows[1] = t.get(2)
	}()
}

func soundWriterReads() {
	t := newTable()
	go func() {
		t.set(1, t.get(2))
	}()
}

// Between two read locks of one goroutine somebody wants to write.
func leakReadAgain() {
	t := newTable()
	t.RLock()
	go func() {
		t.set(1, 1)
	}()
	go func() {
		for t.TryRLock() {
			t.RUnlock()
			runtime.Gosched()
		}
		t.get(1)
		t.RUnlock()
	}()
}

func soundReadAgain() {
	t := newTable()
	go func() {
		t.set(1, 1)
	}()
	go func() {
		t.get(1)
		t.get(1)
	}()
}

func leakCopiedLock() {
	a := new(account)
	a.Lock()
	b := *a
	a.Unlock()
	go func() {
		b.deposit(1)
	}()
}

func soundCopiedLock() {
	a := new(account)
	a.Lock()
	b := &account{balance: a.balance}
	a.Unlock()
	go func() {
		b.deposit(1)
	}()
}

func (t *table) each(do func(key, row int)) {
	t.RLock()
	defer t.RUnlock()
	for key, row := range t.rows {
		do(key, row)
	}
}

func leakCallback() {
	t := newTable()
	t.rows[1] = 1
	go func() {
		t.each(func(key, row int) { t.set(key, row+1) })
	}()
}

func soundCallback() {
	t := newTable()
	t.rows[1] = 1
	go func() {
		more := map[int]int{}
		t.each(func(key, row int) { more[key] = row + 1 })
		for key, row := range more {
			t.set(key, row)
		}
	}()
}

// Who would receive wants the lock first.
func leakSendUnderLock() {
	a, news := new(account), make(chan int)
	a.Lock()
	go func() {
		defer a.Unlock()
		news <- a.balance
	}()
	go func() {
		a.deposit(1)
		<-news
	}()
}

func soundSendUnderLock() {
	a, news := new(account), make(chan int)
	go func() {
		a.Lock()
		balance := a.balance
		a.Unlock()
		news <- balance
	}()
	go func() {
		a.deposit(1)
		<-news
	}()
}

// The same, as soon as the buffer is full.
func leakNotifyUnderLock() {
	a, news := new(account), make(chan int, 2)
	a.Lock()
	go func() {
		defer a.Unlock()
		for i := 0; i < 3; i++ {
			news <- i
		}
	}()
	go func() {
		for range news {
			a.deposit(1)
		}
	}()
}

func soundNotifyUnderLock() {
	a, news := new(account), make(chan int, 2)
	go func() {
		for i := 0; i < 3; i++ {
			a.deposit(i)
			news <- i
		}
		close(news)
	}()
	go func() {
		for range news {
			a.deposit(1)
		}
	}()
}

func leakWaitUnderLock() {
	var workers sync.WaitGroup
	a := new(account)
	workers.Add(1)
	a.Lock()
	go func() {
		defer workers.Done()
		a.deposit(1)
	}()
	go func() {
		workers.Wait()
		a.Unlock()
	}()
}

func soundWaitUnderLock() {
	var workers sync.WaitGroup
	a := new(account)
	workers.Add(1)
	go func() {
		defer workers.Done()
		a.deposit(1)
	}()
	go func() {
		workers.Wait()
		a.deposit(1)
	}()
}

func leakRangeUnderLock() {
	a, parts := new(account), make(chan int)
	a.Lock()
	go func() {
		for part := range parts {
			a.balance += part
		}
		a.Unlock()
	}()
	go func() {
		parts <- 1
		a.deposit(1)
		close(parts)
	}()
}

func soundRangeUnderLock() {
	a, parts := new(account), make(chan int)
	go func() {
		for part := range parts {
			a.deposit(part)
		}
	}()
	go func() {
		defer close(parts)
		parts <- 1
		a.deposit(1)
	}()
}

func leakDeferInLoop() {
	a := new(account)
	go func() {
		for i := 0; i < 2; i++ {
			a.Lock()
			defer a.Unlock()
			a.balance++
		}
	}()
}

func soundDeferInLoop() {
	a := new(account)
	go func() {
		for i := 0; i < 2; i++ {
			a.deposit(1)
		}
	}()
}

func (t *table) String() string {
	return fmt.Sprint(t.get(1))
}

// What prints it locks it.
func leakLockInString() {
	t := newTable()
	go func() {
		t.Lock()
		defer t.Unlock()
		_ = fmt.Sprintf("%v", t)
	}()
}

func soundLockInString() {
	t := newTable()
	go func() {
		_ = fmt.Sprintf("%v", t)
	}()
}
