package kernel

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestFiles: of whatever is at a path, the kernel says here what it says to package os.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	long := at(strings.Repeat("d/", 300) + "x") // longer than a path's first room
	for _, err := range []error{
		os.WriteFile(at("empty"), nil, 0o600),
		os.WriteFile(at("plain"), []byte("text"), 0o754),
		os.WriteFile(at("limit"), bytes.Repeat([]byte("x"), 100), 0o666),
		os.WriteFile(at("larger"), bytes.Repeat([]byte("x"), 101), 0o666),
		os.Chtimes(at("plain"), time.Time{}, time.Unix(-5, 123456789)), // before 1970
		os.Chtimes(at("limit"), time.Time{}, time.Unix(1<<33, 999999999)),
		os.Symlink("plain", at("link")),
		os.Symlink("none", at("dangling")),
		os.Symlink("loop", at("loop")),
		syscall.Mkfifo(at("pipe"), 0o666),
		os.MkdirAll(filepath.Dir(long), 0o777),
		os.WriteFile(long, []byte("deep"), 0o666),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{
		at("empty"), at("plain"), at("limit"), at("larger"), at("link"), at("dangling"), at("loop"), at("pipe"), at("none"), at("plain/below"),
		at(strings.Repeat("n", 300)), long, dir, ".", "", "/dev/null", "/proc/self/cmdline",
	} {
		for _, follow := range []bool{false, true} {
			stat := os.Lstat
			if follow {
				stat = os.Stat
			}
			f, missing, ok := Stat(path, follow)
			info, err := stat(path)
			if ok != (err == nil) || missing != os.IsNotExist(err) {
				t.Errorf("%.40q, follow %v: %v, missing %v; package os says %v", path, follow, ok, missing, err)
			}
			if err != nil || !ok {
				continue
			}
			sys := info.Sys().(*syscall.Stat_t)
			if f.Ino != uint64(sys.Ino) || f.UID != sys.Uid || f.Mode != uint32(sys.Mode) || f.Size != info.Size() || f.Time != info.ModTime().UnixNano() && path != "/proc/self/cmdline" {
				t.Errorf("%.40q, follow %v: %+v; package os says %+v", path, follow, f, sys)
			}
			if f.IsRegular() != info.Mode().IsRegular() {
				t.Errorf("%.40q, follow %v: regular %v", path, follow, f.IsRegular())
			}
		}
		info, err := os.Stat(path)
		want := err == nil && info.Mode().IsRegular() && info.Size() <= 100 && !strings.HasPrefix(path, "/proc") || path == "/dev/null" || path == at("pipe") // without a writer, it is at its end
		got, ok := AppendFile([]byte("before "), path, 100)
		if ok != want {
			t.Errorf("%.40q is read: %v", path, ok)
		}
		if content, _ := os.ReadFile("/dev/null"); want {
			if info.Mode().IsRegular() {
				content, _ = os.ReadFile(path)
			}
			if string(got) != "before "+string(content) {
				t.Errorf("of %.40q %q is read", path, got)
			}
		}
	}
	one, _, _ := Stat(at("plain"), false)
	if other, _, _ := Stat("/proc/self/cmdline", false); other.Dev == one.Dev {
		t.Error("two file systems are one device")
	}
}

// TestProcess: what a process was given is what Go's own packages say.
func TestProcess(t *testing.T) {
	if args, ok := Args(); !ok || !slices.Equal(args, os.Args[1:]) {
		t.Errorf("%v, arguments %q", ok, args)
	}
	if Geteuid() != os.Geteuid() {
		t.Errorf("user %d", Geteuid())
	}
	before, now, after := time.Now().UnixNano(), Now(), time.Now().UnixNano()
	if now < before-1e6 || now > after+1e6 { // two clocks of one kernel
		t.Errorf("it is %d, not between %d and %d", now, before, after)
	}
	for _, list := range [][]string{nil, {"A=1"}, {"A=1", "", "B=" + strings.Repeat("x", 100_000), "no variable"}} {
		cmd := self(t, "environ")
		cmd.Env = append(list, cmd.Env...)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		want := strings.Join(slices.DeleteFunc(cmd.Env, func(s string) bool { return s == "" }), "\x00")
		if got := strings.ReplaceAll(string(out), "\x00\x00", "\x00"); got != want {
			t.Errorf("of %d bytes of environment %d are read", len(want), len(got))
		}
	}
}

// needWait skips where there is no wait: see wait_other.go.
func needWait(t *testing.T) {
	t.Helper()
	if on := runtime.GOOS + "/" + runtime.GOARCH; runtime.GOOS != "darwin" && on != "linux/amd64" && on != "linux/arm64" {
		t.Skip("no input is waited for on", on)
	}
}

// TestWait: a wait ends when there is something to read, when there is nothing more, and
// when its time is up.
func TestWait(t *testing.T) {
	needWait(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	left := int64(1e6)
	if got := Wait(int(r.Fd()), &left); got || left > 0 {
		t.Errorf("of an empty pipe it says %v, with %d ns left", got, left)
	}
	if _, err := w.WriteString("x"); err != nil {
		t.Fatal(err)
	}
	left = 1e10
	if !Wait(int(r.Fd()), &left) || left == 1e10 {
		t.Errorf("it does not see what was written; %d ns are left", left)
	}
	if b := make([]byte, 2); Read(int(r.Fd()), b) != 1 {
		t.Errorf("%q is read", b)
	}
	w.Close()
	if !Wait(int(r.Fd()), &left) || Read(int(r.Fd()), make([]byte, 1)) != 0 {
		t.Error("it does not see the end")
	}
}

// TestWaitIsStopped: a wait does not keep the runtime from collecting garbage.
func TestWaitIsStopped(t *testing.T) {
	needWait(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	fd := int(r.Fd())
	go func() {
		for range 3 {
			runtime.GC()
		}
		w.Close()
	}()
	if left := int64(1e11); !Wait(fd, &left) {
		t.Error("it does not see the end")
	}
}
