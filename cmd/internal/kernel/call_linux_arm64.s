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
