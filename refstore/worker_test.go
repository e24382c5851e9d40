package refstore

import (
	"fmt"
	"strconv"
	"time"

	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// work is the other processes. Their arguments are a directory, the backend
// ("files" or "git"), the session and what the worker needs: for "die" first the
// point and which occurrence of it, for "random" within which time to die.
func work(name string, args []string) error {
	dir, backend, by, args := args[0], args[1], args[2], args[3:]
	opts := Options{ThroughGit: backend == "git", Timeout: time.Minute}
	switch name {
	case "die":
		opts.Failpoint = refstoretest.DieAt(args[0], args[1])
		args = args[2:]
	case "random":
		refstoretest.DieWithin(args[0])
		args = args[1:]
	}
	s, err := openDir(dir, opts)
	if err != nil {
		return err
	}
	if name == "count" {
		return workCount(s, by, args)
	}
	return workAppend(s, by, args)
}

// start starts a worker in the repository.
func (r *gitRepo) start(name, backend, by string, args ...string) *refstoretest.Worker {
	r.Helper()
	return refstoretest.Start(r, name, append([]string{r.Dir, backend, by}, args...)...)
}

// workAppend: a number of transactions, and the refs that each appends to.
func workAppend(s *Store, by string, args []string) error {
	n, err := strconv.Atoi(args[0])
	for i := 0; i < n && err == nil; i++ {
		body := fmt.Sprintf("%s-%d", by, i)
		start := time.Now()
		if err = appendAll(s, by, body, args[1:]...); err == nil {
			refstoretest.Acknowledge(body, start)
		}
	}
	return err
}

// workCount increments a number in a table, and acknowledges what it became.
func workCount(s *Store, by string, args []string) error {
	n, err := strconv.Atoi(args[0])
	for i := 0; i < n && err == nil; i++ {
		value, start := 0, time.Now()
		err = s.Update(bg, by, func(tx *Tx) error {
			value, err = increment(tx, args[1], fmt.Sprintf("by/%s/%d", by, i))
			return err
		})
		if err == nil {
			refstoretest.Acknowledge(value, start)
		}
	}
	return err
}

func increment(tx *Tx, ref, path string) (int, error) {
	table, err := tx.Table(ref)
	if err != nil {
		return 0, err
	}
	value := 0
	if content, err := table.Get("count"); err == nil {
		if value, err = strconv.Atoi(string(content)); err != nil {
			return 0, err
		}
	}
	value++
	for path, content := range map[string]string{"count": strconv.Itoa(value), path: strconv.Itoa(value)} {
		if err := table.Put(path, []byte(content)); err != nil {
			return 0, err
		}
	}
	_, err = tx.Record(ref, Entry{Body: strconv.Itoa(value)})
	return value, err
}
