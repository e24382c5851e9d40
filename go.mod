module github.com/git-swarm/git-swarm

go 1.26

require (
	github.com/pelletier/go-toml/v2 v2.4.3 // indirect
	github.com/sergi/go-diff v1.4.0 // indirect
)
