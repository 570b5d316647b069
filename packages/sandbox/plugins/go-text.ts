import { constants } from "node:os";

/** How Go names the signals that can end a process. */
const SIGNAL_NAMES: Partial<Record<NodeJS.Signals, string>> = {
	SIGHUP: "hangup",
	SIGINT: "interrupt",
	SIGQUIT: "quit",
	SIGABRT: "aborted",
	SIGFPE: "floating point exception",
	SIGKILL: "killed",
	SIGSEGV: "segmentation fault",
	SIGPIPE: "broken pipe",
	SIGALRM: "alarm clock",
	SIGTERM: "terminated",
	SIGUSR1: "user defined signal 1",
	SIGUSR2: "user defined signal 2",
};

/** How Go names what can keep a process from starting. */
const START_FAILURES: Record<string, string> = {
	ENOENT: "no such file or directory",
	EACCES: "permission denied",
	E2BIG: "argument list too long",
	ENOEXEC: "exec format error",
	ENOTDIR: "not a directory",
};

const ESCAPES: Record<string, string> = {
	'"': '\\"',
	"\\": "\\\\",
	"\x07": "\\a",
	"\b": "\\b",
	"\f": "\\f",
	"\n": "\\n",
	"\r": "\\r",
	"\t": "\\t",
	"\v": "\\v",
};

/** A string as Go's `%q` prints it. */
export function quote(text: string): string {
	return `"${[...text].map(quoteCharacter).join("")}"`;
}

/** Why a process that ran has failed, as Go says it; nothing when it ended well. */
export function describeEnd(code: number | null, signal: NodeJS.Signals | null): string | undefined {
	if (signal) {
		return `signal: ${SIGNAL_NAMES[signal] ?? `signal ${constants.signals[signal]}`}`;
	}
	return code === 0 ? undefined : `exit status ${code}`;
}

/** Why a process could not be started, as Go says it. */
export function describeStartFailure(file: string, error: NodeJS.ErrnoException): string {
	return `fork/exec ${file}: ${START_FAILURES[error.code ?? ""] ?? error.message}`;
}

function quoteCharacter(character: string): string {
	const escaped = ESCAPES[character];
	if (escaped) {
		return escaped;
	}
	if (/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character)) {
		return character;
	}
	const code = character.codePointAt(0) ?? 0;
	const hex = code.toString(16);
	if (code < 0x80) {
		return `\\x${hex.padStart(2, "0")}`;
	}
	return code > 0xffff ? `\\U${hex.padStart(8, "0")}` : `\\u${hex.padStart(4, "0")}`;
}
