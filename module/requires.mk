# SPDX-License-Identifier: GPL-2.0
# What the kernel has to have, said in a sentence, where the compiler and modpost say
# something else. Included by Kbuild, which "make clean" reads without a configuration.

ifdef CONFIG_MODULES

# $(call lt-requires,OPTION,WHAT FOR)
lt-requires = $(if $(CONFIG_$(1)),,CONFIG_$(1) (to $(2)))

lt-missing := $(call lt-requires,TRACEPOINTS,see threads and processes begin and end)
lt-missing += $(call lt-requires,DYNAMIC_FTRACE,hook functions at their entry)
lt-missing += $(call lt-requires,KPROBES,find functions and hook their return)
lt-missing += $(call lt-requires,MMU_NOTIFIER,see pages being unmapped; CONFIG_KVM selects it)
lt-missing += $(call lt-requires,POSIX_TIMERS,trace timers)
lt-missing += $(call lt-requires,NET,talk to its tool by generic netlink)
lt-missing := $(strip $(lt-missing))

ifneq ($(lt-missing),)
lt-end := )
lt-next := ),
$(error leaktrace: this kernel was configured without $(subst $(lt-end) ,$(lt-next) ,$(lt-missing)))
endif

# Before modpost, as soon as it is known what the module asks for. The file is never made.
always-y += requires
$(obj)/requires: $(obj)/leaktrace.o FORCE
	@sh $(lt-src)/module/requires.sh '$(NM)' $< $(objtree)/Module.symvers $(KBUILD_EXTRA_SYMBOLS)

endif
