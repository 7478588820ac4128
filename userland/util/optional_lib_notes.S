/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The libraries that optional_lib_load() may be asked for, as packaging tools look for
 * them: ELF notes of owner FDO and type 0x407c0c0a, one JSON array each
 * (github.com/uapi-group/specifications, "ELF dlopen metadata").
 */
.macro dlopen_note soname, feature, description, priority
	.pushsection .note.dlopen, "a", %note
	.balign 4
	.long	4			/* sizes of owner and text */
	.long	2f - 1f
	.long	0x407c0c0a
	.asciz	"FDO"
1:	.ascii	"[{\"soname\":[\""
	.ascii	"\soname"
	.ascii	"\"],\"feature\":\""
	.ascii	"\feature"
	.ascii	"\",\"description\":\""
	.ascii	"\description"
	.ascii	"\",\"priority\":\""
	.ascii	"\priority"
	.asciz	"\"}]"
2:	.balign 4
	.popsection
.endm

	dlopen_note "libcurl.so.4", "push", "Send profiles over HTTP", "recommended"
	dlopen_note "libmicrohttpd.so.12", "serve", "Answer HTTP requests", "recommended"
	dlopen_note "libncursesw.so.6", "top", "Show all processes on the full screen", "recommended"
	dlopen_note "libdebuginfod.so.1", "debuginfod", "Download debug information", "suggested"

	.section .note.GNU-stack, "", %progbits
