/** What a killed process has started ends with it: a shell that outlives it notices that its pipe is closed, and ends what is left. */
import { type ChildProcess, spawn } from "node:child_process";

/** Tenths of a second, at least, from the signal until SIGKILL. */
const TENTHS = 50;

/** Keeps the last line that it was given: a signal and a process id for each child, a negative one for a group. */
const SCRIPT = `trap '' INT TERM HUP
children=
while read -r line; do children=$line; done
for child in $children; do kill -s "\${child%%:*}" -- "\${child#*:}"; done
tenths=0
while [ $tenths -lt ${TENTHS} ]; do
	alive=
	for child in $children; do kill -s 0 -- "\${child#*:}" && alive=yes; done
	[ -n "$alive" ] || exit 0
	sleep 0.1
	tenths=$((tenths + 1))
done
for child in $children; do kill -s KILL -- "\${child#*:}"; done
`;

const children = new Map<number, NodeJS.Signals>();
let watchdog: ChildProcess | undefined;

/** Starts this process's watchdog, unless it runs. @returns its process id, 0 where there is no shell */
export function startWatchdog(): number {
	if (watchdog !== undefined) return watchdog.pid ?? 0;
	// A session of its own, which neither Ctrl-C nor the end of the terminal reaches.
	const shell = spawn("/bin/sh", ["-c", SCRIPT], { stdio: ["pipe", "ignore", "ignore"], detached: true, cwd: "/" });
	watchdog = shell;
	shell.on("error", () => {});
	shell.stdin.on("error", () => {});
	shell.unref();
	// A pipe of this process's own is a socket, which keeps it alive unless it says otherwise.
	(shell.stdin as unknown as { unref(): void }).unref();
	return shell.pid ?? 0;
}

/**
 * Has a child end when this process is gone, however it ended: by this signal, and 5 s later by SIGKILL.
 *
 * @param isGroup whether its whole group is ended, which it leads
 */
export function endWithThis(child: ChildProcess, signal: NodeJS.Signals, { isGroup = false } = {}): void {
	if (child.pid === undefined) return;
	const id = isGroup ? -child.pid : child.pid;
	children.set(id, signal);
	tell();
	child.once("exit", () => {
		children.delete(id);
		tell();
	});
}

function tell(): void {
	startWatchdog();
	const list = [...children].map(([id, signal]) => `${signal.slice("SIG".length)}:${id}`);
	watchdog?.stdin?.write(`${list.join(" ")}\n`);
}
