package repo_test

import (
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// sources are config files of every shape. Some are refused by git.
var sources = []string{
	"",
	"\n\n  \t\n",
	"[a]\nb = c\n",
	"[a]\nb=c",
	"[a] b = c\n",
	"[a]b=c\nd=e\n",
	"[A]\nBcD = EfG\n",
	"[a]\nb\nc =\nd = \ne=\"\"\n",
	"[a]\nb # c\n",
	"[a]\nb; c\n",
	"[a]\nb ; c\nd = e\n",
	"[a \"S u.b\"]\nkey = v\n",
	"[a \"x\\\"y\\\\z\\q\"]\nkey = v\n",
	"[a \"\"]\nkey = v\n",
	"[a   \t \"s\"]\nkey = v\n",
	"[a \"s\" ]\nkey = v\n",
	"[a \"s]\nkey = v\n",
	"[a \"s\n\"]\nkey = v\n",
	"[a\n\"s\"]\nkey = v\n",
	"[a.B.c]\nkey = v\n",
	"[.a]\nkey = v\n",
	"[]\nkey = v\n",
	"[a-1]\nk-2 = v\n",
	"[1a]\nk = v\n",
	"[a_b]\nk = v\n",
	"[a]\n1k = v\n",
	"[a]\nk_x = v\n",
	"[a]\nk\u00e4 = v\n",
	"[a]\nk = \u00e4\u00f6 \xff\xfe\n",
	"key = v\n",
	"[a]\nk = one   two  \n",
	"[a]\nk = one\ttwo\n",
	"[a]\nk = \"one\ttwo\"\n",
	"[a]\nk = one \t # two\n",
	"[a]\nk = one#two\n",
	"[a]\nk = one;two\n",
	"[a]\nk = \"one#two;\" ; three\n",
	"[a]\nk = \"  one  \"\n",
	"[a]\nk = x\"  one  \"y\n",
	"[a]\nk = \"one\n",
	"[a]\nk = \"one\\\n two\"\n",
	"[a]\nk = one \\\n  two\\\nthree\n",
	"[a]\nk = one \\\n\nj = x\n",
	"[a]\nk = one\\",
	"[a]\nk = one \\\n   ",
	"[a]\nk = \\t\\n\\b\\\\\\\"x\n",
	"[a]\nk = \\x\n",
	"[a]\nk = \\\n",
	"[a]\nk = \\",
	"[a]\nk = a\\\\\n",
	"[a]\nk : v\n",
	"[a]\nk  v\n",
	"[a]\n= v\n",
	"[a]\nk = = v = \n",
	"[a]\r\nk = v\r\n[b]\r\nl\r\n",
	"[a]\r\nk = one \\\r\n two\r\n",
	"[a]\nk = v\r",
	"[a]\nk = v\rw\n",
	"[a]\rk = v\n",
	"[a]\nk = \"v\r\"\n",
	"[a]\nk\r\n",
	"[a]\nk \r\n",
	"[a]\nk = v\v\f\n",
	"\v[a]\nk = v\n",
	"\xef\xbb\xbf[a]\nk = v\n",
	"\xef\xbb[a]\nk = v\n",
	"\xef\xbb\xbf\xef\xbb\xbf[a]\nk = v\n",
	"\xef\xbb\xbf",
	"# only a comment",
	"; only a comment\n[a]\nk=1\n[b]\nk=2\n[a]\nk=3\n",
	"[a]\nk = v\n\x00\n",
	"[a]\nk = v\x00w\n",
	"[a",
	"[a ",
	"[a \"",
	"[a \"b\"",
	"[a \"b\\",
	"[a]]\n",
	"[a][b]k=v\n",
	"[a] # c\nk = v\n",
	"[a] ; [b]\nk = v\n",
	"]\n",
	"[user]\n\tname = \"A \\\"B\\\" C\"   # who\n[alias]\n\tx = \"!f() { echo \\\"$1\\\"; }; f\"\n",
}

// TestScanAsGit: a file is read as git config --list reads it, or not at all.
func TestScanAsGit(t *testing.T) {
	p := newPlace(t)
	for _, source := range sources {
		p.checkScan(source)
	}
}

func (p *place) checkScan(source string) {
	p.t.Helper()
	p.write("config", source)
	want, err := p.try("", "config", "--no-includes", "--file", "config", "--list", "-z")
	got, sure := repo.ScanKeys([]byte(source))
	switch {
	case sure && err != nil:
		p.t.Errorf("%q: git refuses it, we read %q", source, got)
	case sure && got != want:
		p.t.Errorf("%q: git reads %q, we %q", source, want, got)
	case !sure && err == nil && !strings.ContainsAny(source, "\t\r\x00") && strings.Contains(source, "["):
		p.t.Errorf("%q: git reads %q, we are not sure", source, want)
	}
}

// FuzzScanAsGit holds the scanner to git on whatever comes.
func FuzzScanAsGit(f *testing.F) {
	for _, source := range sources {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		got, sure := repo.ScanKeys([]byte(source))
		if !sure {
			return
		}
		p := newPlace(t)
		p.write("config", source)
		want, err := p.try("", "config", "--no-includes", "--file", "config", "--list", "-z")
		if err != nil || got != want {
			t.Errorf("%q: git reads %q (%v), we %q", source, want, err, got)
		}
	})
}

