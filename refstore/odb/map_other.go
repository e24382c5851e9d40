//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package odb

import (
	"io"
	"os"
)

// mapFile reads the whole file: this system has no mmap in the standard library.
func mapFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	n, err := regularSize(f)
	if err != nil {
		return nil, err
	}
	data := make([]byte, n)
	_, err = io.ReadFull(f, data)
	return data, err
}

func unmap([]byte) error { return nil }
