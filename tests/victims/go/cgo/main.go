// SPDX-License-Identifier: GPL-2.0

// A Go program whose C code forgets what it has allocated.
package main

/*
#include <stdlib.h>
#include <string.h>

static void *forget(size_t bytes)
{
	void *memory = malloc(bytes);

	return memory ? memset(memory, 1, bytes) : NULL;
}

static void use(size_t bytes)
{
	free(forget(bytes));
}
*/
import "C"

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
)

//go:noinline
func forgetC() {
	C.forget(64 << 10)
}

//go:noinline
func useC() {
	C.use(64 << 10)
}

func main() {
	fmt.Println("ready", os.Getpid())
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) != 2 {
			return
		}
		n, _ := strconv.Atoi(words[1])
		for i := 0; i < n; i++ {
			if words[0] == "forget" {
				forgetC()
			} else {
				useC()
			}
		}
		fmt.Println("ok")
	}
}
