# SPDX-License-Identifier: GPL-2.0
# For people: kernels and DKMS read Kbuild.
#
#   make [KDIR=/lib/modules/VERSION/build] all    leaktrace.ko, userland/leaktrace
#   make [DESTDIR=] [PREFIX=/usr/local] install   tool, man pages, completions, unit, DKMS source
#   make [DESTDIR=] [PREFIX=/usr/local] uninstall
#   make check | demo | sbom | clean
#
# Nothing is written outside the tree, but by install.

KDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr/local
DESTDIR ?=

version := $(shell sed -n 's/^\#define LT_VERSION "\(.*\)"/\1/p' module/leaktrace.h)
src := $(DESTDIR)/usr/src/leaktrace-$(version)
shipped := Kbuild dkms.conf LICENSE $(wildcard include/uapi/linux/*.h \
	module/*.[ch] module/requires.* module/compat/*/*.h module/compat/*/*/*.h)

all: module cli

module:
	@[ -e '$(KDIR)/Makefile' ] || { \
		echo "no kernel build folder '$(KDIR)': install linux-headers-$$(uname -r)," \
			"or say KDIR=/lib/modules/VERSION/build; 'scripts/build-matrix'" \
			"builds for kernels that it fetches" >&2; exit 1; }
	$(MAKE) -C '$(KDIR)' M='$(CURDIR)' KCFLAGS='$(KCFLAGS) -ffile-prefix-map=$(CURDIR)=.' modules

cli:
	$(MAKE) -C userland

install: install-cli install-dkms

install-cli:
	$(MAKE) -C userland install DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)'

install-dkms:
	rm -rf '$(src)'
	for file in $(shipped); do \
		install -D -m 644 "$$file" '$(src)'/"$$file" || exit; \
	done
	@echo "module: 'dkms install leaktrace/$(version)' builds it for the running kernel"

uninstall: uninstall-cli uninstall-dkms

uninstall-cli:
	$(MAKE) -C userland uninstall DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)'

# DKMS reads the source once more when it removes what it built.
uninstall-dkms:
	@[ ! -e '$(DESTDIR)/var/lib/dkms/leaktrace/$(version)' ] || { \
		echo "DKMS still has the module: run 'dkms remove leaktrace/$(version) --all' first" >&2; \
		exit 1; }
	rm -rf '$(src)'

# What was built, of what: leaktrace.spdx.json.
sbom: cli
	scripts/sbom >leaktrace.spdx.json.tmp
	mv leaktrace.spdx.json.tmp leaktrace.spdx.json

print-shipped:
	@echo $(shipped)

check:
	scripts/check

demo:
	scripts/demo

# By pattern, as it must work without a kernel's build folder.
clean:
	find . module -maxdepth 1 -type f \( -name '*.o' -o -name '*.ko' -o -name '*.mod' \
		-o -name '*.mod.c' -o -name '.*.cmd' -o -name '.*.d' -o -name 'Module.symvers' \
		-o -name 'modules.order' \) -delete
	rm -rf .tmp_versions leaktrace.spdx.json leaktrace.spdx.json.tmp
	$(MAKE) -C userland clean

.PHONY: all module cli install install-cli install-dkms uninstall uninstall-cli uninstall-dkms sbom print-shipped check demo clean
