// SPDX-License-Identifier: GPL-2.0

//go:build profile

package main

import (
	"os"
	"path/filepath"
	"runtime/pprof"
)

// That this is reachable makes the linker leave heap profiling on.
func profile(dir string) error {
	for _, name := range []string{"heap", "goroutine"} {
		file, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if err := pprof.Lookup(name).WriteTo(file, 0); err != nil {
			return err
		}
		if err := file.Close(); err != nil {
			return err
		}
	}
	return nil
}
