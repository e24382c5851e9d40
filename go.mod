module github.com/git-swarm/git-swarm

go 1.26

require (
	github.com/pelletier/go-toml/v2 v2.4.3
	github.com/sergi/go-diff v1.4.0
	go.yaml.in/yaml/v3 v3.0.4
)
