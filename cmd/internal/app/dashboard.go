package app

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/screen"
	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/orchestrator/monitor"
	"github.com/git-swarm/git-swarm/orchestrator/standing"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/review"
)

func runDashboard(ctx context.Context, c *call) error {
	m, interval, err := c.monitor(ctx)
	if err != nil {
		return err
	}
	if c.cmd.Bool("watch") {
		ctx, restore := undoable(ctx)
		defer restore()
		return c.watchDashboard(ctx, m, interval)
	}
	now, _, err := m.Tick(ctx)
	if err != nil {
		return err
	}
	if !c.wantJSON() {
		return c.printDashboard(ctx, now)
	}
	return c.printDashboardJSON(now)
}

// printDashboard prints the dashboard.
func (c *call) printDashboard(ctx context.Context, s *monitor.Snapshot) error {
	if len(s.Sessions) == 0 {
		c.notef("%s", c.noSessions())
		return nil
	}
	lines, err := c.dashboardLines(ctx, s, c.terminalWidth())
	if err != nil {
		return err
	}
	return c.printLines(lines)
}

// noSessions says that there are none yet, and how there will be.
func (c *call) noSessions() string {
	if c.mayJoin() {
		return "no sessions yet: they join by themselves"
	}
	return `no sessions yet: git swarm init --sessions "A:frontend B:backend"`
}

// mayJoin reports whether agents join by themselves in this worktree.
func (c *call) mayJoin() bool {
	r, err := c.Repo()
	if err != nil {
		return false
	}
	may, err := install.MayJoin(r)
	return err == nil && may
}

// dashboardLines is the dashboard: the sessions, and below what needs somebody.
// With --quiet it is only that, and the sessions that are blocked or silent. No
// line is wider than width, unless that is 0.
func (c *call) dashboardLines(ctx context.Context, s *monitor.Snapshot, width int) ([]text.Line, error) {
	quiet := c.cmd.Bool("quiet")
	shown := standing.Sort(s.Sessions, s.Stand)
	if quiet {
		shown = slices.DeleteFunc(shown, func(x bus.Session) bool { return !s.Stand[x.ID].NeedsSomebody() && !slices.Contains(s.Stale, x.ID) })
	}
	var lines []text.Line
	if len(shown) > 0 {
		var err error
		if lines, err = c.sessionLines(ctx, shown, s.Stand, progressColumns(s), width); err != nil {
			return nil, err
		}
	}
	silent, err := c.silentItems(ctx, s)
	if err != nil {
		return nil, err
	}
	add := func(title string, items []string) {
		if len(items) == 0 {
			return
		}
		if len(lines) > 0 {
			lines = append(lines, nil)
		}
		lines = append(lines, text.Line{text.Bold.Cell(title)})
		for _, item := range items {
			if item = "  " + item; width > 0 {
				item = text.CutMiddle(item, width)
			}
			lines = append(lines, text.Line{{Text: item}})
		}
	}
	add("Waiting for their user", askItems(s))
	add("Worktrees", troubleItems(worktreeTroubles(c.swarm.Repo, s.Sessions)))
	add("Damaged", damageItems(s))
	add("About to collide", collisionItems(s))
	add("Blocked", blockedItems(s))
	add("Ended with unlanded work", endedItems(s))
	add("No activity", silent)
	add("Reviews", reviewItems(s))
	add("Messages to the orchestrator", messageItems(s))
	if !quiet {
		add("Landing", c.landingItems(s))
		add("Tasks", c.taskItems(s.Tasks, c.Now()))
	}
	if !quiet {
		add("Claims", claimItems(s))
	}
	if width > 0 {
		for i := range lines {
			lines[i] = lines[i].Cut(width)
		}
	}
	return lines, nil
}

// landingItems are who is landing, what is being verified and pushed, and who
// waits.
func (c *call) landingItems(s *monitor.Snapshot) (items []string) {
	if s.Holder != nil {
		items = append(items, fmt.Sprintf("%s is landing, for %s", s.Holder.Session, text.Age(c.Now(), s.Holder.Since)))
		var verifying, landing []string
		since := s.At
		for _, e := range s.Queue {
			switch e.Stage {
			case queue.Verifying:
				verifying, since = append(verifying, e.Session), e.At
			case queue.Landing:
				landing = append(landing, e.Session)
			}
		}
		if len(verifying) > 0 {
			command := ""
			if own, err := c.Settings(); err == nil && own.Verify != "" {
				command = ": " + text.Quoted(own.Verify)
			}
			items = append(items, fmt.Sprintf("%s being verified, for %s%s", areNamed(verifying), text.Age(s.At, since), command))
		}
		if len(landing) > 0 {
			items = append(items, areNamed(landing)+" being pushed")
		}
	}
	if ids := s.Waiters(); len(ids) > 0 {
		items = append(items, "waiting: "+strings.Join(ids, ", "))
	}
	return items
}

// damageItems are what of the refs cannot be read, and the command that mends it.
func damageItems(s *monitor.Snapshot) (items []string) {
	for i, fault := range s.Damage {
		if i == asideLines {
			items = append(items, fmt.Sprintf("%d more", len(s.Damage)-i))
			break
		}
		items = append(items, text.Inert(fault.Error()))
	}
	if len(items) > 0 {
		items = append(items, damageHint(s.Damage[0]))
	}
	return items
}

