package file

import (
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

func TestProcess(t *testing.T) {
	needsProc(t)
	me := processNow(os.Getpid())
	if me.pid != os.Getpid() || me.gone() || me.mark() == "" {
		t.Errorf("we are %+v, gone: %t", me, me.gone())
	}
	if again := processOf(me.pid, me.mark()); again != me {
		t.Errorf("%+v came back as %+v", me, again)
	}
}

// Only what is certainly gone is gone.
func TestGone(t *testing.T) {
	needsProc(t)
	me := processNow(os.Getpid())
	ended := ended(t)
	boot, namespace, machine := splitSpace(me.space)
	first := namespace == firstNamespace
	for what, c := range map[string]struct {
		process
		want bool
	}{
		"we":                        {me, false},
		"our pid, started earlier":  {process{me.space, me.pid, "1"}, true},
		"a pid that is free":        {process{me.space, ended, me.start}, true},
		"of another boot":           {process{"x" + me.space, me.pid, me.start}, first && machine != ""},
		"of another machine's boot": {process{"x" + me.space + "x", me.pid, me.start}, false},
		"of a boot in 0.1":          {process{"x" + boot + "/" + namespace, ended, me.start}, false},
		"of this boot in 0.1":       {process{boot + "/" + namespace, ended, me.start}, true},
		"of a container's boot":     {process{"x" + boot + "/1/" + machine, ended, me.start}, false},
		"of a container that ended": {process{boot + "/1/" + machine, me.pid, me.start}, first && seesAll()},
		"of an unknown host":        {process{"", ended, me.start}, false},
		"of an unknown start":       {process{me.space, ended, ""}, false},
		"read from an empty mark":   {processOf(ended, ""), false},
		"read from a strange mark":  {processOf(ended, "x"), false},
		"read from a damaged pid":   {processOf(-1, me.mark()), false},
		"a process group, as if 0":  {processOf(0, me.mark()), false},
		"the first process, as now": {process{me.space, 1, startOf(1)}, false},
	} {
		if got := c.gone(); got != c.want {
			t.Errorf("%s: %+v is gone: %t, want %t", what, c.process, got, c.want)
		}
		if got, want := c.there(), what == "we" || what == "the first process, as now"; got != want {
			t.Errorf("%s: %+v is there: %t, want %t", what, c.process, got, want)
		}
	}
}

// seesAll reports whether the namespace of each process can be read.
func seesAll() bool { return os.Getuid() == 0 }

// TestSpaceGone: nothing is known of another space from within a container.
func TestSpaceGone(t *testing.T) {
	for what, c := range map[string]struct {
		space, here string
		want        bool
	}{
		"a machine started anew":      {"b1/" + firstNamespace + "/m", "b2/" + firstNamespace + "/m", true},
		"another machine":             {"b1/" + firstNamespace + "/m", "b2/" + firstNamespace + "/n", false},
		"one without an id":           {"b1/" + firstNamespace, "b2/" + firstNamespace, false},
		"from a container":            {"b1/" + firstNamespace + "/m", "b2/7/m", false},
		"from a container, this boot": {"b1/8/m", "b1/7/m", false},
		"nothing":                     {"b1", "b1/" + firstNamespace + "/m", false},
	} {
		if got := spaceGone(c.space, c.here); got != c.want {
			t.Errorf("%s: gone %t, want %t", what, got, c.want)
		}
	}
}

func processNow(pid int) process { return process{pidSpace(), pid, startOf(pid)} }

func startOf(pid int) string { start, _ := startTime(pid); return start }

// needsProc skips the test where no process can be told from another.
func needsProc(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("no /proc here")
	}
}

// ended is the pid of a process that has ended and was waited for.
func ended(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("git", "version")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid
}

// The start time stands behind a name that may hold anything.
func TestStartTime(t *testing.T) {
	needsProc(t)
	dir := t.TempDir()
	name := dir + "/) Z 1 (x y) "
	cmd := refstoretest.Command(t, "wait")
	if err := os.Symlink(cmd.Path, name); err != nil {
		t.Fatal(err)
	}
	cmd.Path = name
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer in.Close()
	start, over := startTime(cmd.Process.Pid)
	if n, err := strconv.ParseUint(start, 10, 64); err != nil || n == 0 || over {
		t.Errorf("the start time is %q, over: %t", start, over)
	}
	if ours, _ := startTime(os.Getpid()); len(start) < len(ours) || start < ours && len(start) == len(ours) {
		t.Errorf("it started at %s, before us at %s", start, ours)
	}
}

// A process that was killed, but that nobody has waited for, is gone.
func TestZombie(t *testing.T) {
	needsProc(t)
	cmd := refstoretest.Command(t, "wait")
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	p := processNow(cmd.Process.Pid)
	if p.gone() {
		t.Fatalf("%+v is gone while it runs", p)
	}
	refstoretest.Zombie(t, cmd.Process)
	if !p.gone() {
		t.Errorf("%+v is not gone while it is a zombie", p)
	}
	_ = cmd.Wait()
	if !p.gone() {
		t.Errorf("%+v is not gone after it is", p)
	}
}
