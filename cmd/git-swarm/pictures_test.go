package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// pictures is where the README's pictures are: what the program prints in the
// demo's repository, as SVG, for light and for dark pages.
const pictures = "../../.github/pictures"

// TestPictures plays the scenes and compares what the pictures show with what the
// program prints. With -update it makes the pictures anew.
func TestPictures(t *testing.T) {
	r := newReader(t)
	for name, text := range map[string]string{"sync": r.syncScene(), "dashboard": r.dashboardScene()} {
		for theme, colours := range themes() {
			path := filepath.Join(pictures, name+"-"+theme+".svg")
			content, err := os.ReadFile(path)
			if *update && (err != nil || shownIn(t, string(content)) != shownIn(t, draw(text, colours))) { // ages alone are no reason
				content = []byte(draw(text, colours))
				err = os.WriteFile(path, content, 0o666)
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, want := shownIn(t, string(content)), shownIn(t, draw(text, colours)); got != want {
				t.Errorf("%s shows\n%s\nand the program prints\n%s\n(go test ./cmd/git-swarm -run TestPictures -update)", path, got, want)
			}
		}
	}
}

// prepare runs a script that must succeed.
func (r *reader) prepare(script string) {
	r.t.Helper()
	if out := r.shell(r.home, "set -e\n("+script+"\n) >out 2>&1 || { cat out; exit 1; }"); out != "" {
		r.t.Fatal(out)
	}
}

// typed is a command in a session's worktree with what it prints, in colours.
func (r *reader) typed(session, command string) string {
	dir, prompt := "shop/app", "$ "
	if session != "" {
		dir, prompt = "shop/app.worktrees/"+session, session+"$ "
	}
	return "\x1b[1m" + prompt + command + "\x1b[m\n" + r.shell(filepath.Join(r.home, dir), command)
}

func (r *reader) syncScene() string {
	r.prepare(`git swarm demo --scratch shop
cd shop/app
git config color.ui always
git swarm init --sessions "A:catalogue B:basket C:checkout" --worktrees
cd ../app.worktrees/A
git swarm context add "Prices are integers, in cents" --category decision
git swarm context add "GET /products returns {id, title, price}" --category interface
git swarm claim src/api.py --reason "adding the product list"
git swarm message B "Is the basket keyed by product id?"`)
	return r.typed("B", "git swarm sync") + "\n" +
		r.typed("B", "git swarm claim src/api.py") + "\n" +
		r.typed("B", `git swarm reply 1 "By id, yes"`)
}

// dashboardScene goes on in the repository of syncScene.
func (r *reader) dashboardScene() string {
	r.prepare(`cd shop/app.worktrees/A
echo 'ROUTES = ["/products"]' >src/api.py && git commit -qam "[Session A] Products"
git swarm update A --status running --note "product list"
git swarm unclaim --all
cd ../B
echo 'ROUTES = ["/basket"]' >src/api.py && git commit -qam "[Session B] Basket"
git swarm review request --to A --message "The basket's routes"
git swarm claim src/basket
cd ../C
git swarm update C --status blocked --note "needs the payment provider's key"
git swarm message orchestrator "Which payment provider do we use?"`)
	return r.typed("", "git swarm orchestrate dashboard")
}

// theme is how a picture looks: colours for the page, and for SGR codes.
type theme struct{ page, edge, text, dim, red, green, yellow string }

func themes() map[string]theme {
	return map[string]theme{
		"light": {"#ffffff", "#d0d7de", "#1f2328", "#656d76", "#cf222e", "#1a7f37", "#9a6700"},
		"dark":  {"#0d1117", "#30363d", "#e6edf3", "#8d96a0", "#ff7b72", "#3fb950", "#d29922"},
	}
}

// style is what an SGR sequence asks for, as attributes.
func (c theme) style(code string) string {
	switch code {
	case "1":
		return ` font-weight="bold"`
	case "2":
		return fmt.Sprintf(` fill="%s"`, c.dim)
	case "31":
		return fmt.Sprintf(` fill="%s"`, c.red)
	case "32":
		return fmt.Sprintf(` fill="%s"`, c.green)
	case "33":
		return fmt.Sprintf(` fill="%s"`, c.yellow)
	}
	return ""
}

const (
	cellWidth  = 8.4
	cellHeight = 20
	border     = 16
)

// draw sets text with SGR sequences in columns of a fixed width, whatever font
// the reader has: each piece between two spaces or more has a place of its own.
func draw(text string, c theme) string {
	var b strings.Builder
	rows, columns := strings.Split(strings.TrimRight(text, "\n"), "\n"), 0
	sequence := regexp.MustCompile(`\x1b\[(\d*)m`)
	for y, row := range rows {
		style, column := "", 0
		for row != "" {
			at := sequence.FindStringSubmatchIndex(row)
			piece := row
			if at != nil {
				piece = row[:at[0]]
			}
			for _, word := range regexp.MustCompile(`\S+(?: \S+)*`).FindAllStringIndex(piece, -1) {
				x := border + cellWidth*float64(column+utf8.RuneCountInString(piece[:word[0]]))
				shown := piece[word[0]:word[1]]
				fmt.Fprintf(&b, `<text x="%.1f" y="%d" textLength="%.1f"%s>`, x, border+15+y*cellHeight, cellWidth*float64(utf8.RuneCountInString(shown)), style)
				_ = xml.EscapeText(&b, []byte(shown))
				b.WriteString("</text>\n")
			}
			column += utf8.RuneCountInString(piece)
			columns = max(columns, column)
			if at == nil {
				break
			}
			style, row = c.style(row[at[2]:at[3]]), row[at[1]:]
		}
	}
	width, height := 2*border+int(cellWidth*float64(columns)), 2*border+len(rows)*cellHeight
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]d %[2]d" width="%[1]d" height="%[2]d" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14" fill="%[3]s">
<rect x="0.5" y="0.5" width="%[4]d" height="%[5]d" rx="8" fill="%[6]s" stroke="%[7]s"/>
%[8]s</svg>
`, width, height, c.text, width-1, height-1, c.page, c.edge, b.String())
}

// shownIn are the words of a picture in order, without what differs from run to
// run.
func shownIn(t *testing.T, svg string) string {
	t.Helper()
	var words []string
	decoder := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if text, ok := token.(xml.CharData); ok && strings.TrimSpace(string(text)) != "" {
			words = append(words, string(text))
		}
	}
	if len(words) < 5 {
		t.Fatalf("only %q is shown", words)
	}
	return changeless(strings.Join(words, "\n"))
}
