// SPDX-License-Identifier: GPL-2.0

package main

import "time"

func init() {
	kernels = append(kernels, []kernel{
		{"NoDone", leakNoDone, soundNoDone},
		{"NoCases", leakNoCases, soundNoCases},
		{"MissedStop", leakMissedStop, soundMissedStop},
		{"AllNil", leakAllNil, soundAllNil},
		{"StoppedTimer", leakStoppedTimer, soundStoppedTimer},
		{"StoppedTicker", leakStoppedTicker, soundStoppedTicker},
		{"SendInCase", leakSendInCase, soundSendInCase},
		{"BreakSelect", leakBreakSelect, soundBreakSelect},
	}...)
}

func leakNoDone() {
	orders, payments := make(chan int), make(chan int)
	go func() {
		for {
			select {
			case <-orders:
			case <-payments:
			}
		}
	}()
	orders <- 1
}

func soundNoDone() {
	orders, payments, done := make(chan int), make(chan int), make(chan struct{})
	go func() {
		for {
			select {
			case <-orders:
			case <-payments:
			case <-done:
				return
			}
		}
	}()
	orders <- 1
	close(done)
}

func leakNoCases() {
	go func() {
		select {}
	}()
}

func soundNoCases() {
	done := make(chan struct{})
	go func() {
		<-done
	}()
	close(done)
}

// It was told to stop while it did not listen.
func leakMissedStop() {
	stop, listens := make(chan struct{}), make(chan struct{})
	go func() {
		<-listens
		select {
		case <-stop:
		case <-make(chan int):
		}
	}()
	select {
	case stop <- struct{}{}:
	default:
	}
	close(listens)
}

func soundMissedStop() {
	stop, listens := make(chan struct{}, 1), make(chan struct{})
	go func() {
		<-listens
		select {
		case <-stop:
		case <-make(chan int):
		}
	}()
	stop <- struct{}{}
	close(listens)
}

func merge(left, right <-chan struct{}, ends bool) {
	for !ends || left != nil || right != nil {
		select {
		case <-left:
			left = nil
		case <-right:
			right = nil
		}
	}
}

// What has been closed is left out, until nothing remains to wait for.
func leakAllNil() {
	go func() {
		merge(closed(), closed(), false)
	}()
}

func soundAllNil() {
	go func() {
		merge(closed(), closed(), true)
	}()
}

func leakStoppedTimer() {
	timer := time.NewTimer(time.Hour)
	go func() {
		timer.Stop()
		<-timer.C
	}()
}

func soundStoppedTimer() {
	timer := time.NewTimer(time.Hour)
	go func() {
		if !timer.Stop() {
			<-timer.C
		}
	}()
}

// Stop closes no channel.
func leakStoppedTicker() {
	ticker := time.NewTicker(time.Hour)
	go func() {
		for range ticker.C {
		}
	}()
	ticker.Stop()
}

func soundStoppedTicker() {
	ticker, done := time.NewTicker(time.Hour), make(chan struct{})
	go func() {
		select {
		case <-ticker.C:
		case <-done:
		}
	}()
	ticker.Stop()
	close(done)
}

func leakSendInCase() {
	failures := make(chan error)
	go func() {
		select {
		case <-closed():
			failures <- errEmpty
		case <-make(chan int):
		}
	}()
}

func soundSendInCase() {
	failures := make(chan error)
	go func() {
		select {
		case <-closed():
			select {
			case failures <- errEmpty:
			default:
			}
		case <-make(chan int):
		}
	}()
}

// It leaves select, not the loop.
func leakBreakSelect() {
	quit := make(chan struct{})
	go func() {
		for {
			select {
			case <-quit:
				break
			}
		}
	}()
	quit <- struct{}{}
}

func soundBreakSelect() {
	quit := make(chan struct{})
	go func() {
	loop:
		for {
			select {
			case <-quit:
				break loop
			}
		}
	}()
	quit <- struct{}{}
}
