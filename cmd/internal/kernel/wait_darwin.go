package kernel

import "syscall"

// Wait waits until a read of fd would not, at most the time left in ns, which it reduces.
func Wait(fd int, left *int64) bool {
	for *left > 0 && fd < 32 {
		began := Now()
		var set syscall.FdSet
		set.Bits[0] = 1 << fd
		time := syscall.NsecToTimeval(*left)
		err := syscall.Select(fd+1, &set, nil, nil, &time)
		*left -= max(Now()-began, 1)
		if err != syscall.EINTR {
			return err == nil && set.Bits[0] != 0
		}
	}
	return false
}
