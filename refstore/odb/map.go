package odb

import (
	"os"
	"syscall"

	"github.com/git-swarm/git-swarm/refstore/file"
)

// mapFile maps a file read-only. The file may be unlinked after that.
func mapFile(path string) ([]byte, error) {
	f, err := file.Open(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	n, err := regularSize(f)
	if err != nil || n == 0 {
		return nil, err
	}
	data, err := syscall.Mmap(int(f.Fd()), 0, n, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, &os.PathError{Op: "mmap", Path: path, Err: err}
	}
	return data, nil
}

// unmap ends the life of what mapFile returned.
func unmap(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	return syscall.Munmap(data)
}
