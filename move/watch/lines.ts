/** Lines of both sides' logs as requests. What a line may have around it, by whoever exported it, is looked past. */
import { isIP } from "node:net";
import type { Hit, Line } from "../../packages/mover/page/hit.ts";
import type { Event } from "../../packages/mover/page/server.ts";
import type { NumberedLine } from "./numbers.ts";

const WATCH_AGENT = "medstack-to-aptible-watch";
/** They and the step `probe` call themselves so. */
const OWN_AGENT = "medstack-to-aptible";
const MARKED = new RegExp(`^${WATCH_AGENT}/1 \\(([0-9a-f]+)\\)$`);

/** What a watch's probes call themselves. @param mark hexadecimal, of that watch alone */
export function probeAgent(mark: string): string {
	return `${WATCH_AGENT}/1 (${mark})`;
}

/** The mark that a probe's user agent has. */
export function markIn(agent: string): string | undefined {
	return MARKED.exec(agent)?.[1];
}

/** A request that a log has. */
export interface LoggedRequest {
	/** `probe` where it calls itself one, which anybody may. */
	kind: "request" | "probe" | "health";
	/** Milliseconds since 1970; undefined where the line has no time that can be read. */
	at: number | undefined;
	/** Whether the time has no zone, and was taken for UTC. */
	isZoneless: boolean;
	/** In lower case, without its port. */
	host: string;
	client: string;
	/** On the old side: address that the nearest proxy saw, where that is another one. */
	via?: string;
	agent: string;
	/** Absent on the old side, where everybody gets the page. */
	status?: number;
	/** Place in the log of the page service; absent on the new side. */
	line?: NumberedLine;
}

/** A line of the page service that is no request. */
export interface LoggedEvent {
	kind: "event";
	at: number | undefined;
	isZoneless: boolean;
	line: NumberedLine;
	/** Connections that it has dropped since its former line of this kind. */
	dropped: number;
}

export type LogLine = LoggedRequest | LoggedEvent;

/** Reads a line of the page service, as it is or as the text of a drain's line. @returns undefined for any other line */
export function readOldLine(text: string): LogLine | undefined {
	return readPageLine(parseObject(text), 0);
}

function readPageLine(parsed: Record<string, unknown> | undefined, depth: number): LogLine | undefined {
	if (parsed === undefined) return undefined;
	const { kind, time, instance, number, host, client, via, agent, dropped } = parsed as Partial<
		Record<keyof Line | keyof Hit | keyof Event, unknown>
	>;
	if (typeof kind !== "string" || typeof time !== "string" || typeof instance !== "string") {
		const inner = textIn(parsed);
		return inner === undefined || depth > 0 ? undefined : readPageLine(parseObject(inner), depth + 1);
	}
	if (!isCount(number) || number === 0) return undefined;
	const when = readTime(time);
	const line = { instance, number, isEnd: kind === "ended" };
	if (isCount(dropped)) return { kind: "event", ...when, line, dropped };
	if (typeof host !== "string" || typeof client !== "string" || typeof agent !== "string") return undefined;
	const is = agent.startsWith(OWN_AGENT) ? "probe" : kind === "health" ? "health" : "request";
	return {
		kind: is,
		...when,
		host,
		client: addressOf(client),
		...(via === undefined ? {} : { via: addressOf(String(via)) }),
		agent,
		line,
	};
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** The page service logs addresses alone; anything else is somebody's own line. */
const addressOf = (text: string) => (isIP(text) === 0 ? "unknown" : text);

/** Host, remote user and time; then request, status, bytes, seconds, referrer, user agent, trace id, forwarded for (facts/move.md §6). */
const NGINX_TIME = / \[(\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d(?: [+-]\d{4})?)\] "/;
const NGINX_REST =
	/^(?:[^"\\]|\\.)*" (\d{3}) \S+ \S+ "(?:[^"\\]|\\.)*" "((?:[^"\\]|\\.)*)"(?: "(?:[^"\\]|\\.)*" "((?:[^"\\]|\\.)*)")?/;
/** Aptible's own health checks name this host; a balancer's name themselves (facts/move.md §6). */
const HEALTH_HOST = "containers";
const HEALTH_AGENT = /^(?:ELB-HealthChecker|Aptible Health Check)/i;

/** Reads a line of an Aptible endpoint's log: nginx's, as it is or in a drain's JSON. @returns undefined for any other line */
export function readNewLine(text: string): LogLine | undefined {
	const parsed = text.includes("{") ? parseObject(text) : undefined;
	const line = (parsed && textIn(parsed)) ?? text;
	const found = NGINX_TIME.exec(line);
	if (found === null) return undefined;
	const rest = NGINX_REST.exec(line.slice(found.index + found[0].length));
	if (rest === null) return undefined;
	const [, status, agent = "", forwarded = "-"] = rest;
	const words = line.slice(0, found.index).trimEnd().split(" ");
	const host = bareHost(words.at(-2) ?? "");
	const peer = (words.at(-4) ?? "").replace(/:\d+$/, "");
	const client = forwarded === "-" || forwarded === "" ? peer : (forwarded.split(",", 1)[0] ?? "").trim();
	const isHealth = host === HEALTH_HOST || HEALTH_AGENT.test(agent);
	return {
		kind: agent.startsWith(OWN_AGENT) ? "probe" : isHealth ? "health" : "request",
		...readTime(found[1] ?? ""),
		host,
		client,
		agent,
		status: Number(status),
	};
}

/** The object that begins at the first brace; what stands before it is a time or a name that somebody's log viewer adds. */
function parseObject(text: string): Record<string, unknown> | undefined {
	const start = text.indexOf("{");
	if (start < 0) return undefined;
	try {
		const value: unknown = JSON.parse(start === 0 ? text : text.slice(start));
		return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
	} catch {
		return undefined;
	}
}

/** The line that a drain's line is about: Aptible's key, then those of usual viewers. */
function textIn({ log, message, line }: Record<string, unknown>): string | undefined {
	return [log, message, line].find((one) => typeof one === "string") as string | undefined;
}

function bareHost(host: string): string {
	return host.toLowerCase().replace(/:\d*$/, "").replace(/\.$/, "");
}

const MONTHS: Readonly<Record<string, string>> = Object.fromEntries(
	"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
		.split(" ")
		.map((month, at) => [month, String(at + 1).padStart(2, "0")]),
);
const NGINX = /^(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d:\d\d:\d\d)(?: ([+-]\d\d)(\d\d))?$/;
const ISO = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(Z|[+-]\d\d:?\d\d)?$/;

/** A time of nginx or ISO 8601. */
function readTime(text: string): { at: number | undefined; isZoneless: boolean } {
	const nginx = NGINX.exec(text);
	if (nginx !== null) {
		const [, day, month = "", year, clock, hours, minutes] = nginx;
		const zone = hours === undefined ? "Z" : `${hours}:${minutes}`;
		return { at: parsed(`${year}-${MONTHS[month]}-${day}T${clock}${zone}`), isZoneless: hours === undefined };
	}
	const iso = ISO.exec(text);
	if (iso === null) return { at: undefined, isZoneless: false };
	const plain = text.replace(" ", "T").replace(",", ".");
	const isZoneless = iso[1] === undefined;
	return { at: parsed(isZoneless ? `${plain}Z` : plain), isZoneless };
}

function parsed(text: string): number | undefined {
	const at = Date.parse(text);
	return Number.isNaN(at) ? undefined : at;
}
