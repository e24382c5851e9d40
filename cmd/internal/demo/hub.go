package demo

import (
	"context"
	"os"
	"path/filepath"
)

// PlayHub plays the demonstration of a hub: two clones of a bare remote, as on two
// machines. It returns the first clone if it is kept.
func PlayHub(ctx context.Context, opts Options) (clone string, err error) {
	s, err := newSandbox(ctx, opts)
	if err != nil {
		return "", err
	}
	s.places = map[string]string{"desk": filepath.Join(s.dir, "desk"), "laptop": filepath.Join(s.dir, "laptop")}
	err = s.play("That was all plain git: the hub is a bare repository, and runs nothing of ours.",
		s.meet, s.talk, s.contendApart, s.goOffline, s.landApart, s.lookApart, s.part)
	return s.places["desk"], err
}

// clones are those of the demonstration, in the order in which they join.
func (s *sandbox) clones() []string { return []string{"desk", "laptop"} }

func (s *sandbox) meet() {
	s.say("Two people, each with a clone of their own, as on two machines. What they share is a\nremote, hub.git; the first clone publishes its swarm there, the other one joins.\n")
	s.makeShop()
	for _, name := range s.clones() {
		s.quietly("git", "clone", "--quiet", "hub.git", name)
	}
	s.run("desk", "git", "swarm", "init", "--hub", "origin", "--as", "desk", "--sessions", "A:backend").has("Published the swarm on origin")
	s.run("laptop", "git", "swarm", "init", "--hub", "origin", "--as", "laptop", "--sessions", "B:frontend").has("Joined the swarm on origin", "Initialized with 2 sessions")
	s.say("\nFrom now on all commands are the same as ever. Here each clone has one session:\n")
	s.run("desk", "git", "config", "swarm.session", "A").is("")
	s.run("laptop", "git", "config", "swarm.session", "B").is("")
}

func (s *sandbox) talk() {
	s.say("\nWhat one says goes to the hub with one push, and to the other with its next sync.\n")
	s.run("desk", "git", "swarm", "context", "add", "Prices are integers, in cents", "--category", "decision").has("added (decision)")
	s.run("desk", "git", "swarm", "message", "B", "Which currency?").has("Message desk.3 sent to B")
	s.run("laptop", "git", "swarm", "hub", "sync").has()
	s.run("laptop", "git", "swarm", "sync").has(
		`MSG from=A: "Which currency?" (desk.3)`, `CTX [decision] by=A: "Prices are integers, in cents" (desk.2)`)
	s.run("laptop", "git", "swarm", "reply", "desk.3", "Euro").has("sent to A")
}

func (s *sandbox) contendApart() {
	s.say("\nBoth want the same file at the same moment. A claim is granted on the hub first:\nexactly one gets it.\n")
	s.race(s.clones(), "hub.git")
}

func (s *sandbox) goOffline() {
	s.say("\nThe network is away. What is said waits, and is not lost; what must be granted is\nrefused, with exit code 75.\n")
	s.move("hub.git", "away.git")
	s.run("laptop", "git", "swarm", "context", "add", "The basket is sorted by name", "--category", "convention").has("waits here")
	s.run("laptop", "git", "swarm", "claim", "src/api.py").ends(75)
	s.say("\nIt is back.\n")
	s.move("away.git", "hub.git")
	s.run("laptop", "git", "swarm", "hub", "sync").has()
	s.run("desk", "git", "swarm", "hub", "sync").has()
	s.run("desk", "git", "swarm", "sync").has(`CTX [convention] by=B: "The basket is sorted by name" (laptop.`)
}

func (s *sandbox) move(from, to string) {
	if s.err == nil {
		s.err = os.Rename(filepath.Join(s.dir, from), filepath.Join(s.dir, to))
	}
}

func (s *sandbox) landApart() {
	s.say("\nBoth land at the same moment. One push takes the push lock, moves the branch and gives\nthe lock up; who comes second is rebased onto what has landed.\n")
	for _, name := range s.clones() {
		s.quietly("git", "-C", name, "checkout", "--quiet", "-b", "feat/"+name)
		s.write(name, "src/"+name+".py", "# by "+name+"\n")
		s.quietly("git", "-C", name, "add", ".")
		s.run(name, "git", "swarm", "commit", "Work of the "+name).has("Committed: ")
	}
	for name, r := range s.atOnce(s.clones(), "git", "swarm", "push") {
		if r.code != 0 {
			s.fail("%s could not push", name)
		}
	}
	if n := s.output("git", "-C", "hub.git", "rev-list", "--count", "--no-merges", "main"); n != "3\n" {
		s.fail("main has %q commits", n)
	}
}

func (s *sandbox) lookApart() {
	s.say("\nEvery clone has all of it, and so has the hub.\n")
	s.run("laptop", "git", "swarm", "hub", "sync").has()
	s.run("laptop", "git", "log", "--format=%an: %s", "refs/swarm/context").has(
		"A: [decision] Prices are integers, in cents", "B: [convention] The basket is sorted by name")
	s.run("laptop", "git", "swarm", "hub", "status").has("as 'laptop': ok", "0 to be delivered", "clones: desk laptop")
	s.run("desk", "git", "ls-remote", "origin", "refs/swarm/*").has("refs/swarm/from/desk", "refs/swarm/from/laptop", "refs/swarm/claims")
	for _, name := range s.clones() {
		s.run(name, "git", "swarm", "fsck").has("ok: ")
	}
}

func (s *sandbox) part() {
	s.say("\nTo undo it, a clone leaves: what it has said stays on the hub, what is here is a swarm\nof its own.\n")
	s.run("laptop", "git", "swarm", "hub", "leave").has()
	s.run("laptop", "git", "swarm", "status").has("B")
}
