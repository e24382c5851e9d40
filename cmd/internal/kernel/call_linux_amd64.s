#include "textflag.h"

// func call(number, a, b, c, d, e uintptr) int
TEXT ·call(SB), NOSPLIT, $0-56
	MOVQ number+0(FP), AX
	MOVQ a+8(FP), DI
	MOVQ b+16(FP), SI
	MOVQ c+24(FP), DX
	MOVQ d+32(FP), R10
	MOVQ e+40(FP), R8
	SYSCALL
	MOVQ AX, ret+48(FP)
	RET

// func program() (text, textEnd, data, dataEnd uintptr)
TEXT ·program(SB), NOSPLIT, $0-32
	MOVQ $runtime·text(SB), AX
	MOVQ AX, text+0(FP)
	MOVQ $runtime·etext(SB), AX
	MOVQ AX, textEnd+8(FP)
	MOVQ $runtime·rodata(SB), AX
	MOVQ AX, data+16(FP)
	MOVQ $runtime·erodata(SB), AX
	MOVQ AX, dataEnd+24(FP)
	RET
