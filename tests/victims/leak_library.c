// SPDX-License-Identifier: GPL-2.0
/* The part of the leaking program that is a shared library. */
#include "leak.h"

LEAK_FUNCTIONS(in_library)
