// SPDX-License-Identifier: GPL-2.0

//go:build go1.23

package main

import "iter"

func orders(yield func(int) bool) {
	for i := 0; yield(i); i++ {
	}
}

// Nobody calls stop: the coroutine waits to be asked for more.
func forgetStop() {
	next, _ := iter.Pull(orders)
	next()
}

func init() {
	leaks["pull"] = forgetStop
}
