package index

import (
	"encoding/binary"
	"io/fs"
	"syscall"
)

// sameStat reports whether a file is the one that an entry of the index describes, and was
// not changed since.
func sameStat(entry []byte, info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return false
	}
	is := [...]uint32{
		uint32(st.Ctim.Sec), uint32(st.Ctim.Nsec), uint32(st.Mtim.Sec), uint32(st.Mtim.Nsec),
		uint32(st.Dev), uint32(st.Ino), st.Mode, st.Uid, st.Gid, uint32(st.Size),
	}
	for i, value := range is {
		if i != devField && i != modeField && binary.BigEndian.Uint32(entry[4*i:]) != value {
			return false
		}
	}
	return true
}

// The mode is compared by itself, and of the device git knows that it may change.
const devField, modeField = 4, 6
