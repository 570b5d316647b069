/** Whether a domain is served by its new side as its users will see it: certificate, status, redirects, path and text. */
import { sameName } from "../dns/exchange.ts";
import { type Address, type Answer, type RequestOptions, request } from "./request.ts";

const MOST_REDIRECTS = 5;
const DAY_MS = 86_400_000;
/** A certificate that ends before is named: a managed one is renewed long before (facts/aptible.md §4.3). */
const SOON_MS = 14 * DAY_MS;

/** A domain, and where its new side is. */
export interface ProbeTarget {
	domain: string;
	/** App and endpoint of the stage file: `portal.public`. */
	endpoint: string;
	/** Service behind it. */
	service: string;
	app: string;
	environment: string;
	address: Address;
	/** Host or address of the old side (`move.domains.NAME.from`). */
	from: string;
}

/** What an answer has to be like (`move.domains.NAME.smoke`, else `move.smoke`). */
export interface Expected {
	path: string;
	/** Text that the answer holds. */
	text: string;
}

export interface ProbeResult {
	domain: string;
	isPassed: boolean;
	/** What was seen and, where it failed, what to do. */
	line: string;
}

/** What a wildcard is asked by. */
export function nameOf(domain: string): string {
	return domain.replace(/^\*(?=\.)/, "move-probe");
}

/**
 * Asks a domain, and follows its redirects as long as they stay on it.
 *
 * @param targets all domains that move
 * @param expected undefined: `/` is asked, and the answer does not pass, as whether it is the right app is unknown
 */
export async function probe(
	target: ProbeTarget,
	targets: readonly ProbeTarget[],
	expected: Expected | undefined,
	options: RequestOptions,
): Promise<ProbeResult> {
	const { domain, address } = target;
	const name = nameOf(domain);
	const start = new URL(expected?.path ?? "/", `https://${name}`);
	let url = start;
	const fail = (says: string): ProbeResult => ({ domain, isPassed: false, line: `${domain}: failed: ${says}` });
	for (let redirects = 0; ; redirects += 1) {
		// Of what the server leads to only the origin is shown: a path of its choice may have a code or a patient in it.
		const asked = redirects === 0 ? start.pathname : `${start.pathname}, redirected within ${url.origin},`;
		let answer: Answer;
		try {
			answer = await request(url.hostname, `${url.pathname}${url.search}`, address, options);
		} catch (error) {
			return fail(describeFailure(error, url.hostname, target, options));
		}
		const { status, location } = answer;
		if (status < 300 || status > 399 || location === undefined) {
			const wrong = judge(answer, asked, target, expected);
			if (wrong !== undefined) return fail(wrong);
			return { domain, isPassed: true, line: `${domain}: ${describePass(answer, asked, url.hostname)}` };
		}
		if (redirects === MOST_REDIRECTS) {
			return fail(
				`${start.pathname} redirects more than ${MOST_REDIRECTS} times, last within ${url.origin}; the app takes its own address for another one: look at its base URL and at what it makes of X-Forwarded-Proto`,
			);
		}
		let next: URL;
		try {
			next = new URL(location, url);
		} catch {
			return fail(`${asked} redirects (${status}) to what is no URL; look at the app's base URL`);
		}
		const wrong = judgeRedirect(next, `${asked} redirects (${status})`, target, targets);
		if (wrong !== undefined) return fail(wrong);
		url = next;
	}
}

/** The domain that a name is of; a wildcard is of those that have no entry of their own. */
export function findTarget(hostname: string, targets: readonly ProbeTarget[]): ProbeTarget | undefined {
	return (
		targets.find(({ domain }) => sameName(hostname, domain)) ??
		targets.find(({ domain }) => domain.startsWith("*.") && hostname.endsWith(domain.slice(1)))
	);
}

/** What is wrong with where a redirect leads; nothing where it stays on the domain. */
function judgeRedirect(
	next: URL,
	redirects: string,
	target: ProbeTarget,
	targets: readonly ProbeTarget[],
): string | undefined {
	const { domain, from, app } = target;
	const seen = `${redirects} to ${next.origin}`;
	if (sameName(next.hostname, from)) {
		return `${seen}, the old side; change the app's base URL in the stage file (app "${app}", config), then: npm run move -- switch trial --again --stack STACK`;
	}
	const other = findTarget(next.hostname, targets);
	if (other === undefined) {
		return `${seen}, which is none of move.domains; where it is the old side, change the base URL of app "${app}"; where it is meant, ${giveSmoke(domain)} a path that answers itself, ${OR_ACCEPT}`;
	}
	if (other !== target) {
		return `${seen}, another domain of the move, whose answer says nothing of this one; ${giveSmoke(domain)} a path that answers itself, ${OR_ACCEPT}`;
	}
	if (next.protocol !== "https:" || next.port !== "") {
		return `${seen}, which is not https on its own port; app "${app}" has to take X-Forwarded-Proto for the scheme, or has a base URL of its own`;
	}
	return undefined;
}

