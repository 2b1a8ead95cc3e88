const needed = [20, 19, 0]

/** Ends the process with one clear sentence where Node is older than what package.json's `engines` asks for. */
export function requireNode() {
  const found = process.versions.node.split('.').map(Number)
  const difference =
    needed.map((part, index) => found[index] - part).find((part) => part !== 0) ?? 0
  if (difference >= 0) return
  console.error(
    `Node ${needed.join('.')} or newer is needed, this is ${process.versions.node}: see https://nodejs.org/`,
  )
  process.exit(1)
}
