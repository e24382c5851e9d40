package odb

import "syscall"

// forget takes what was read of a mapped file out of the process's memory. It can be
// read again, by those that read it at this moment, too.
func forget(data []byte) {
	if len(data) > 0 {
		_ = syscall.Madvise(data, syscall.MADV_DONTNEED) // it is a matter of memory alone
	}
}
