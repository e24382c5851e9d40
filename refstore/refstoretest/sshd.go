package refstoretest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// SSHD starts OpenSSH's server on the loopback, with keys made for the test, and returns
// where it listens, as "user@127.0.0.1:port", and the file of options (ssh -F) with which
// ssh reaches it. It goes with the test, which is skipped where there is no sshd.
func SSHD(t testing.TB) (host, options string) {
	t.Helper()
	s := newSSHD(t)
	options = s.key("user")
	s.start()
	return s.host, options
}

// sshd is a server that is set up in dir.
type sshd struct {
	testing.TB
	program, dir string
	host         string // who logs in, and where
	port         int
	authorized   []byte // the keys that may log in
}

// newSSHD has a key for the server, and none yet for who logs in.
func newSSHD(t testing.TB) *sshd {
	t.Helper()
	program, err := exec.LookPath("/usr/sbin/sshd")
	if err != nil {
		t.Skip("there is no sshd: apt-get install openssh-server")
	}
	if os.Getuid() == 0 { // where no service was ever started it is not there
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Skip(err)
		}
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	port := FreePort(t)
	s := &sshd{TB: t, program: program, dir: t.TempDir(), port: port, host: fmt.Sprintf("%s@127.0.0.1:%d", me.Username, port)}
	s.write("known", fmt.Sprintf("[127.0.0.1]:%d %s", port, s.generate("host")))
	return s
}

func (s *sshd) in(name string) string { return filepath.Join(s.dir, name) }

func (s *sshd) write(name, content string) {
	s.Helper()
	if err := os.WriteFile(s.in(name), []byte(content), 0o600); err != nil {
		s.Fatal(err)
	}
}

// generate makes a key, and returns its public half.
func (s *sshd) generate(name string) string {
	s.Helper()
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", s.in(name)).CombinedOutput(); err != nil {
		s.Fatalf("ssh-keygen: %v\n%s", err, out)
	}
	public, err := os.ReadFile(s.in(name + ".pub"))
	if err != nil {
		s.Fatal(err)
	}
	return string(public)
}

// key makes a key with which one may log in, limited by what sshd(8) calls options of a
// key, and returns the file of ssh's options that uses it.
func (s *sshd) key(name string, limits ...string) (options string) {
	s.Helper()
	public := s.generate(name)
	if len(limits) > 0 {
		public = strings.Join(limits, ",") + " " + public
	}
	s.authorized = append(s.authorized, public...)
	s.write(name+".config", fmt.Sprintf(`Host *
IdentityFile %s
IdentitiesOnly yes
UserKnownHostsFile %s
StrictHostKeyChecking yes
`, s.in(name), s.in("known")))
	return s.in(name + ".config")
}

// start lets in who has a key.
func (s *sshd) start() {
	s.Helper()
	s.write("authorized_keys", string(s.authorized))
	s.write("sshd_config", fmt.Sprintf(`ListenAddress 127.0.0.1:%d
HostKey %s
AuthorizedKeysFile %s
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
LogLevel VERBOSE
MaxStartups 100
`, s.port, s.in("host"), s.in("authorized_keys")))
	said, err := os.Create(s.in("log"))
	if err != nil {
		s.Fatal(err)
	}
	defer said.Close()
	cmd := exec.Command(s.program, "-D", "-e", "-f", s.in("sshd_config"))
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	address := fmt.Sprintf("127.0.0.1:%d", s.port)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			return
		}
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(s.in("log"))
			s.Fatalf("sshd does not listen: %s", log)
		}
	}
}

// SSHLogins is how often somebody has logged in at the server of [SSHD].
func SSHLogins(t testing.TB, options string) int {
	t.Helper()
	log, err := os.ReadFile(filepath.Join(filepath.Dir(options), "log"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(log), "Accepted publickey")
}
