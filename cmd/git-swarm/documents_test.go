package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documents are the README, the guides, and what is written for maintainers, by
// their paths from the top.
func documents(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, pattern := range []string{"*.md", "cmd/internal/guide/*.md", ".github/*.md", ".github/*/*.md", "refstore/FORMAT.md"} {
		found, err := filepath.Glob("../../" + pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			all[strings.TrimPrefix(path, "../../")] = string(text)
		}
	}
	if len(all) < 12 {
		t.Fatalf("only %d documents", len(all))
	}
	return all
}

// block is a fenced block of code: what stands behind the fence, and the lines.
type block struct{ info, text string }

func blocks(text string) (all []block) {
	for _, m := range regexp.MustCompile("(?ms)^```([^\n]*)\n(.*?)^```$").FindAllStringSubmatch(text, -1) {
		all = append(all, block{m[1], m[2]})
	}
	return all
}

// TestDocumentsShowWhatIs runs what a document shows together with its output,
// and compares that. A block of "console" has a prompt before each command: "$ "
// in the repository, which is there already, "A$ " in A's worktree. A block of "sh" that one of "text"
// follows is pasted into a shell, as one goes on reading; it begins in an empty
// folder.
func TestDocumentsShowWhatIs(t *testing.T) {
	commands := 0
	for path, text := range documents(t) {
		r, shop := newReader(t), newReader(t)
		var pasted, printed []string
		all := blocks(text)
		for i, b := range all {
			switch {
			case b.info == "console":
				shop.shop()
				if got := shop.transcript(b.text, &commands); got != changeless(b.text) {
					t.Errorf("%s says\n%s\nbut it is\n%s", path, changeless(b.text), got)
				}
			case b.info == "text" && i > 0 && all[i-1].info == "sh":
				pasted, printed = append(pasted, all[i-1].text), append(printed, b.text)
			}
		}
		if len(pasted) == 0 {
			continue
		}
		out := r.shell(r.home, strings.Join(pasted, "\nprintf '\\0'\n"))
		for i, got := range strings.Split(out, "\x00") {
			commands += strings.Count(pasted[i], "\n")
			if got, want := changeless(got), changeless(printed[i]); got != want {
				t.Errorf("%s: pasted\n%s\nsays\n%s\nand not\n%s", path, pasted[i], got, want)
			}
		}
	}
	if commands < 25 {
		t.Errorf("only %d commands found", commands)
	}
}

// reader is one who tries what a document shows, in a folder with nothing of the
// user's.
type reader struct {
	t    *testing.T
	home string
	env  []string
	made bool // the repository shop/app, with the sessions A and B
}

func newReader(t *testing.T) *reader {
	t.Helper()
	home := t.TempDir()
	env := slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "GIT_") })
	return &reader{t: t, home: home, env: append(env, "HOME="+home, "XDG_CONFIG_HOME="+home, "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C.UTF-8")}
}

func (r *reader) shell(dir, script string) string {
	cmd := exec.Command("sh", "-c", "exec 2>&1\n"+script)
	cmd.Dir, cmd.Env = dir, r.env
	out, _ := cmd.CombinedOutput()
	return string(out)
}

func (r *reader) shop() {
	r.t.Helper()
	if r.made {
		return
	}
	r.made = true
	out := r.shell(r.home, `git config --global user.name Reader && git config --global user.email reader@example.com &&
		git swarm demo --scratch shop && cd shop/app && git swarm init --sessions "A:frontend B:backend" --worktrees`)
	if !strings.Contains(out, "Initialized with 2 sessions") {
		r.t.Fatal(out)
	}
}

// transcript runs the commands of a console block and returns the block as it
// really is.
func (r *reader) transcript(block string, commands *int) string {
	var got strings.Builder
	for line := range strings.Lines(block) {
		session, command, ok := strings.Cut(line, "$ ")
		if !ok || len(session) > 1 {
			continue
		}
		dir := filepath.Join(r.home, "shop/app")
		if session != "" {
			dir = filepath.Join(r.home, "shop/app.worktrees", session)
		}
		got.WriteString(line + r.shell(dir, command))
		*commands++
	}
	return changeless(got.String())
}

