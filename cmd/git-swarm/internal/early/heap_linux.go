package early

import (
	"syscall"
	"unsafe"
)

// heap is how much of the heap even a short command comes to use, in bytes. Twice as
// much gains nothing: what is not used has its cost, too.
const heap = 88 * 4096

// haveHeap has the kernel provide the part of the heap that comes next in one call.
// A command would touch it page by page, and each page that is touched for the first
// time stops the program: that is 55 times here, and twice as dear.
//
// The heap is used from its lower end on, and the stack was just taken from it, so what
// comes next begins where the stack ends. All this changes nothing but when the memory
// comes: where the address is wrong, or the kernel is older than 5.14 and does not know
// the call, it comes as without it.
func haveHeap() {
	const populateWrite = 23 // MADV_POPULATE_WRITE
	var onStack byte
	page := uintptr(syscall.Getpagesize())
	next := (uintptr(unsafe.Pointer(&onStack)) + page - 1) &^ (page - 1)
	_, _, _ = syscall.RawSyscall(syscall.SYS_MADVISE, next, heap, populateWrite)
}
