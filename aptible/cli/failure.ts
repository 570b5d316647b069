/** What a failed call of the CLI says on stderr. It exits with 1 for everything, so only the text can tell. */

/** A failure in the CLI's own words, without what surrounds them. */
export interface Failure {
	text: string;
	/** What to do about it. */
	fix: string | undefined;
	/** Asking again may help. */
	transient: boolean;
}

/** Where a CLI comes from that can do all it is asked: under a newer Ruby the gem fails to change endpoints (facts/aptible.md §11). */
export const packages =
	"Aptible's own package, which has its Ruby with it (https://www.aptible.com/docs/cli), or `gem install aptible-cli` under a Ruby before 3.0";

/**
 * By the texts of aptible-cli 0.26.6 (bin/aptible, helpers/token.rb), of Ruby, and of its HTTP libraries (httpclient, hyperresource).
 */
const meanings: { pattern: RegExp; fix?: string; transient?: boolean }[] = [
	{ pattern: /^Could not read token/m, fix: "Log in with `aptible login`, or set APTIBLE_ACCESS_TOKEN." },
	{ pattern: /^API authentication error/m, fix: "The token has expired: run `aptible login` again." },
	{ pattern: /JWT::DecodeError/, fix: "The token is none: run `aptible login` again, or renew APTIBLE_ACCESS_TOKEN." },
	{
		pattern:
			/\(Errno::E(CONN(REFUSED|RESET|ABORTED)|HOSTUNREACH|NETUNREACH|TIMEDOUT|PIPE)\)|SocketError|Net::(Open|Read)Timeout/,
		transient: true,
	},
	{
		pattern:
			/HTTPClient::(KeepAliveDisconnected|(Connect|Send|Receive)?TimeoutError|BadResponseError)|OpenSSL::SSL::SSLError/,
		transient: true,
	},
	// An answer of the 5xx kind, and one that is no JSON.
	{ pattern: /HyperResource::(Server|Response)Error|Faraday::ParsingError|JSON::ParserError/, transient: true },
	{ pattern: /^(An error occurred: )?(408|425|429|50[0234])\b/m, transient: true },
	{
		pattern: /Internal Server Error|Service Unavailable|Too Many Requests|Bad Gateway|Gateway Time-?out/,
		transient: true,
	},
];

/** Ruby 3 calls with other arguments what the CLI's library wrote for Ruby 2. */
const rubyTooNew = /\bupdate!': wrong number of arguments/;

const colours = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, "g");
const backtrace = /^\s+(from |\.\.\. \d+ levels|\(backtrace\))/;
const crash = /^\S.*?:\d+:in [`'].*?': (.*)$/;
const notices = [
	/^You have installed the Aptible CLI from source\b/,
	/^Review this support topic for more information\b/,
	/^\S+:\d+: warning: /,
];

/** Reads what the CLI wrote on stderr before it failed. */
export function readFailure(stderr: string): Failure {
	const text = ownText(stderr.replace(colours, ""));
	if (rubyTooNew.test(stderr)) {
		return {
			text,
			fix: `This aptible CLI runs on a Ruby that it is not made for. Install ${packages}; then run \`pulumi up\` again.`,
			transient: false,
		};
	}
	const meaning = meanings.find(({ pattern }) => pattern.test(text));
	return { text, fix: meaning?.fix, transient: meaning?.transient === true };
}

/** Of a crash its message and class; else all but notices. */
function ownText(stderr: string): string {
	const lines = stderr.split("\n").filter((line) => !notices.some((notice) => notice.test(line)));
	const at = lines.findIndex((line) => crash.test(line));
	if (at < 0)
		return lines
			.filter((line) => !backtrace.test(line))
			.join("\n")
			.trim();
	const end = lines.findIndex((line, index) => index > at && backtrace.test(line));
	const [first = "", ...more] = lines.slice(at, end < 0 ? undefined : end);
	return [crash.exec(first)?.[1] ?? first, ...more].join("\n").trim();
}
