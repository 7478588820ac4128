// SPDX-License-Identifier: GPL-2.0

// One more for leaks.go: memory of C, of which Go's collector knows nothing.
package main

/*
#include <stdlib.h>
#include <string.h>
*/
import "C"

import "unsafe"

func init() {
	examples["malloc"] = example{copyToC, copyToCAndFree}
}

func copyToC() {
	var copied unsafe.Pointer = C.malloc(page)
	C.memset(copied, 1, page)
}

func copyToCAndFree() {
	var copied unsafe.Pointer = C.malloc(page)
	C.memset(copied, 1, page)
	C.free(copied)
}
