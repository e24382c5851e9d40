#include "textflag.h"

// func call(number, a, b, c, d, e uintptr) int
TEXT ·call(SB), NOSPLIT, $0-56
	MOVD number+0(FP), R8
	MOVD a+8(FP), R0
	MOVD b+16(FP), R1
	MOVD c+24(FP), R2
	MOVD d+32(FP), R3
	MOVD e+40(FP), R4
	SVC
	MOVD R0, ret+48(FP)
	RET

// func program() (text, textEnd, data, dataEnd uintptr)
TEXT ·program(SB), NOSPLIT, $0-32
	MOVD $runtime·text(SB), R0
	MOVD R0, text+0(FP)
	MOVD $runtime·etext(SB), R0
	MOVD R0, textEnd+8(FP)
	MOVD $runtime·rodata(SB), R0
	MOVD R0, data+16(FP)
	MOVD $runtime·erodata(SB), R0
	MOVD R0, dataEnd+24(FP)
	RET
