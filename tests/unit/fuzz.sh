#!/usr/bin/env bash
# Every fuzzer of what user space reads, and of the kernel's loader, for a moment:
# always the same inputs.
exec "$(dirname "$0")/../fuzz/run" --short
