package pool

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Record is what a session of the pool is for, and how far that is.
type Record struct {
	Task     int           `json:"task"`
	Epoch    int           `json:"epoch"` // of the task's grant
	Session  string        `json:"session"`
	Branch   string        `json:"branch"`
	Base     string        `json:"base"`    // the commit at which the branch begins
	Agent    string        `json:"agent"`   // as launch has it, "" with Command
	Command  string        `json:"command"` // a shell command in place of an agent
	Trust    bool          `json:"trust"`
	Allow    []string      `json:"allow"`
	Commands []string      `json:"commands,omitempty"`
	Timeout  time.Duration `json:"timeout"` // of one client, in nanoseconds

	Begun   time.Time `json:"begun"`
	Started time.Time `json:"started"` // the last client
	Try     int       `json:"try"`     // the number of that client, without those that a usage limit or a question ended
	Why     string    `json:"why"`     // how the last client failed, "" for the first
	Asked   string    `json:"asked"`   // what the session waits to be told
	AskedAt time.Time `json:"askedAt"`
	Answer  string    `json:"answer"` // what it is told
	Until   time.Time `json:"until"`  // a usage limit ends; zero for none
	Limit   bool      `json:"limit"`  // the last client was ended by a usage limit
}

// Exit is how a worker's client has ended.
type Exit struct {
	At       time.Time `json:"at"`
	Code     int       `json:"code"`
	Signal   string    `json:"signal,omitempty"`   // that ended it
	Timeout  bool      `json:"timeout,omitempty"`  // it had no more time
	Stopped  bool      `json:"stopped,omitempty"`  // the worker was told to end it
	Error    string    `json:"error,omitempty"`    // why there was none
	NoClient bool      `json:"noClient,omitempty"` // the program is not there
}

// The files of a session's folder, beside those that package agents names.
const (
	recordFile = "record.json"
	pidFile    = "pid"
	clientFile = "client"
	promptFile = "prompt.md"
	exitFile   = "exit.json"
)

// folder is a session's.
type folder string

func folderOf(r *repo.Repo, session string) folder {
	return folder(filepath.Join(agents.PoolDir(r), session))
}

func (f folder) path(name string) string { return filepath.Join(string(f), name) }

// own locks the folder for this supervisor. [file.ErrLocked] says that another looks
// after it, or that it is gone.
func (f folder) own() (*os.File, error) {
	lock, err := os.OpenFile(f.path(agents.PoolOwner), os.O_RDWR|os.O_CREATE, 0o666)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, file.ErrLocked
	}
	if err != nil {
		return nil, err
	}
	err = file.TryLock(lock)
	if err == nil && !same(lock, f.path(agents.PoolOwner)) {
		err = file.ErrLocked // the folder was removed meanwhile
	}
	if err != nil {
		_ = lock.Close()
		return nil, err
	}
	return lock, nil
}

func same(f *os.File, path string) bool {
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(mine, there)
}

func (f folder) load() (*Record, error) {
	var r Record
	if err := f.read(recordFile, &r); err != nil {
		return nil, err
	}
	if r.Task < 1 || r.Session != filepath.Base(string(f)) {
		return nil, fmt.Errorf("%s is no record of that session", f.path(recordFile))
	}
	return &r, nil
}

func (f folder) save(r *Record) error { return f.write(recordFile, r) }

func (f folder) read(name string, into any) error {
	content, err := os.ReadFile(f.path(name))
	if err != nil {
		return err
	}
	return json.Unmarshal(content, into)
}

func (f folder) write(name string, value any) error {
	content, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return file.Replace(f.path(name), append(content, '\n'), 0o666)
}

// remove takes files out of the folder.
func (f folder) remove(names ...string) error {
	for _, name := range names {
		if err := os.Remove(f.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// process is a process by its pid, and its mark, which no later one has.
type process struct {
	pid  int
	mark string
}

// note writes down a process.
func (f folder) note(name string, pid int) error {
	return file.Replace(f.path(name), []byte(strconv.Itoa(pid)+" "+file.ProcessMark(pid)+"\n"), 0o666)
}

// noted is the process that was written down; ok is false for none.
func (f folder) noted(name string) (p process, ok bool) {
	content, err := os.ReadFile(f.path(name))
	if err != nil {
		return p, false
	}
	pid, mark, _ := strings.Cut(strings.TrimSpace(string(content)), " ")
	p.mark = mark
	p.pid, err = strconv.Atoi(pid)
	return p, err == nil && p.pid > 0
}

func (p process) there() bool { return file.ProcessThere(p.pid, p.mark) }

// LogPath is where what the clients of a task say is kept.
func LogPath(r *repo.Repo, n int) string {
	return filepath.Join(agents.PoolDir(r), strconv.Itoa(n)+".log")
}