// progressColumns are the columns of the table of sessions that the dashboard alone
// has: those in which there is something.
func progressColumns(s *monitor.Snapshot) (columns []column) {
	for _, c := range []column{
		{"Claims", func(id string) int { return len(s.Claims[id]) }},
		{"Ahead", func(id string) int { return s.Commits[id].Ahead }},
		{"Landed", func(id string) int { return s.Commits[id].Landed }},
	} {
		if slices.ContainsFunc(s.Sessions, func(x bus.Session) bool { return c.count(x.ID) > 0 }) {
			columns = append(columns, c)
		}
	}
	return columns
}

// silentItems are the sessions without activity, and what that means for what they
// hold: claims are taken over by swarm.staleAfter, whatever --stale-minutes says.
func (c *call) silentItems(ctx context.Context, s *monitor.Snapshot) (items []string, err error) {
	staleAfter := c.swarm.StaleAfter(ctx)
	for _, x := range s.Sessions {
		if !slices.Contains(s.Stale, x.ID) {
			continue
		}
		item := fmt.Sprintf("%s for %s", x.ID, text.Age(s.At, x.Seen))
		held := text.Inert(strings.Join(s.Claims[x.ID], ", "))
		switch {
		case held == "":
		case bus.Stale(x.Seen, s.At, staleAfter):
			item += "; others may take over its claims: " + held
		default:
			item += "; holds " + held
		}
		items = append(items, item)
	}
	return items, nil
}

func claimItems(s *monitor.Snapshot) (items []string) {
	for _, id := range slices.Sorted(maps.Keys(s.Claims)) {
		items = append(items, id+": "+text.Inert(strings.Join(s.Claims[id], ", ")))
	}
	return items
}

// collisionItems are a line for each set of sessions that collide in the same files.
func collisionItems(s *monitor.Snapshot) (items []string) {
	in := map[string][]string{} // by file, the sessions
	for _, x := range s.Collisions {
		for _, file := range x.Files {
			for _, id := range []string{x.A, x.B} {
				if !slices.Contains(in[file], id) {
					in[file] = append(in[file], id)
				}
			}
		}
	}
	files := map[string][]string{} // by sessions
	for _, file := range slices.Sorted(maps.Keys(in)) {
		ids := strings.Join(in[file], ", ")
		if len(in[file]) == 2 {
			ids = strings.Join(in[file], " and ")
		}
		files[ids] = append(files[ids], file)
	}
	for _, ids := range slices.Sorted(maps.Keys(files)) {
		items = append(items, ids+" in "+text.Inert(strings.Join(files[ids], ", ")))
	}
	return items
}

// askItems are the sessions that ask their users, and since when.
func askItems(s *monitor.Snapshot) (items []string) {
	for _, x := range s.Sessions {
		if at := s.Stand[x.ID]; at.State == standing.Asks {
			items = append(items, fmt.Sprintf("%s, for %s: %s", x.ID, text.Age(s.At, at.Since), text.Inert(at.Asks)))
		}
	}
	return items
}

// endedItems are the sessions that nobody works as any more, and that have work which
// has not landed.
func endedItems(s *monitor.Snapshot) (items []string) {
	for _, x := range s.Sessions {
		if at := s.Stand[x.ID]; at.State == standing.Ended && at.Unlanded {
			items = append(items, fmt.Sprintf("%s, seen %s, on %s", x.ID, text.Ago(s.At, x.Seen), text.Inert(x.Branch)))
		}
	}
	return items
}

func blockedItems(s *monitor.Snapshot) (items []string) {
	for _, session := range s.Sessions {
		if session.Status == bus.Blocked {
			items = append(items, fmt.Sprintf("%s: %s", session.ID, text.Quoted(session.Note)))
		}
	}
	return items
}

func reviewItems(s *monitor.Snapshot) (items []string) {
	for _, r := range s.Reviews {
		how := "waits for " + strings.Join(r.Waiting(), ", ")
		if no := r.Rejection(); r.State == review.Landed {
			how = "on " + text.Inert(review.ShortRef(r.Target)) + " already"
		} else if no != nil {
			how = fmt.Sprintf("by %s: %s", no.By, text.Quoted(no.Text))
		}
		items = append(items, fmt.Sprintf("#%d of %s: %s, %s", r.Number, r.From, r.State, how))
	}
	return items
}

func messageItems(s *monitor.Snapshot) (items []string) {
	for _, m := range s.Messages {
		items = append(items, fmt.Sprintf("%s from %s: %s", text.Name(m.Origin, m.Number), m.From, text.Quoted(m.Body)))
	}
	return items
}

// dashboardJSON is a session with what it holds, and its commits.
type dashboardJSON struct {
	sessionJSON
	Claims []string `json:"claims"`
	Ahead  int      `json:"ahead"`
	Landed int      `json:"landed"`
}

