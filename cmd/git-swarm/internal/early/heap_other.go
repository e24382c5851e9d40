//go:build !linux

package early

func haveHeap() {} // see heap_linux.go
