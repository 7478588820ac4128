// SPDX-License-Identifier: GPL-2.0

//go:build !profile

package main

import "errors"

func profile(string) error { return errors.New("built without") }
