package odb

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// stressTime is how long a stress test runs at least.
func stressTime() time.Duration {
	if testing.Short() {
		return 500 * time.Millisecond
	}
	return 3 * time.Second
}

// Readers and writers of reachable objects lose none while git repacks and
// prunes all the time, and nothing but ErrNotFound is said of absent ones.
func TestUnderGC(t *testing.T) {
	r := newRepo(t)
	r.chain("refs/heads/main", 200)
	ids := r.all()
	shared := r.open(Options{})
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for round := 0; ; round++ {
				select {
				case <-stop:
					return
				default:
				}
				d := shared
				if worker%2 == 1 { // a process that begins in the middle of a repack
					d = Open(r.objects(), Options{})
				}
				for i := range 50 {
					id := ids[(round*50+i*7+worker)%len(ids)]
					if _, err := d.Read(bg, id); err != nil {
						t.Error(err)
					}
				}
				absent := object.SHA1.Sum(object.Blob, fmt.Append(nil, worker, round))
				if _, err := d.Read(bg, absent); !errors.Is(err, ErrNotFound) {
					t.Errorf("absent: %v", err)
				}
				if d != shared {
					d.Close()
				}
			}
		})
	}
	var written []object.Hash
	for begin := time.Now(); time.Since(begin) < stressTime(); {
		id := mustWrite(t, shared, object.Blob, fmt.Append(nil, "new ", len(written)))
		r.git("update-ref", fmt.Sprintf("refs/tags/t%d", len(written)), string(id))
		written = append(written, id)
		switch len(written) % 4 {
		case 0:
			r.git("gc", "-q", "--prune=now")
		case 1:
			r.git("repack", "-q", "-adf", "--depth=50")
		case 2:
			r.git("repack", "-q", "-d")
		case 3:
			r.git("-c", "pack.packSizeLimit=1m", "repack", "-q", "-Ad")
		}
		for _, id := range written {
			if _, err := shared.Read(bg, id); err != nil {
				t.Error(err)
			}
		}
	}
	close(stop)
	wg.Wait()
	r.git("fsck", "--strict")
	r.sameAsGit(shared)
}

// Writing goes on while git prune takes temporary files and empty directories away.
func TestWriteUnderPrune(t *testing.T) {
	r := newRepo(t)
	d := r.open(Options{})
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for worker := range 3 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
					if err := d.Write(object.SHA1.NewObject(object.Blob, fmt.Append(nil, worker, i))); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	for begin := time.Now(); time.Since(begin) < stressTime(); {
		r.git("prune", "--expire=now")
	}
	close(stop)
	wg.Wait()
	r.git("fsck", "--strict")
}

// payload tells by itself whether it is whole.
func payload(n uint64) []byte {
	return binary.BigEndian.AppendUint64(noise(200+int(n%7)*1500), n)
}

// TestWriterProcess is not a test but what TestKilledWriters kills: it says that it is
// ready, writes, and prints the id of each object that Write acknowledged.
func TestWriterProcess(t *testing.T) {
	dir := os.Getenv("ODB_TEST_WRITE_TO")
	if dir == "" {
		t.Skip("run by TestKilledWriters")
	}
	d := Open(dir, Options{})
	fmt.Println("ready")
	for n := uint64(os.Getpid()) << 32; ; n++ {
		o := object.SHA1.NewObject(object.Blob, payload(n))
		if err := d.Write(o); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		fmt.Println(o.ID)
	}
}

// A writer killed at any moment leaves no torn object, and every object that it
// acknowledged is there; git clears what else it leaves.
func TestKilledWriters(t *testing.T) {
	r := newRepo(t)
	kills := 60
	if testing.Short() {
		kills = 10
	}
	acked := 0
	for i := range kills {
		cmd := exec.Command(os.Args[0], "-test.run=^TestWriterProcess$")
		cmd.Env = append(os.Environ(), "ODB_TEST_WRITE_TO="+r.objects())
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		var timer *time.Timer
		kill := func() {
			if timer == nil {
				timer = time.AfterFunc(time.Duration(i*7%40)*time.Millisecond, func() { cmd.Process.Kill() })
			}
		}
		d := r.open(Options{})
		for in := bufio.NewScanner(out); in.Scan(); {
			line := in.Text()
			if line == "ready" {
				if i%2 == 0 { // else it lives until its first object is there
					kill()
				}
				continue
			}
			if strings.HasPrefix(line, "error") {
				t.Fatal(line)
			}
			if !object.SHA1.Valid(object.Hash(line)) {
				continue // the kill caught it in mid-line
			}
			if !hasLoose(d, object.Hash(line)) {
				t.Fatalf("acknowledged, not there: %s", line)
			}
			acked++
			kill()
		}
		_ = cmd.Wait()
	}
	left := len(glob(t, r.objects()+"/??/tmp_obj_*"))
	t.Logf("%d kills, %d acknowledged, %d temporary files left", kills, acked, left)
	if acked < kills/2 {
		t.Fatal("writers ended before anything was acknowledged")
	}
	r.git("fsck", "--strict")
	r.sameAsGit(r.open(Options{}))
	r.git("gc", "-q", "--prune=now")
	if rest := glob(t, r.objects()+"/??/*"); len(rest) > 0 {
		t.Fatalf("git gc leaves %q", rest)
	}
}
