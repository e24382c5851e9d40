package install_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// TestTrustHiddenConfig: where GIT_CONFIG_GLOBAL is a device, as is usual with /dev/null,
// git would put a file in its place. It stays, and the caller is told.
func TestTrustHiddenConfig(t *testing.T) {
	r, _ := driven(t)
	null := os.DevNull // which only root could replace
	if os.Geteuid() == 0 {
		null = filepath.Join(t.TempDir(), "null")
		if err := syscall.Mknod(null, syscall.S_IFCHR|0o666, 1<<8|3); err != nil {
			t.Skipf("no device can be made here: %v", err)
		}
	}
	inner := filepath.Join(r.WorkTree, "inner")
	if _, err := repo.Output(r.Git(t.Context(), "init", "-q", inner)); err != nil {
		t.Fatal(err)
	}
	nested, err := repo.Discover(append(os.Environ(), "GIT_CONFIG_GLOBAL="+null), inner)
	if err != nil {
		t.Fatal(err)
	}
	if added, err := install.TrustNested(t.Context(), nested); added || !errors.Is(err, install.ErrHiddenConfig) {
		t.Errorf("%v, %v", added, err)
	}
	if info, err := os.Stat(null); err != nil || info.Mode().IsRegular() {
		t.Errorf("%s is %v, %v", null, info, err)
	}
}