const giveSmoke = (domain: string) => `give move.domains."${domain}".smoke`;
const OR_ACCEPT = "or test it by hand, and: npm run move -- probe --accept DOMAIN --stack STACK";

function judge(
	{ status, body, contentType }: Answer,
	asked: string,
	{ domain, app, service, environment, endpoint }: ProbeTarget,
	expected: Expected | undefined,
): string | undefined {
	const seen = `${asked} answers ${status}`;
	if (status === 502 || status === 503 || status === 504) {
		return `${seen}: no container of service ${app}.${service} answers; see whether it is at 0 and what it says: aptible services --app ${app} --environment ${environment}; aptible logs --app ${app} --environment ${environment}`;
	}
	if (status >= 500)
		return `${seen}: the app fails; its log says why: aptible logs --app ${app} --environment ${environment}`;
	if (status === 401 || status === 403) {
		return `${seen}: it asks who is there, or the endpoint's IP filter shuts this machine out; ${giveSmoke(domain)} a path that answers everybody, look from a network that the filter admits, ${OR_ACCEPT}`;
	}
	if (status < 200 || status > 299)
		return `${seen}: is it the right app, and is the smoke's path right? app "${app}", endpoint ${endpoint}; ${giveSmoke(domain)} another one, ${OR_ACCEPT}`;
	if (expected === undefined) {
		return `${seen}, and whether it is the right app is unknown; ${giveSmoke(domain)} (or move.smoke) a path and a text, ${OR_ACCEPT}`;
	}
	if (body.includes(expected.text)) return undefined;
	// Of the body nothing is shown: it may be about a patient.
	const [type = ""] = /^[\w.+-]+\/[\w.+-]+/.exec(contentType) ?? ["no content type"];
	return `${seen} (${type}, ${Buffer.byteLength(body)} bytes) without the text of its smoke: another app, or another release of it; look at image and endpoint ${endpoint} of app "${app}"`;
}

function describePass({ status, validUntil }: Answer, asked: string, hostname: string): string {
	const days = Math.floor((validUntil.getTime() - Date.now()) / DAY_MS);
	const soon = days * DAY_MS < SOON_MS ? `; its certificate ends in ${days} days, see that it is renewed` : "";
	return `${hostname}${asked} answers ${status} with the text, certificate until ${validUntil.toISOString()}${soon}`;
}

/** Of OpenSSL's and Node's codes, what was seen and what to do. */
function describeFailure(
	error: unknown,
	name: string,
	{ app, endpoint, environment, address: { host, port } }: ProbeTarget,
	{ timeoutMs }: RequestOptions,
): string {
	const { code = "", name: kind, message } = error as NodeJS.ErrnoException;
	const where = `${host}:${port}`;
	const renew = `aptible endpoints:renew HOSTNAME --app ${app} --environment ${environment} where it is a managed one, else the stage file's certificate and pulumi up`;
	if (kind === "TimeoutError" || code === "ETIMEDOUT") {
		return `${where} has not answered within ${timeoutMs / 1000} s; does the endpoint's IP filter admit this machine, and does the service answer? endpoint ${endpoint}`;
	}
	if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID") {
		const what = code === "CERT_HAS_EXPIRED" ? "has ended" : "is not valid yet";
		return `the certificate for ${name} at ${where} ${what}; ${renew}`;
	}
	if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
		return `the certificate at ${where} is of ${namesIn(error)}, not of ${name}; see that endpoint ${endpoint} has the domain, and its record _acme-challenge.${name} where it is managed: npm run move -- plan --stack STACK`;
	}
	if (/CERT|SELF_SIGNED|ISSUER|UNABLE_TO/.test(code)) {
		return `no authority that browsers trust has signed the certificate for ${name} at ${where} (${code}); ${renew}. An authority of your own: NODE_EXTRA_CA_CERTS=FILE`;
	}
	if (code === "EPROTO" || code.startsWith("ERR_SSL") || code === "HPE_INVALID_CONSTANT") {
		return `${where} speaks no TLS that fits (${code}), plain http for example; endpoint ${endpoint} has to be of the kind https`;
	}
	if (code === "ECONNREFUSED")
		return `${where} refuses the connection; is endpoint ${endpoint} provisioned? aptible endpoints:list --app ${app} --environment ${environment}`;
	if (code === "ENOTFOUND" || code === "EAI_AGAIN")
		return `no address of ${host} is known here (${code}); is endpoint ${endpoint} provisioned, and does this machine reach DNS?`;
	return `${where} gives no answer (${code || message}); run it again, and look at the log: aptible logs --app ${app} --environment ${environment}`;
}

function namesIn(error: unknown): string {
	const { cert } = error as { cert?: { subjectaltname?: string; subject?: { CN?: string } } };
	return cert?.subjectaltname?.replaceAll("DNS:", "") ?? cert?.subject?.CN ?? "another name";
}
