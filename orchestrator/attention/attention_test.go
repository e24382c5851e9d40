package attention

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// TestNoticeEnds: of a killed agent with unlanded work the orchestrator hears once,
// however many notice, and swarm.notify is run once.
func TestNoticeEnds(t *testing.T) {
	w := refstoretest.NewRepo(t, "-b", "main")
	w.Git("config", "user.name", "T")
	w.Git("config", "user.email", "t@example.com")
	w.Git("commit", "-q", "--allow-empty", "-m", "start")
	w.Git("config", "swarm.target", "main")
	told := filepath.Join(t.TempDir(), "told")
	w.Git("config", "swarm.notify", "cat >>'"+told+"'; echo >>'"+told+".runs'")
	r, err := repo.Discover(os.Environ(), w.Dir)
	w.Must(err)
	b := bus.New(refstore.Open(r, refstore.Options{}))
	t.Cleanup(func() { _ = b.Store().Close() })
	_, err = b.Register(t.Context(), []bus.Registration{{ID: "A", Workstream: "front"}, {ID: "B", Workstream: "back"}})
	w.Must(err)
	w.Git("branch", "feat/back")
	w.Git("checkout", "-q", "-b", "feat/front")
	w.Git("commit", "-q", "--allow-empty", "-m", "x")
	w.Must(os.WriteFile(filepath.Join(w.Dir, "a"), []byte("a\n"), 0o666))
	w.Git("add", "a")
	w.Git("commit", "-q", "-m", "a")
	killed := func() (int, string) {
		cmd := exec.Command("sleep", "60")
		w.Must(cmd.Start())
		pid, mark := cmd.Process.Pid, file.ProcessMark(cmd.Process.Pid)
		w.Must(cmd.Process.Kill())
		_ = cmd.Wait()
		return pid, mark
	}
	dir := filepath.Join(r.CommonDir, "swarm", "agents")
	w.Must(os.MkdirAll(dir, 0o777))
	for _, id := range []string{"A", "B", bus.Orchestrator} {
		pid, mark := killed()
		record := fmt.Sprintf(`{"session":%q,"pid":%d,"process":%q}`, id, pid, mark)
		w.Must(os.WriteFile(filepath.Join(dir, "agent-"+id+".json"), []byte(record), 0o666))
	}
	teller := func() *Teller { return &Teller{Repo: r, Bus: b, Env: os.Environ(), Now: time.Now} }
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := teller().NoticeEnds(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	messages, err := b.Inbox(t.Context(), bus.Orchestrator, false)
	if err != nil || len(messages) != 1 || messages[0].Body != "A has ended with unlanded work" {
		t.Errorf("the orchestrator heard %+v (%v)", messages, err)
	}
	var line []byte
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end) && len(line) == 0; time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(told + ".runs"); err == nil {
			line, _ = os.ReadFile(told)
		}
	}
	var event struct{ Kind, Event, Session, Repository string }
	if err := json.Unmarshal(line, &event); err != nil || event.Kind != "notify" || event.Event != Ended || event.Session != "A" || event.Repository != r.CommonDir {
		t.Errorf("swarm.notify got %q (%v)", line, err)
	}
	if sign := agents.In(r).Signs()["A"]; !sign.Over || strings.Count(string(line), "\n") != 1 {
		t.Errorf("%+v, %q", sign, line)
	}
}
