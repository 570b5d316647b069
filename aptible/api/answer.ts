import { z } from "zod";
import { ApiError } from "../client/errors.ts";
import { cutMiddle } from "../client/lines.ts";

/** Statuses under which the same request may well succeed later; those of the 5xx kind beside them. */
const passing = new Set([408, 425, 429]);

/** Characters of what the API says of a refusal. */
const longestMessage = 1024;

/** An answer that is none of success. */
export function failureOf(
	request: string,
	{ status, text, retryAfter }: { status: number; text: string; retryAfter: string | null },
	mask: (text: string) => string = (shown) => shown,
): ApiError {
	const transient = passing.has(status) || status >= 500;
	const retryAfterMs = transient ? readRetryAfter(retryAfter) : undefined;
	return new ApiError(request, status, `HTTP ${status}: ${messageIn(mask(text))}`, { transient, retryAfterMs });
}

/** The `message` of an API error (`{code, error, message}`), or the start of whatever came instead. */
function messageIn(text: string): string {
	try {
		const { message } = z.looseObject({ message: z.string() }).parse(JSON.parse(text));
		return cutMiddle(message, longestMessage);
	} catch {
		return text.slice(0, 200);
	}
}

/** @throws ApiError where an answer has another form than expected; it names paths and types, never the values */
export function parseAnswer<T extends z.ZodType>(
	request: string,
	status: number,
	form: T,
	answer: unknown,
): z.infer<T> {
	const parsed = form.safeParse(answer);
	if (parsed.success) return parsed.data;
	throw new ApiError(request, status, `unexpected form of answer:\n${z.prettifyError(parsed.error)}`);
}

/** Milliseconds that the header asks for, in seconds or as a date. */
function readRetryAfter(header: string | null): number | undefined {
	if (header === null || header.trim() === "") return undefined;
	const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
	return Number.isNaN(ms) ? undefined : Math.max(ms, 0);
}
