//go:build amd64 || arm64

package kernel

import "unsafe"

// call is the system call of that number. The result is at least -4095 and below 0 for an
// error.
func call(number, a, b, c, d, e uintptr) int

const (
	atFDCWD       = ^uintptr(99) // -100
	noFollow      = 0x100        // AT_SYMLINK_NOFOLLOW
	emptyPath     = 0x1000       // AT_EMPTY_PATH
	basicStats    = 0x7ff        // STATX_BASIC_STATS
	nonBlock      = 0x800        // O_NONBLOCK
	closeOnExec   = 0x80000      // O_CLOEXEC
	noEntry       = -2           // ENOENT
	interrupted   = -4           // EINTR
	readable      = 1            // POLLIN
	populateRead  = 22           // MADV_POPULATE_READ
	populateWrite = 23           // MADV_POPULATE_WRITE
	maxStart      = 1 << 20      // bytes of the arguments, and of the environment
)

// Stat is the status of the file at the path, or with follow that of what a link there
// leads to. Without one, there is none at the path, if missing says so.
func Stat(path string, follow bool) (f File, missing, ok bool) {
	flags := uintptr(noFollow)
	if follow {
		flags = 0
	}
	name := append(append(make([]byte, 0, 256), path...), 0)
	return status(atFDCWD, &name[0], flags)
}

// statx as in include/uapi/linux/stat.h, which is the same on all architectures.
type statx struct {
	_            [5]uint32 // mask, block size, attributes, links
	uid, _       uint32
	mode, _      uint16
	ino, size    uint64
	_            [2]uint64    // blocks, known attributes
	_            [3][2]uint64 // times of access, birth and status
	sec          int64
	nsec, _      uint32
	_            [2]uint32 // of a device
	major, minor uint32
	_            [14]uint64
}

func status(fd uintptr, name *byte, flags uintptr) (f File, missing, ok bool) {
	var st statx
	if n := call(sysStatx, fd, uintptr(unsafe.Pointer(name)), flags, basicStats, uintptr(unsafe.Pointer(&st))); n < 0 {
		return File{}, n == noEntry, false
	}
	dev := uint64(st.major)<<32 | uint64(st.minor)
	return File{Dev: dev, Ino: st.ino, UID: st.uid, Mode: uint32(st.mode), Size: int64(st.size), Time: st.sec*1e9 + int64(st.nsec)}, false, true
}

// AppendFile appends the content of a file of at most that many bytes, and does not wait
// for a pipe.
func AppendFile(b []byte, path string, most int64) ([]byte, bool) {
	fd := open(path)
	if fd < 0 {
		return b, false
	}
	defer call(sysClose, uintptr(fd), 0, 0, 0, 0)
	var none byte
	f, _, ok := status(uintptr(fd), &none, emptyPath)
	if !ok || f.Size > most {
		return b, false
	}
	at := len(b)
	b = append(b, make([]byte, f.Size+1)...)
	n := Read(fd, b[at:])
	return b[:at+max(n, 0)], int64(n) == f.Size
}

func open(path string) (fd int) {
	name := append(append(make([]byte, 0, 256), path...), 0)
	return call(sysOpenat, atFDCWD, uintptr(unsafe.Pointer(&name[0])), nonBlock|closeOnExec, 0, 0)
}

// Read reads at most len(b) bytes, 0 at the end and less if there is an error.
func Read(fd int, b []byte) (n int) {
	for {
		if n = call(sysRead, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), 0, 0); n != interrupted {
			return n
		}
	}
}

// Wait waits until a read of fd would not, at most the time left in ns, which it reduces.
func Wait(fd int, left *int64) bool {
	one := struct {
		fd             int32
		events, happen int16
	}{fd: int32(fd), events: readable}
	for *left > 0 {
		began := Now()
		time := [2]int64{*left / 1e9, *left % 1e9}
		n := call(sysPpoll, uintptr(unsafe.Pointer(&one)), 1, uintptr(unsafe.Pointer(&time)), 0, 0)
		*left -= max(Now()-began, 1)
		if n != interrupted {
			return n == 1
		}
	}
	return false
}

// Now is the time in ns since 1970.
//
// It is not inlined, for a goroutine can be stopped where a function is called, and not in
// a system call: Wait, which the runtime interrupts to stop it, stops here.
//
//go:noinline
func Now() int64 {
	var time [2]int64
	call(sysClockGettime, 0, uintptr(unsafe.Pointer(&time)), 0, 0, 0)
	return time[0]*1e9 + time[1]
}

// Geteuid is the user by whose rights files are read.
func Geteuid() int { return call(sysGeteuid, 0, 0, 0, 0, 0) }

// Exit ends the process.
func Exit(code int) { call(sysExitGroup, uintptr(code), 0, 0, 0, 0) }

// Args are the arguments of the process, its name not among them.
func Args() (args []string, ok bool) {
	if args, ok = list("/proc/self/cmdline"); !ok || len(args) == 0 {
		return nil, false
	}
	return args[1:], true
}

// Environ is the environment that the process was started with.
func Environ() ([]string, bool) { return list("/proc/self/environ") }

// list are the texts in a file of /proc, each of which has a zero behind it.
func list(path string) (texts []string, ok bool) {
	fd := open(path)
	if fd < 0 {
		return nil, false
	}
	defer call(sysClose, uintptr(fd), 0, 0, 0, 0)
	b := make([]byte, 0, 16<<10)
	for {
		n := Read(fd, b[len(b):cap(b)])
		if n < 0 || len(b)+n == maxStart {
			return nil, false
		}
		if n == 0 {
			return Split(unsafe.String(unsafe.SliceData(b), len(b))), true
		}
		if b = b[:len(b)+n]; len(b) == cap(b) {
			b = append(make([]byte, 0, 4*cap(b)), b...)
		}
	}
}

// program is where the program's own text is, and its data that do not change, as the
// linker says.
func program() (text, textEnd, data, dataEnd uintptr)

// page is the least that memory is mapped by; a kernel that has larger ones takes a
// part of one for an error, and then nothing changes.
const page = 4096

// Populate has the kernel provide memory in one call, from an address on: a program
// would touch it page by page, and each page that it touches for the first time stops it.
// Where the address is wrong, or the kernel is older than 5.14, nothing changes.
func Populate(from unsafe.Pointer, size uintptr) {
	call(sysMadvise, (uintptr(from)+page-1)&^(page-1), size, populateWrite, 0, 0)
}

// PopulateProgram does the same with the program's own pages, as far as the kernel has
// them in memory: it reads those that it has not.
func PopulateProgram() {
	text, textEnd, data, dataEnd := program()
	for _, part := range [...][2]uintptr{{text, textEnd}, {data, dataEnd}} {
		from := part[0] &^ (page - 1)
		call(sysMadvise, from, part[1]-from, populateRead, 0, 0) // whole pages, however long
	}
}
