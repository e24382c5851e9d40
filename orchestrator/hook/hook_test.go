package hook

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/refstoretest"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

func TestPushesIn(t *testing.T) {
	push := func(remote string, specs ...string) rawPush { return rawPush{dir: "/r", remote: remote, specs: specs} }
	for text, want := range map[string][]rawPush{
		"git push":                                  {push("")},
		"git push origin main":                      {push("origin", "main")},
		"git -C sub -c x=y push -f o +a:b":          {{dir: "/r/sub", remote: "o", specs: []string{"+a:b"}}},
		"cd /x && A=1 git push --force-with-lease":  {{dir: "/x"}},
		"cd ..; git push -o ci.skip o 'ma'\"in\"":   {{dir: "/", remote: "o", specs: []string{"main"}}},
		"/usr/bin/git push --mirror | tee log":      {{dir: "/r", all: true}},
		"git push --tags; git push \\\n origin x":   {{dir: "/r", tags: true}, push("origin", "x")},
		"(cd sub; git push origin x); git push":     {{dir: "/r/sub", remote: "origin", specs: []string{"x"}}, push("")},
		"git push --repo=x --push-option=y o a b\\": {push("o", "a", "b\\")},
		"git push --repo x":                         {push("x")},

		// Where agents put it.
		"git push origin 2>&1 | tail -5":                               {push("origin")},
		"git push > /dev/null 2>&1":                                    {push("")},
		"git push origin &> log":                                       {push("origin")},
		"timeout 60 git push":                                          {push("")},
		"sudo -u bob timeout -k 5 60 git push":                         {push("")},
		"env A=1 nice -n 5 nohup command git push &":                   {push("")},
		"! time git push":                                              {push("")},
		"if git push; then echo ok; fi":                                {push("")},
		"for i in 1 2 3; do git push && break; sleep 1; done":          {push("")},
		"until git push; do sleep 1; done":                             {push("")},
		"{ git push; }":                                                {push("")},
		"bash -lc \"cd sub && git push\"; git push":                    {{dir: "/r/sub"}, push("")},
		"sh -c 'bash -c \"git push\"'":                                 {push("")},
		"eval git push":                                                {push("")},
		"`git push`":                                                   {push("")},
		"echo \"$(git push origin x)\"":                                {push("origin", "x")},
		"git push origin $(git branch --show-current)":                 {push("origin", "HEAD")},
		"git push \"$REMOTE\" \"$B\"":                                  {push("", "HEAD")},
		"git push origin 'refs/heads/*:refs/heads/*'":                  {push("origin", "refs/heads/*:refs/heads/*")},
		"git checkout -b feat/z && git push -u origin HEAD":            {{dir: "/r", branch: "feat/z", made: true, remote: "origin", specs: []string{"HEAD"}}},
		"git switch main; git push":                                    {{dir: "/r", branch: "main"}},
		"git checkout main -- file; git checkout a b; git push":        {push("")},
		"git commit -F - <<EOF && git push\nmessage\nEOF":              {push("")},
		"git commit -m \"$(cat <<'EOF'\nDo not git push\nEOF\n)\"; ls": nil,
		"cat > NOTES <<'EOF'\ngit push\nEOF":                           nil,
		"ls # then; git push":                                          nil,
		"git push --help":                                              nil,
		"git push -h":                                                  nil,
		"git push --dry-run o main":                                    nil,
		"git stash push":                                               nil,
		"git commit -m 'git push origin main'":                         nil,
		"echo git push origin main":                                    nil,
		"exec echo git push":                                           nil,
		"grep -r \"git push\" .":                                       nil,
		"git":                                                          nil,
		"env":                                                          nil,
		"":                                                             nil,
		"git push 'unclosed":                                           nil,
		strings.Repeat("bash -c '", 9) + "git push" + strings.Repeat("'", 9): nil,
	} {
		got := pushesIn(text, "/r")
		if len(got) != len(want) {
			t.Errorf("%q: %+v, not %+v", text, got, want)
			continue
		}
		for i, g := range got {
			if len(g.specs) == 0 {
				g.specs = nil
			}
			if !reflect.DeepEqual(g, want[i]) {
				t.Errorf("%q: %+v, not %+v", text, g, want[i])
			}
		}
	}
}

// TestReaches: which branch a push moves.
func TestReaches(t *testing.T) {
	git := refstoretest.NewRepo(t, "-b", "main")
	git.Git("remote", "add", "origin", "https://example.com/x.git")
	git.Git("-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "-q", "--allow-empty", "-m", "start")
	r, err := repo.Discover(os.Environ(), git.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		"git push": true, "git push origin": true, "git push origin HEAD": true, "git push https://example.com/x.git main": true,
		"git push origin heads/main": true, "git push origin HEAD:heads/main": true, "git push origin x:refs/heads/main": true, "git push origin :": true,
		"git push origin 'refs/heads/*:refs/heads/*'": true, "git push origin +x:main": true, "git push --all": true, "git push origin $B": true,
		"git push fork main": false, "git push https://other/x.git main": false, "git push origin feat": false, "git push --tags": false,
		"git checkout a.txt && git push": true, "git checkout . && git push": true, "git switch -c x | cat; git push": true, "git switch -c x & git push": true,
		"bash --norc -c 'git push'": true, "git switch -c feat/q; git push": false, "git push origin main:other": false, "git push origin 'refs/heads/feat/*'": false,
	} {
		for _, p := range pushesIn(text, git.Dir) {
			if got := p.goesTo(r, "origin") && p.reaches(t.Context(), r, "main"); got != want {
				t.Errorf("%q reaches main: %v", text, got)
			}
		}
	}
}

func FuzzPushesIn(f *testing.F) {
	f.Add(`cd x && git -C "a b" push o '+a':b \`)
	f.Add("if bash -c \"git push $(x)\"; then env -u A=1 git checkout -b; fi <<E\n`git push`\nE\n")
	f.Fuzz(func(_ *testing.T, line string) { pushesIn(line, "/r") })
}

// TestMayMatch: yes is allowed where git says no, and no is not where it says yes.
func TestMayMatch(t *testing.T) {
	parts := []string{"src", "Build", "a.go"}
	for line, want := range map[string]bool{
		"": false, "# a.go": false, "!a.go": false, "*.log\n": false, "src/gen/*.c": false, "out/": false,
		"*.go": true, "/src": true, "build/\r\n": true, "src/**": true, "**/build/": true, `\a.go`: true, "[ab].go": true, "?.go  ": true, "*": true,
	} {
		if got := mayMatch(line, parts); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}