// TestConfigAsGit: the whole configuration is what git config --list prints, in
// every arrangement of files and variables.
func TestConfigAsGit(t *testing.T) {
	for name, arrange := range map[string]func(p *place){
		"plain":        func(*place) {},
		"no home":      func(p *place) { p.env = p.env.Without("HOME") },
		"XDG":          func(p *place) { p.write("xdg/git/config", "[x]\ny = 1\n"); env(p, "XDG_CONFIG_HOME="+p.path("xdg")) },
		"XDG empty":    func(p *place) { p.write("home/.config/git/config", "[x]\ny = 1\n"); env(p, "XDG_CONFIG_HOME=") },
		".config":      func(p *place) { p.write("home/.config/git/config", "[user]\nname = X\n") },
		"global":       func(p *place) { p.write("other", "[x]\ny = 1\n"); env(p, "GIT_CONFIG_GLOBAL="+p.path("other")) },
		"global empty": func(p *place) { env(p, "GIT_CONFIG_GLOBAL=") },
		"global null":  func(p *place) { env(p, "GIT_CONFIG_GLOBAL=/dev/null") },
		"system": func(p *place) {
			p.write("sys", "[x]\ny = 1\n")
			env(p, "GIT_CONFIG_SYSTEM="+p.path("sys"), "GIT_CONFIG_NOSYSTEM=0")
		},
		"system off":   func(p *place) { p.write("sys", "[x]\ny = 1\n"); env(p, "GIT_CONFIG_SYSTEM="+p.path("sys")) },
		"system's own": func(p *place) { env(p, "GIT_CONFIG_NOSYSTEM=") },
		"other git": func(p *place) {
			symlink(p, "/usr/bin/git", "git")
			env(p, "PATH="+p.dir+":"+os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=no")
		},
		"GIT_CONFIG": func(p *place) {
			p.write("other", "[x]\ny = 1\n")
			env(p, "GIT_CONFIG="+p.path("other"), "GIT_CONFIG_PARAMETERS='a.b'='c'")
		},
		"parameters": func(p *place) { env(p, "GIT_CONFIG_PARAMETERS='swarm.hub=x'") },
		"count":      func(p *place) { env(p, "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=Swarm.Hub", "GIT_CONFIG_VALUE_0=y") },
		"include": func(p *place) {
			p.local("[a]\nb=1\n[include]\npath = more\n[a]\nb=3\n")
			p.write("r/.git/more", "[a]\nb=2\n")
		},
		"include ~": func(p *place) {
			p.local("[include]\npath = ~/more\n")
			p.write("home/more", "[a]\nb=2\n[include]\npath=sub/x\n")
			p.write("home/sub/x", "[a]\nb=4\n")
		},
		"include gone":  func(p *place) { p.local("[include]\npath = /no/such\n[a]\nb=1\n") },
		"include user":  func(p *place) { p.local("[include]\npath = ~root/no-such\n[a]\nb=1\n") },
		"include empty": func(p *place) { p.local("[include]\npath =\n[a]\nb=1\n") },
		"include bare":  func(p *place) { p.local("[include]\npath\n[a]\nb=1\n") },
		"include loop":  func(p *place) { p.local("[include]\npath = config\n") },
		"include deep": func(p *place) {
			p.local("[include]\npath = 1\n")
			for _, n := range "123456789" {
				p.write("r/.git/"+string(n), "[a]\nb="+string(n)+"\n[include]\npath = "+string(n+1)+"\n")
			}
		},
		"includeIf": func(p *place) {
			p.local("[includeIf \"gitdir:" + p.path("r") + "/\"]\npath = more\n")
			p.write("r/.git/more", "[a]\nb=2\n")
		},
		"includeIf, onbranch": func(p *place) {
			p.local("[includeIf \"onbranch:main\"]\npath = more\n")
			p.write("r/.git/more", "[a]\nb=2\n")
		},
		"user's broken":   func(p *place) { p.write("home/.gitconfig", "[a\n") },
		"user's a folder": func(p *place) { os.Remove(p.path("home/.gitconfig")); p.mkdir("home/.gitconfig") },
		"tab in a value":  func(p *place) { p.local("[a]\nb = 1\t2\n") },
		"worktreeConfig": func(p *place) {
			p.git("r", "config", "extensions.worktreeConfig", "true")
			p.write("r/.git/config.worktree", "[a]\nb=w\n")
		},
		"worktreeConfig off": func(p *place) { p.write("r/.git/config.worktree", "[a]\nb=w\n") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			p.repo("r")
			p.local("[swarm]\nhub = origin\n")
			arrange(p)
			want, refusal := p.without("GIT_CONFIG").try("r", "config", "--list", "-z")
			var got string
			r, err := repo.Discover(p.env, p.path("r"))
			if err == nil {
				var c *repo.Config
				if c, err = r.Config(); err == nil {
					got = c.Printed()
				}
			}
			if (err != nil) != (refusal != nil) || err == nil && got != want {
				t.Errorf("git reads %q (%v), we %q (%v)", want, refusal, got, err)
			}
		})
	}
}

