#!/usr/bin/python3 -S
# SPDX-License-Identifier: GPL-2.0
"""genl.py as a command. What is imported is compiled once, what is run each time, and
without -S python reads all packages: five times as long on a slow kernel."""
import genl

genl.command()
