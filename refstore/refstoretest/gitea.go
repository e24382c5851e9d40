package refstoretest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"testing"
	"time"
)

// GiteaServer is Gitea, a forge, on the loopback.
type GiteaServer struct {
	testing.TB
	program, dir, address string
	environment           []string
}

// giteaConfig is for a server that nobody but a test asks anything.
const giteaConfig = `RUN_USER = %[1]s
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
WORK_PATH = %[2]s
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = %[3]d
ROOT_URL = http://127.0.0.1:%[3]d/
APP_DATA_PATH = %[2]s/data
DISABLE_SSH = true
OFFLINE_MODE = true
[database]
DB_TYPE = sqlite3
[repository]
ROOT = %[2]s/repositories
[security]
INSTALL_LOCK = true
[log]
MODE = console
LEVEL = Warn
[webhook]
ALLOWED_HOST_LIST = loopback
[cron]
ENABLED = false
`

// Gitea starts Gitea in a folder of the test's, with these users. It goes with the test,
// which is skipped where there is no program "gitea" that has its templates: one that was
// released, or one built from its Go module, code.gitea.io/gitea@v1.26.0, in a copy of it,
// with -tags 'sqlite sqlite_unlock_notify' and -ldflags
// '-X code.gitea.io/gitea/modules/setting.StaticRootPath=…' for where the copy stays.
func Gitea(t testing.TB, users ...string) *GiteaServer {
	t.Helper()
	program, err := exec.LookPath("gitea")
	if err != nil {
		t.Skip("there is no gitea on PATH")
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	port := FreePort(t)
	g := &GiteaServer{TB: t, program: program, dir: t.TempDir(), address: fmt.Sprintf("127.0.0.1:%d", port)}
	g.environment = append(os.Environ(), "HOME="+g.dir, "GITEA_WORK_DIR="+g.dir)
	if err := os.WriteFile(g.config(), fmt.Appendf(nil, giteaConfig, me.Username, g.dir, port), 0o600); err != nil {
		t.Fatal(err)
	}
	g.start()
	for _, name := range users {
		out, err := g.command("admin", "user", "create", "--username", name, "--password", g.password(name), "--email", name+"@example.com", "--must-change-password=false").CombinedOutput()
		if err != nil {
			t.Fatalf("gitea has no user %s: %v\n%s", name, err, out)
		}
	}
	return g
}

func (g *GiteaServer) config() string              { return filepath.Join(g.dir, "app.ini") }
func (g *GiteaServer) password(user string) string { return "the test's " + user }

func (g *GiteaServer) command(args ...string) *exec.Cmd {
	cmd := exec.Command(g.program, append([]string{"--config", g.config()}, args...)...)
	cmd.Env = g.environment
	return cmd
}

// start serves until the test ends.
func (g *GiteaServer) start() {
	g.Helper()
	said, err := os.Create(filepath.Join(g.dir, "log"))
	if err != nil {
		g.Fatal(err)
	}
	defer said.Close()
	cmd := g.command("web")
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		g.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	g.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
	})
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		answer, err := http.Get("http://" + g.address + "/api/v1/version")
		if err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case err := <-ended:
			ended <- err
			log, _ := os.ReadFile(said.Name())
			g.Fatalf("gitea ends with %v: %s", err, log)
		default:
		}
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(said.Name())
			g.Fatalf("gitea does not answer: %s", log)
		}
	}
}

// URL is where that user finds a repository of owner's; "" for somebody who has not logged in.
func (g *GiteaServer) URL(user, owner, name string) string {
	who := ""
	if user != "" {
		who = url.UserPassword(user, g.password(user)).String() + "@"
	}
	return fmt.Sprintf("http://%s%s/%s/%s.git", who, g.address, owner, name)
}

// Repository makes one of that user's, with no commit, and returns its folder.
func (g *GiteaServer) Repository(owner, name string) (dir string) {
	g.Helper()
	g.Do(owner, "POST", "user/repos", map[string]any{"name": name, "default_branch": "main"})
	return filepath.Join(g.dir, "repositories", owner, name+".git")
}

// Do asks the server, as that user, for something that its interface for programs
// (/api/v1/) has.
func (g *GiteaServer) Do(user, method, path string, what map[string]any) {
	g.Helper()
	content, err := json.Marshal(what)
	if err != nil {
		g.Fatal(err)
	}
	ask, err := http.NewRequest(method, "http://"+g.address+"/api/v1/"+path, bytes.NewReader(content))
	if err != nil {
		g.Fatal(err)
	}
	ask.Header.Set("Content-Type", "application/json")
	ask.SetBasicAuth(user, g.password(user))
	answer, err := http.DefaultClient.Do(ask)
	if err != nil {
		g.Fatal(err)
	}
	defer answer.Body.Close()
	if said, _ := io.ReadAll(answer.Body); answer.StatusCode >= 300 {
		g.Fatalf("%s %s: %s: %s", method, path, answer.Status, said)
	}
}