// local adds to the configuration of the repository r.
func (p *place) local(text string) {
	old, err := os.ReadFile(p.path("r/.git/config"))
	if err != nil {
		p.t.Fatal(err)
	}
	p.write("r/.git/config", string(old)+text)
}

func (p *place) without(key string) *place {
	return &place{p.t, p.dir, p.env.Without(key)}
}

func (p *place) config(local string) *repo.Config {
	p.t.Helper()
	p.repo("r")
	p.local(local)
	c, err := p.discover("r").Config()
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

// TestConfigValues: booleans and integers are what git config --type says, and
// what git refuses is a ValueError. What only some versions of git take is refused:
// the least integer, a unit alone (until 2.38), and binary digits (0b1), with a C
// library of C23.
func TestConfigValues(t *testing.T) {
	p := newPlace(t)
	p.repo("r")
	for _, value := range []string{
		"true", "YES", "On", "false", "No", "off", "", "0", "1", "-1", "2k", "0x10", "010", "09", "08", "1kb", "1 k",
		" 7", "+7", "--7", "-0x10", "10K", "3M", "2G", "9999999999", "99999999999999999999", "9223372036854775807",
		"-9223372036854775807", "8388608t", "9007199254740993k", "0o7", "1_000", "0x", "-", "0xg", "1e3", "1.5",
	} {
		p.write("home/.gitconfig", "[t]\nv = \""+value+"\"\n")
		c, err := p.discover("r").Config()
		if err != nil {
			t.Fatal(err)
		}
		b, err := c.Bool("T.V", false)
		p.checkValue(value, "bool", map[bool]string{true: "true", false: "false"}[b], err)
		n, err := c.Int("t.v", 0)
		p.checkValue(value, "int", strconv.FormatInt(n, 10), err)
	}
	for _, value := range []string{"0b1", "-9223372036854775808", "k"} {
		p.write("home/.gitconfig", "[t]\nv = "+value+"\n")
		c, err := p.discover("r").Config()
		if err != nil {
			t.Fatal(err)
		}
		if n, err := c.Int("t.v", 0); err == nil {
			t.Errorf("%s is %d", value, n)
		}
	}
}

func (p *place) checkValue(value, kind, got string, err error) {
	p.t.Helper()
	out, refusal := p.try("r", "config", "--type="+kind, "t.v")
	if want := strings.TrimSpace(out); (err != nil) != (refusal != nil) || err == nil && got != want {
		p.t.Errorf("%q as %s: git says %q (%v), we %q (%v)", value, kind, want, refusal, got, err)
	}
}

// TestConfigAccess: the last value counts, names compare as git's, absent keys
// give the fallback, and errors name key and value.
func TestConfigAccess(t *testing.T) {
	p := newPlace(t)
	c := p.config("[swarm]\nhub = a\nhub = b\nflag\nwait = 15m\nsecs = 90\nk = 1k\nbad = soon\nneg = -5\nhuge = 10000000000\n[branch \"X.y\"]\nremote = o\n")
	if v, ok := c.Get("SWARM.Hub"); v != "b" || !ok {
		t.Errorf("hub is %q, %v", v, ok)
	}
	if v := c.All("swarm.hub"); !reflect.DeepEqual(v, []string{"a", "b"}) {
		t.Errorf("hubs are %q", v)
	}
	if keys := c.Keys("branch"); keys != nil {
		t.Errorf("keys of subsections count: %q", keys)
	}
	if keys := c.Keys("swarm"); len(keys) < 3 || keys[0] != "swarm.hub" || slices.Index(keys[1:], "swarm.hub") >= 0 {
		t.Errorf("keys are %q", keys)
	}
	if v, ok := c.Get("Branch.X.y.REMOTE"); v != "o" || !ok {
		t.Errorf("remote is %q, %v", v, ok)
	}
	if v, ok := c.Get("branch.x.y.remote"); ok {
		t.Errorf("a subsection lost its case: %q", v)
	}
	if v, ok := c.Get("swarm.none"); v != "" || ok {
		t.Errorf("none is %q, %v", v, ok)
	}
	if v, err := c.Bool("swarm.flag", false); !v || err != nil {
		t.Errorf("flag is %v, %v", v, err)
	}
	for key, want := range map[string]time.Duration{
		"swarm.wait": 15 * time.Minute, "swarm.secs": 90 * time.Second, "swarm.none": time.Hour,
	} {
		if d, err := c.Duration(key, time.Hour); d != want || err != nil {
			t.Errorf("%s is %v, %v", key, d, err)
		}
	}
	for _, key := range []string{"swarm.bad", "swarm.neg", "swarm.huge", "swarm.flag", "swarm.k"} {
		d, err := c.Duration(key, time.Hour)
		if d != time.Hour || err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s is %v, %v", key, d, err)
		}
	}
	if _, err := c.Int("swarm.bad", 3); err == nil || err.Error() != `bad integer value "soon" for "swarm.bad"` {
		t.Errorf("error is %v", err)
	}
}