func (c *call) printDashboardJSON(s *monitor.Snapshot) error {
	troubles := worktreeTroubles(c.swarm.Repo, s.Sessions)
	for _, session := range s.Sessions {
		line := dashboardJSON{jsonSession(session).stands(s.Stand[session.ID]), append([]string{}, s.Claims[session.ID]...), s.Commits[session.ID].Ahead, s.Commits[session.ID].Landed}
		line.Trouble = troubleOf(troubles, session.ID)
		if err := c.object("session", line); err != nil {
			return err
		}
	}
	for _, id := range s.Stale {
		if err := c.object("stale", map[string]any{"session": id}); err != nil {
			return err
		}
	}
	if h := s.Holder; h != nil {
		if err := c.object("push", map[string]any{"session": h.Session, "since": text.Stamp(h.Since), "waiting": append([]string{}, s.Waiters()...)}); err != nil {
			return err
		}
	}
	for _, r := range s.Reviews {
		if err := c.object("review", jsonReview(r)); err != nil {
			return err
		}
	}
	for _, m := range s.Messages {
		if err := c.object("message", jsonMessage(m)); err != nil {
			return err
		}
	}
	for _, x := range s.Collisions {
		if err := c.object("collision", map[string]any{"session": x.A, "other": x.B, "files": x.Files}); err != nil {
			return err
		}
	}
	for _, fault := range s.Damage {
		if err := c.object("damage", map[string]any{"ref": fault.Ref, "commit": fault.ID, "path": fault.Path, "fault": fault.Err.Error()}); err != nil {
			return err
		}
	}
	return nil
}

// watchDashboard keeps the dashboard on the whole screen, until q or Ctrl-C, or
// until ctx ends.
func (c *call) watchDashboard(ctx context.Context, m *monitor.Monitor, interval time.Duration) error {
	if c.wantJSON() {
		return usageOf(c.verb, "either --watch or --json")
	}
	if kind := c.Env.Get("TERM"); !c.onTerminal() || kind == "dumb" || kind == "" {
		return refuseScreen()
	}
	t, err := screen.OpenTerminal(c.Stdin.(*os.File), c.Stdout.(*os.File), !c.colours())
	if err != nil {
		return err
	}
	err = c.viewDashboard(ctx, t, m, interval)
	t.Close()
	if ctx.Err() != nil {
		err = nil // the way to end it
	}
	return err
}

// busyPause is after how long the dashboard looks again at a repository that is busy.
const busyPause = 2 * time.Second

// viewDashboard keeps the dashboard on a screen. The first time, what takes git to
// find out follows the rest.
func (c *call) viewDashboard(ctx context.Context, on screen.Screen, m *monitor.Monitor, interval time.Duration) error {
	ctx, cancel := context.WithCancel(ctx)
	contents, over := make(chan screen.Content), make(chan struct{})
	defer func() { cancel(); <-over }()
	send := func(ctx context.Context, content screen.Content) error {
		select {
		case contents <- content:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	p := monitor.Poller{Monitor: m, Interval: interval}
	p.Again = func(err error) (time.Duration, bool) {
		_, _, code := c.format(err)
		return min(interval, busyPause), code == exitAgain
	}
	p.Show = func(ctx context.Context, before *monitor.Snapshot) error {
		if !m.Looked() {
			if err := send(ctx, c.dashboardContent(ctx, before, "  looking for collisions…")); err != nil {
				return err
			}
		}
		first := !m.Looked()
		now, events, err := m.Tick(ctx)
		if err != nil {
			return err
		}
		content := c.dashboardContent(ctx, now, "")
		content.Ring = !first && slices.ContainsFunc(events, calls)
		return send(ctx, content)
	}
	go func() {
		defer close(over)
		_ = send(ctx, screen.Content{Err: p.Run(ctx)})
	}()
	return (&screen.View{Screen: on}).Run(ctx, contents)
}

// calls reports whether whoever watches is to look up.
func calls(e monitor.Event) bool {
	return e.Kind == "asks" || e.Kind == "ended" || e.Kind == string(bus.Blocked) || e.Kind == string(bus.Done)
}

// title names those for whom somebody is needed, the most urgent first.
func title(s *monitor.Snapshot) string {
	var needs []string
	for _, x := range standing.Sort(s.Sessions, s.Stand) {
		if at := s.Stand[x.ID]; at.NeedsSomebody() {
			needs = append(needs, x.ID+" "+string(at.State))
		}
	}
	if len(needs) == 0 {
		return fmt.Sprintf("swarm: %s", text.Count(len(s.Sessions), "session"))
	}
	return text.Cut(text.Inert("swarm: "+strings.Join(needs, ", ")), 60)
}

func (c *call) dashboardContent(ctx context.Context, s *monitor.Snapshot, remark string) screen.Content {
	return screen.Content{
		Title: title(s),
		Foot:  s.At.Local().Format("15:04:05") + "  q ends" + remark,
		Lines: func(width int) ([]text.Line, error) {
			if len(s.Sessions) == 0 {
				return []text.Line{text.Line{{Text: c.noSessions()}}.Cut(width)}, nil
			}
			return c.dashboardLines(ctx, s, width)
		},
	}
}
