// It asks "git-swarm hook" what to tell the model, what to refuse, and whether to go
// on. Where git-swarm is missing, or nobody has set up a swarm, it does nothing.
import { spawn, spawnSync } from "child_process"

export const GitSwarm = async ({ client, directory }) => {
  const greeted = new Set() // sessions
  const parents = new Map() // of subagents' sessions, by theirs
  const waiting = new Map() // processes that wait for messages, by session
  const terminal = !process.argv.includes("run") && !process.argv.includes("serve")

  const inputOf = (event, session, more) => {
    const parent = parents.get(session)
    return JSON.stringify({ session_id: parent || session, ...(parent ? { agent_id: session } : {}), cwd: directory, hook_event_name: event, client_pid: process.pid, ...more })
  }
  const ask = (event, session, more = {}) => {
    const done = spawnSync("git-swarm", ["hook", "--agent", "opencode", event], { input: inputOf(event, session, more), cwd: directory, encoding: "utf8", timeout: 5000 })
    try {
      return JSON.parse(done.stdout)
    } catch {
      return {}
    }
  }
  const contextOf = (answer) => answer.hookSpecificOutput?.additionalContext
  const say = (id, text) => client.session.promptAsync({ path: { id }, body: { parts: [{ type: "text", text }] } })

  // stop reminds the session of what is not done, or waits for messages.
  const stop = async (id) => {
    if (parents.has(id)) return
    const answer = ask("stop", id, { stop_hook_active: false })
    if (answer.decision === "block") await say(id, answer.reason)
    else if (terminal) wait(id)
  }
  const wait = (id) => {
    leave(id)
    const waiter = spawn("git-swarm", ["hook", "--agent", "opencode", "wait"], { cwd: directory, stdio: ["pipe", "ignore", "pipe"] })
    waiting.set(id, waiter)
    let text = ""
    waiter.stderr.on("data", (part) => (text += part))
    waiter.on("error", () => {})
    waiter.stdin.on("error", () => {})
    waiter.on("close", (code) => {
      if (waiting.get(id) === waiter && code === 2 && text) say(id, text)
    })
    waiter.stdin.end(inputOf("wait", id, {}))
  }
  const leave = (id) => {
    waiting.get(id)?.kill()
    waiting.delete(id)
  }

  return {
    "chat.message": async ({ sessionID }, { message, parts }) => {
      leave(sessionID)
      const event = greeted.has(sessionID) ? "prompt" : parents.has(sessionID) ? "subagent" : "session-start"
      greeted.add(sessionID)
      const text = contextOf(ask(event, sessionID, { source: "startup" }))
      if (text && parts.length > 0) parts.push({ id: parts[0].id + "x", sessionID, messageID: message.id, type: "text", text, synthetic: true })
    },
    "tool.execute.before": async ({ tool, sessionID }, { args }) => {
      if (!["edit", "write", "multiedit", "patch", "apply_patch", "bash"].includes(tool)) return
      const input = { file_path: args.filePath, command: args.command, patch: args.patchText }
      const answer = ask("pre-tool", sessionID, { tool_name: tool, tool_input: input }).hookSpecificOutput
      if (answer?.permissionDecision === "deny") throw new Error(answer.permissionDecisionReason)
    },
    "tool.execute.after": async ({ tool, sessionID }, output) => {
      const text = contextOf(ask("batch", sessionID, { tool_name: tool }))
      if (text) output.output += "\n\n" + text
    },
    // "opencode run" ends as soon as the session is idle: there only a prompt that is
    // queued before counts, and the last hook before is that of a text. A text before a
    // tool call comes here, too, so the reminder may be early.
    "experimental.text.complete": async ({ sessionID }) => {
      if (!terminal) await stop(sessionID)
    },
    event: async ({ event }) => {
      const info = event.properties?.info
      if (event.type === "session.idle" && terminal) await stop(event.properties.sessionID)
      if (event.type === "session.created" && info.parentID) parents.set(info.id, info.parentID)
      if (event.type === "session.deleted" && !parents.has(info.id)) {
        leave(info.id)
        ask("session-end", info.id, { reason: "other" })
      }
    },
    dispose: async () => {
      for (const id of waiting.keys()) leave(id)
      for (const id of greeted) if (!parents.has(id)) ask("session-end", id, { reason: "other" })
    },
  }
}
