//go:build !unix

// Package rawfile reads small files.
package rawfile

import (
	"io"
	"os"
)

// Read is the first limit bytes of the file. Errors are *fs.PathError.
func Read(path string, limit int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, int64(limit)))
}