// changeless takes out what differs from run to run: ages, times of day, commits.
func changeless(s string) string {
	s = regexp.MustCompile(`\b\d+ (s|min) ago\b|\bjust now\b|\b\d+ (ms|s|min)\b`).ReplaceAllString(s, "AGE")
	s = regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d `).ReplaceAllString(s, "TIME ")
	return regexp.MustCompile(`\b[0-9a-f]{7,40}\b`).ReplaceAllString(s, "ID")
}

// TestDocumentsName looks up each command of ours, and each of its options, that
// a document names.
func TestDocumentsName(t *testing.T) {
	helps := map[string]string{}
	help := func(words ...string) string {
		key := strings.Join(words, " ")
		if _, ok := helps[key]; !ok {
			out, _ := exec.Command("git-swarm", append([]string{"help"}, words...)...).Output()
			helps[key] = string(out)
		}
		return helps[key]
	}
	seen := 0
	for path, text := range documents(t) {
		for _, line := range commandsIn(text) {
			words := strings.Fields(line)
			for len(words) > 1 && (words[0] == "--session" || words[0] == "-C") {
				words = words[2:]
			}
			if len(words) == 0 || strings.Contains(line, "<") || !regexp.MustCompile(`^[a-z]`).MatchString(words[0]) {
				continue // "git swarm …", "git swarm COMMAND"
			}
			about := ""
			if len(words) > 1 && regexp.MustCompile(`^[a-z]+$`).MatchString(words[1]) {
				about = help(words[:2]...)
			}
			if about == "" {
				about = help(words[0])
			}
			if about == "" {
				t.Errorf("%s names 'git swarm %s', and there is no such command", path, line)
			}
			for _, word := range words[1:] {
				option, _, _ := strings.Cut(strings.TrimRight(word, ".,;:)]"), "=")
				if strings.HasPrefix(option, "--") && len(option) > 2 && !slices.Contains(strings.FieldsFunc(about, func(r rune) bool { return r == ' ' || r == ',' || r == '\n' }), option) {
					t.Errorf("%s names 'git swarm %s', which has no option %s", path, line, option)
				}
			}
			seen++
		}
	}
	if seen < 100 {
		t.Errorf("only %d commands found", seen)
	}
}

// commandsIn are the command lines of ours in code, without "git swarm".
func commandsIn(text string) (lines []string) {
	text = strings.ReplaceAll(text, "`git\nswarm ", "`git swarm ")
	for _, m := range regexp.MustCompile("`(?:git swarm|ao) ([^`]+)`").FindAllStringSubmatch(text, -1) {
		lines = append(lines, strings.ReplaceAll(m[1], "\n", " "))
	}
	for _, b := range blocks(text) {
		for line := range strings.Lines(b.text) {
			if m := regexp.MustCompile(`^(?:[A-Z]?\$ )?(?:git swarm|ao) ([^&|>]+)`).FindStringSubmatch(line); m != nil {
				lines = append(lines, m[1])
			}
		}
	}
	return lines
}

// TestDocumentsLink follows each link within the tree: to a file, and to a
// heading in it.
func TestDocumentsLink(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"`)
	followed := 0
	for path, text := range documents(t) {
		prose := regexp.MustCompile("(?ms)^```[^\n]*\n.*?^```$").ReplaceAllString(text, "")
		for _, m := range link.FindAllStringSubmatch(prose, -1) {
			to := m[1] + m[2]
			if strings.Contains(to, "://") || strings.HasPrefix(to, "mailto:") {
				continue
			}
			file, anchor, _ := strings.Cut(to, "#")
			target := filepath.Join("../..", filepath.Dir(path), file)
			if file == "" {
				target = "../../" + path
			}
			content, err := os.ReadFile(target)
			if info, serr := os.Stat(target); serr == nil && info.IsDir() {
				err = nil
			}
			if err != nil {
				t.Errorf("%s links to %s: %v", path, to, err)
			} else if anchor != "" && !slices.Contains(anchors(string(content)), anchor) {
				t.Errorf("%s links to %s, which has no such heading", path, to)
			}
			followed++
		}
	}
	if followed < 30 {
		t.Errorf("only %d links found", followed)
	}
}

// TestDocumentsPlace looks for the files and folders that maintainers' documents
// name.
func TestDocumentsPlace(t *testing.T) {
	named := regexp.MustCompile("`((?:cmd|refstore|lock|review|merge|orchestrator|\\.ci|\\.github)(?:/[A-Za-z0-9_.-]+)*)`")
	seen := 0
	for path, text := range documents(t) {
		if !strings.HasPrefix(path, ".github/") {
			continue
		}
		for _, m := range named.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat("../../" + m[1]); err != nil {
				t.Errorf("%s names %s: %v", path, m[1], err)
			}
			seen++
		}
	}
	if seen < 30 {
		t.Errorf("only %d places found", seen)
	}
}

// TestDocumentsListPackages looks for each package in the architecture's table.
func TestDocumentsListPackages(t *testing.T) {
	text := documents(t)[".github/ARCHITECTURE.md"]
	for pkg := range layers {
		if pkg != "orchestrator" && !strings.Contains(text, "`"+pkg+"`") {
			t.Errorf("ARCHITECTURE.md lacks %s", pkg)
		}
	}
}

// anchors are the names under which forges link to headings.
func anchors(text string) (all []string) {
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		name := regexp.MustCompile(`[^\w\- ]`).ReplaceAllString(strings.ToLower(m[1]), "")
		all = append(all, strings.ReplaceAll(name, " ", "-"))
	}
	return all
}

// TestREADME holds what it must be: short, and a list of all commands.
func TestREADME(t *testing.T) {
	text := documents(t)["README.md"]
	if lines := strings.Count(text, "\n"); lines > 200 {
		t.Errorf("it has %d lines", lines)
	}
	if first := blocks(text)[0].text; first != "go run ./cmd/git-swarm demo\ngo test -race ./...\n" {
		t.Errorf("the first block is not that of the two commands: %s", first)
	}
	_, table, _ := strings.Cut(text, "\n| command | does |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var named []string
	for _, m := range regexp.MustCompile(`(?m)^\| (.*?) \| `).FindAllStringSubmatch(table, -1) {
		for _, code := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(m[1], -1) {
			named = append(named, code[1])
		}
	}
	for line := range strings.Lines(says(t, "help")) {
		if rest, ok := strings.CutPrefix(line, "   "); ok {
			name, _, _ := strings.Cut(rest, "  ")
			if !slices.ContainsFunc(named, func(s string) bool { return s == name || strings.HasPrefix(s, name+" ") }) {
				t.Errorf("its table lacks '%s'", name)
			}
		}
	}
	for _, name := range named {
		words := strings.Fields(name)
		two := fmt.Sprint(strings.Join(words[:min(2, len(words))], " "))
		if exec.Command("git-swarm", "help", words[0]).Run() != nil && exec.Command("git-swarm", append([]string{"help"}, strings.Fields(two)...)...).Run() != nil {
			t.Errorf("its table names '%s', and there is no such command", name)
		}
	}
}

// build makes the command in dir, as go install would.
func build(t testing.TB, dir string) {
	t.Helper()
	cmd := exec.Command("go", "build", "-o", dir+"/", ".")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
}
