/** What the blob service answers: what passes is asked again, what one object is refused for is told apart from what the account refuses. */
import { setTimeout as sleep } from "node:timers/promises";
import { RestError } from "@azure/storage-blob";
import { ConnectionLost, isConnectionError, stateOf } from "../journal/errors.ts";
import type { Side } from "./rights.ts";

/** An account or a container that lets the mover do nothing, whatever the object: the run ends with what to do. */
export class StorageRefused extends Error {
	override name = "StorageRefused";
}

/** One object that cannot be read or written; the others can. */
export class ObjectRefused extends Error {
	override name = "ObjectRefused";
	/** The service's code: `BlobArchived`. */
	readonly code: string;

	constructor(code: string) {
		super(`the service refuses an object: ${code}`);
		this.code = code;
	}
}

/** Who is asked, in words that may be printed. */
export interface Asked {
	side: Side;
	account: string;
	signal: AbortSignal;
	/** The first pause between two tries, in milliseconds; tests alone have a shorter one. @default 500 */
	pauseMs?: number | undefined;
	/** How long what passes is asked again, in milliseconds. @default 5 minutes */
	patienceMs?: number | undefined;
}

const PATIENCE_MS = 5 * 60_000;
const LONGEST_PAUSE_MS = 30_000;
/** A server that asks for more is asked sooner. */
const LONGEST_WAIT_MS = 120_000;
/** One request: a copy of 256 MiB is the slowest. */
const REQUEST_MS = 10 * 60_000;

const PASSING = new Set([408, 429, 500, 502, 503, 504]);
const SAS_CODES = new Set("AuthenticationFailed InvalidAuthenticationInfo NoAuthenticationInformation".split(" "));
const FIREWALL_CODES = new Set("AuthorizationFailure AuthorizationSourceIPMismatch".split(" "));
const RIGHTS_CODES = new Set(
	"AuthorizationPermissionMismatch AuthorizationResourceTypeMismatch AuthorizationServiceMismatch InsufficientAccountPermissions".split(
		" ",
	),
);
const GONE_CODES = new Set("ContainerNotFound ContainerBeingDeleted ContainerDisabled AccountIsDisabled".split(" "));

/**
 * Asks until there is an answer: what passes (a connection, 408, 429, 5xx) is asked again, after as long as the service says.
 *
 * @throws StorageRefused, ObjectRefused; ConnectionLost where it does not pass; the signal's reason
 */
export async function askStorage<T>(asked: Asked, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
	const { signal, pauseMs = 500, patienceMs = PATIENCE_MS } = asked;
	const deadline = Date.now() + patienceMs;
	for (let failures = 0; ; failures += 1) {
		signal.throwIfAborted();
		const request = new AbortController();
		const end = () => request.abort();
		// Not by AbortSignal.timeout: of many short requests each timer would stay for as long as the longest may take.
		const timer = setTimeout(end, REQUEST_MS);
		signal.addEventListener("abort", end, { once: true });
		try {
			return await act(request.signal);
		} catch (error) {
			signal.throwIfAborted();
			if (!request.signal.aborted && !isPassing(error)) throw refusalOf(error, asked);
			const wait = waitOf(error) ?? Math.min(LONGEST_PAUSE_MS, pauseMs * 2 ** Math.min(failures, 6));
			if (Date.now() + wait > deadline) {
				throw new ConnectionLost(
					`the storage account ${asked.account} (${asked.side}) does not answer: ${wordOf(error)}`,
				);
			}
			await sleep(wait * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => {});
		} finally {
			clearTimeout(timer);
			signal.removeEventListener("abort", end);
		}
	}
}

/** The service's code of an error: `ServerBusy`. */
export function codeOf(error: unknown): string {
	if (!(error instanceof RestError)) return "";
	const details = error.details as { errorCode?: string } | undefined;
	return error.response?.headers.get("x-ms-error-code") ?? details?.errorCode ?? error.code ?? "";
}

function isPassing(error: unknown): boolean {
	if (!(error instanceof RestError)) return isConnectionError(error);
	// An answer that is cut is of a good status, and cannot be read.
	return error.statusCode === undefined || error.statusCode < 400 || PASSING.has(error.statusCode);
}

/** How long the service asks to be left alone, in milliseconds. */
function waitOf(error: unknown): number | undefined {
	if (!(error instanceof RestError)) return undefined;
	const text = error.response?.headers.get("retry-after");
	if (text === undefined || text === "") return undefined;
	const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
	return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), LONGEST_WAIT_MS) : undefined;
}

/** What may be said of an error: never its own text, in which the address may be. */
function wordOf(error: unknown): string {
	if (error instanceof RestError) return [error.statusCode, codeOf(error)].filter(Boolean).join(" ") || "no answer";
	return stateOf(error) ?? "no answer";
}

function refusalOf(error: unknown, { side, account }: Asked): unknown {
	if (!(error instanceof RestError)) return error;
	const code = codeOf(error);
	const ofSource = error.response?.headers.get("x-ms-copy-source-error-code");
	// A copy that cannot read: what the source says of it is not the target's word, and comes with newer versions of the service alone.
	const isOfSource = ofSource !== undefined || code === COPY_SOURCE;
	const said = code === COPY_SOURCE ? (ofSource ?? code) : code;
	const isOfAccount = error.statusCode === 401 || error.statusCode === 403;
	if (isOfSource && error.statusCode === 404 && !GONE_CODES.has(said)) return new ObjectRefused(GONE);
	const where = isOfSource && side === "target" ? "source" : side;
	const says = explain(ofSource ?? code, where, isOfSource);
	// 409 of a copy is about the one object (azure-sdk-for-java#24881, azure-sdk-for-js#6577).
	if (!isOfAccount && (says === undefined || said === COPY_SOURCE)) return new ObjectRefused(said);
	const answer = [error.statusCode, code].filter(Boolean).join(" ");
	return new StorageRefused(
		`the storage account ${isOfSource ? "of the source" : account} (${where}) answers ${answer}: ${says ?? UNKNOWN}`,
	);
}

/** Code of a copy that cannot read its source, for whatever reason. */
const COPY_SOURCE = "CannotVerifyCopySource";

/** Code of an object that is not there any more. */
const GONE = "BlobNotFound";

export function isGone(error: unknown): boolean {
	return error instanceof ObjectRefused && error.code === GONE;
}

const UNKNOWN = "look at the rights of its SAS, its firewall, and whether it takes copies from another tenant";

function explain(code: string, side: Side, isCopy: boolean): string | undefined {
	if (SAS_CODES.has(code)) {
		return "the SAS is not taken: it has expired, its key or policy was renewed, or it was cut while it was pasted; make another, give it to the mover, and run it again: it goes on from what is done";
	}
	if (RIGHTS_CODES.has(code)) return "the SAS lacks a right; which one: npm run move -- check --stack STACK";
	if (code === "KeyBasedAuthenticationNotPermitted") {
		return "it takes no SAS that a key has signed; set storage.sharedKey: true for the move, or make one by user delegation";
	}
	if (GONE_CODES.has(code)) return "the container is not there; see whether the address is right";
	if (FIREWALL_CODES.has(code) || (isCopy && code === COPY_SOURCE)) {
		return side === "target"
			? "its firewall does not admit the mover, or it takes no copies from another tenant; in the phases prepare, frozen and trial both are open for what move.objects names: pulumi up --stack STACK"
			: "its firewall does not admit the mover; run the mover inside the MedStack cluster, or ask MedStack's support to admit the addresses of move.from";
	}
	return undefined;
}
