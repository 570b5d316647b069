/** What is done about a domain in each part of the runbook, in words. */
import { NIGHT_TTL_SECONDS, newName, oldName } from "../../config/stable-names.ts";
import type { Stage } from "../../config/stage.ts";
import { longestTtl } from "../dns/differences.ts";
import { sameName } from "../dns/exchange.ts";
import { heldSeconds, type TtlNote } from "../dns/ttl-notes.ts";
import { expectedOf } from "../probe/evidence.ts";
import { describeAlias, listAddresses } from "./alias.ts";
import { MOST_TTL_SECONDS } from "./domain-checks.ts";
import { type DomainFacts, isSwitched, type StageDomain } from "./domains.ts";

/** Who changes its record, and where: at the DNS host, or in the stage file. */
export function describeRecord({ domain, record, moved }: StageDomain): { who: string; what: string } {
	if (moved !== undefined && moved.via !== "manual") return { who: "operator", what: `${domain} (via ${moved.via})` };
	return record === undefined
		? { who: "DNS host", what: domain }
		: { who: "operator", what: `${domain} (\`${record}\` of the stage file, then \`pulumi up --stack STACK\`)` };
}

/**
 * Of the guide's step 17.
 *
 * @param facts a message where DNS could not be read
 * @param floorSeconds as that of `heldSeconds`
 */
export function describeTtl(facts: DomainFacts | string, note: TtlNote | undefined, floorSeconds: number): string {
	const wanted = `${MOST_TTL_SECONDS} s or less, ${NIGHT_TTL_SECONDS} s at best, one old TTL before the night`;
	if (typeof facts === "string") {
		return `DNS was not read: plan again where it can be, as an address becomes a CNAME days before; its TTL: ${wanted}`;
	}
	const ttl = longestTtl(facts.sets);
	if (ttl === undefined) return `it has no record yet; its TTL: ${wanted}`;
	if (ttl > MOST_TTL_SECONDS)
		return `set its TTL from ${ttl} s to ${NIGHT_TTL_SECONDS} s, ${heldSeconds(ttl, floorSeconds)} s before the night at the latest`;
	const wait = note?.safeFrom === undefined ? "" : `; it was longer before: switch not before ${note.safeFrom}`;
	return `its TTL is ${ttl} s, which is low enough${wait}`;
}

function hostOf({ live, app, environment }: StageDomain): string {
	return live?.hostname === undefined
		? `the endpoint's host name (\`aptible endpoints:list --app ${app} --environment ${environment}\`)`
		: `\`${live.hostname}\``;
}

/** What changes the record, where no person does; the phase has done so before that with `via: azure`. */
function describeCommand({ domain, moved }: StageDomain): string | undefined {
	if (moved === undefined || moved.via === "manual") return undefined;
	const says = `leads to \`${newName(domain)}\`, waited for on every authoritative server: npm run move -- point --to new --stack STACK`;
	return moved.via === "azure" ? `after the phase live it ${says}` : `it ${says}`;
}

/** Of the guide's step 19. */
export function describeSwitch(subject: StageDomain, facts: DomainFacts | string): string {
	const host = hostOf(subject);
	const command = describeCommand(subject);
	if (command !== undefined && !(typeof facts !== "string" && isSwitched(subject, facts))) return command;
	if (typeof facts === "string") {
		return `once it is a CNAME (step 17; DNS was not read), change its value to ${host}; replace no address in the night`;
	}
	if (subject.domain === facts.reading.zone) {
		return isSwitched(subject, facts)
			? `it has the addresses of ${host} already`
			: `change its ALIAS or ANAME record to ${host} (an apex takes no CNAME)`;
	}
	const now = facts.sets.CNAME?.values.join(", ");
	if (now !== undefined) {
		const right = [newName(subject.domain), subject.live?.hostname ?? now];
		const isDone = isSwitched(subject, facts) && right.some((name) => sameName(now, name));
		return isDone
			? `it is a CNAME to \`${now}\` already, and stays one`
			: `change the value of the CNAME \`${now}\` to ${host}`;
	}
	if (describeAlias(subject, facts).length === 0) return `make the CNAME to ${host}`;
	return `change the value of \`${subject.domain}\`, by then a CNAME to \`${oldName(subject.domain)}\`, to ${host}`;
}

/** A request by the real name while DNS still leads to MedStack. */
export function writeTest(stage: Stage, { domain, live }: StageDomain): string {
	const name = domain.replace(/^\*\./, "any.");
	const url = `https://${name}${(stage.move && expectedOf(stage.move, domain)?.path) ?? "/"}`;
	return `curl --fail-with-body -sS --connect-to ${name}:443:${live?.hostname ?? "HOST"}:443 '${url.replaceAll("'", "'\\''")}'`;
}

/** Where it leads to on the way back: to where it leads now, or will before the night. */
export function describeOrigin(subject: StageDomain, facts: DomainFacts | string): string {
	const { domain, moved } = subject;
	const from = moved === undefined ? "what it was before the switch" : `\`${moved.from}\``;
	if (typeof facts === "string") return "what its value was before the switch (DNS was not read)";
	if (domain !== facts.reading.zone && isSwitched(subject, facts)) {
		return `\`${oldName(domain)}\` (or what its value was before the switch); it stays a CNAME`;
	}
	if (facts.sets.CNAME !== undefined) return facts.sets.CNAME.values.map((name) => `\`${name}\``).join(", ");
	if (describeAlias(subject, facts).length > 0) return `\`${oldName(domain)}\``;
	const own = isSwitched(subject, facts) ? [] : listAddresses(facts.sets);
	return own.length > 0 ? own.map((address) => `\`${address}\``).join(", ") : from;
}
