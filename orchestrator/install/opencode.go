package install

import _ "embed"

// pluginMark is the first line of our plugin: a file that begins with it is ours.
const pluginMark = "// git swarm's plugin for opencode. \"git swarm init --agents opencode --remove\" takes it out.\n"

// openCodePlugin is the plugin: opencode has no hooks in its settings.
//
//go:embed opencode.js
var openCodePlugin string
