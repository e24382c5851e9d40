package app

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

func versionVerb() *verb {
	return &verb{
		name: "version", group: groupHealth, short: "say which git swarm this is, and how it was built",
		json: true,
		run: func(_ context.Context, c *call) error {
			v := readVersion()
			if c.wantJSON() {
				return c.object("version", v)
			}
			return c.printf("%s", v)
		},
	}
}

// version is what the program knows of itself. Go puts it there: the module's
// version (of "go install …@latest", or from the tag at hand), the commit, and
// how it was built.
type version struct {
	Version  string            `json:"version"`
	Commit   string            `json:"commit"`
	Time     string            `json:"time"`
	Modified bool              `json:"modified"`
	Go       string            `json:"go"`
	Platform string            `json:"platform"`
	Settings map[string]string `json:"settings"`
}

func readVersion() version {
	v := version{Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Settings: map[string]string{}}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" {
		v.Version = strings.TrimPrefix(info.Main.Version, "v")
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.time":
			v.Time = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		case "vcs", "GOOS", "GOARCH":
		default:
			if s.Value == "" {
				continue
			}
			v.Settings[s.Key] = s.Value
		}
	}
	return v
}

// String is one line for the version, and one for each thing more that is known.
func (v version) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "git-swarm version %s\n", v.Version)
	if v.Commit != "" {
		fmt.Fprintf(&b, "commit: %s of %s", v.Commit, v.Time)
		if v.Modified {
			b.WriteString(", with changes")
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "built with: %s for %s\n", v.Go, v.Platform)
	var settings []string
	for key, value := range v.Settings {
		settings = append(settings, key+"="+value)
	}
	if len(settings) > 0 {
		slices.Sort(settings)
		fmt.Fprintf(&b, "settings: %s\n", strings.Join(settings, " "))
	}
	return b.String()
}
