package hook

import (
	"reflect"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
)

// What is found in a shell's text, and where it works.
func TestGitCommandsIn(t *testing.T) {
	git := func(dir string, args ...string) gitCommand { return gitCommand{dir, args} }
	push := git("/r", "push")
	for text, want := range map[string][]gitCommand{
		"git push":                                 {push},
		"git push origin main":                     {git("/r", "push", "origin", "main")},
		"git -C sub -c x=y push -f o +a:b":         {git("/r/sub", "push", "-f", "o", "+a:b")},
		"git --no-pager push":                      {push},
		"git --config-env core.hooksPath=X push":   {push},
		"cd /x && A=1 git push --force-with-lease": {git("/x", "push", "--force-with-lease")},
		"cd ..; git push o 'ma'\"in\"":             {git("/", "push", "o", "main")},
		"/usr/bin/git push | tee log":              {push},
		"/usr/lib/git-core/git-send-pack url x":    {git("/r", "send-pack", "url", "x")},
		"git status; git push \\\n x":              {git("/r", "status"), git("/r", "push", "x")},
		"(cd sub; git push); git push":             {git("/r/sub", "push"), push},
		// Pipes, redirections, wrappers, loops, substitutions.
		"git push origin 2>&1 | tail -5":                               {git("/r", "push", "origin")},
		"git push &> log":                                              {push},
		"timeout 60 git push":                                          {push},
		"sudo -u bob timeout -k 5 60 git push":                         {push},
		"env A=1 nice -n 5 nohup command git push &":                   {push},
		"echo main | xargs -n 1 git push":                              {push},
		"! time git push":                                              {push},
		"if git push; then echo ok; fi":                                {push},
		"for i in 1 2 3; do git push && break; sleep 1; done":          {push},
		"{ git push; }":                                                {push},
		"bash -lc \"cd sub && git push\"; git push":                    {git("/r/sub", "push"), push},
		"sh -c 'bash -c \"git push\"'":                                 {push},
		"eval git push":                                                {push},
		"`git push`":                                                   {push},
		"git push origin $(git branch --show-current)":                 {git("/r", "push", "origin", unknown), git("/r", "branch", "--show-current")},
		"git push \"$REMOTE\" \"$B\"":                                  {git("/r", "push", unknown, unknown)},
		"git commit -F - <<EOF && git push\nmessage\nEOF":              {git("/r", "commit", "-F", "-"), push},
		"git commit -m \"$(cat <<'EOF'\nDo not git push\nEOF\n)\"; ls": {git("/r", "commit", "-m", unknown)},
		"cat > NOTES <<'EOF'\ngit push\nEOF":                           nil,
		"ls # then; git push":                                          nil,
		"echo git push":                                                nil,
		"if then git push":                                             nil,
		strings.Repeat("bash -c '", 9) + "git push":                    nil,
	} {
		if got := gitCommandsIn(text, "/r"); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
}

// Of a push that git's hook has no say in, only one that names other branches certainly
// spares the one that is guarded.
func TestPushSpares(t *testing.T) {
	for text, want := range map[string]string{
		"git push": "hits", "git push origin": "hits", "git push origin HEAD": "hits", "git push origin main": "hits", "git push origin x main": "hits",
		"git push origin heads/main": "hits", "git push origin HEAD:heads/main": "hits", "git push origin x:refs/heads/main": "hits", "git push origin :": "hits",
		"git push origin 'refs/heads/*:refs/heads/*'": "hits", "git push origin +x:main": "hits", "git push --all o x": "hits", "git push origin $B": "hits", "git push -o ci origin @": "hits",
		"git push --mirror": "hits", "git push --tags": "spares", "git push --tags origin main": "hits", "git push origin :main": "hits",
		"git push origin feat": "spares", "git push -u --repo x origin HEAD:feat/main": "spares", "git push origin main:other": "spares", "git push origin v1 +feat": "spares",
		"git push --no-verify": "hits, no hooks", "git push --no-veri origin feat": "spares, no hooks", "git push --no-verbose": "hits",
		"git send-pack url main": "hits, no hooks", "git send-pack url main:x": "spares, no hooks", "git http-push --all url": "hits, no hooks",
		"git push --help": "", "git push -h": "", "git push --dry-run o main": "", "git pull": "", "git swarm push": "",
	} {
		got := ""
		if p := parsePush(gitCommandsIn(text, "/r")[0].args); p != nil {
			got = map[bool]string{true: "spares", false: "hits"}[p.spares("main")]
			if p.skipsHooks {
				got += ", no hooks"
			}
		}
		if got != want {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
	for text, want := range map[string]bool{
		"git -c core.hooksPath=/dev/null push": true, "git -c Core.HooksPath= push": true, "GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=x git push": true,
		"env GIT_CONFIG_PARAMETERS=x git push": true, "git --config-env=core.hookspath=X push": true, "GIT_SWARM_LANDING=1 git push": true, "git -c x=y push": false,
	} {
		if got := turnsOffHooks(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// What throws away changes that it does not name.
func TestDiscards(t *testing.T) {
	for text, want := range map[string]bool{
		"git stash": true, "git stash -u": true, "git stash push -m x": true, "git stash pop": true, "git stash drop": true, "git stash clear": true, "git stash apply": true,
		"git stash list": false, "git stash show -p": false,
		"git reset --hard": true, "git reset --hard HEAD~1": true, "git reset --merge": true, "git reset": false, "git reset --soft HEAD^": false, "git reset -q HEAD a": false,
		"git checkout -- .": true, "git checkout .": true, "git checkout HEAD -- .": true, "git checkout -f main": true, "git checkout :/": true, "git checkout -qf": true,
		"git checkout -- a.go": false, "git checkout main": false, "git checkout -b x": false, "git switch -f main": true, "git switch --discard-changes main": true, "git switch main": false,
		"git restore .": true, "git restore --worktree --staged .": true, "git restore -SW .": true, "git restore --source=HEAD~2 :/": true,
		"git restore --staged .": false, "git restore -S .": false, "git restore a.go": false,
		"git clean -f": true, "git clean -fdx": true, "git clean --force": true, "git clean -n": false, "git clean -nf": false, "git clean -d": false,
		"git status": false, "git commit -m stash": false,
	} {
		if got := discards(gitCommandsIn(text, "/r")[0].args); got != want {
			t.Errorf("%q: %v", text, got)
		}
		if want && !ConcernsShell(text) {
			t.Errorf("%q is not looked at", text)
		}
	}
}

func FuzzShellGuard(f *testing.F) {
	f.Add(`cd x && git -C "a b" push o '+a':b \`)
	f.Add("if bash -c \"git push $(x)\"; then env -u A=1 git checkout -b; fi <<E\n`git push`\nE\n")
	f.Add("git-; git stash --; git -c; git restore -- .")
	f.Fuzz(func(_ *testing.T, line string) {
		for _, g := range gitCommandsIn(line, "/r") {
			if p := parsePush(g.args); p != nil {
				p.spares("main")
			}
			discards(g.args)
		}
	})
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

// TestQuietBatches: nothing new, nothing said, however often.
func TestQuietBatches(t *testing.T) {
	w := newWorld(t)
	w.run("A", agents.SessionStart)
	for range 200 {
		if said := w.run("A", agents.Batch); len(said) > 0 {
			t.Fatalf("said %+v", said)
		}
	}
}
