/** What is done about a domain in each part of the runbook, in words. */
import type { Stage } from "../../config/stage.ts";
import { shownSet } from "../dns/differences.ts";
import { listAddresses, MOST_TTL_SECONDS, NIGHT_TTL_SECONDS, oldName } from "./domain-checks.ts";
import type { DomainFacts, StageDomain } from "./domains.ts";

/** Who changes its record, and where: at the DNS host, or in the stage file. */
export function describeRecord({ domain, record }: StageDomain): { who: string; what: string } {
	return record === undefined
		? { who: "DNS host", what: domain }
		: { who: "operator", what: `${domain} (\`${record}\` of the stage file, then \`pulumi up --stack STACK\`)` };
}

/** Of the guide's step 17. @param facts a message where DNS could not be read */
export function describeTtl(facts: DomainFacts | string): string {
	const ttl = typeof facts === "string" ? undefined : shownSet(facts.sets)?.ttlSeconds;
	if (ttl === undefined)
		return `its TTL is not known; ${MOST_TTL_SECONDS} s or less, ${NIGHT_TTL_SECONDS} s at best, one old TTL before the night`;
	if (ttl <= MOST_TTL_SECONDS) return `its TTL is ${ttl} s, which is low enough`;
	return `set its TTL from ${ttl} s to ${NIGHT_TTL_SECONDS} s, ${ttl} s before the night at the latest`;
}

/** What makes a CNAME of a domain that is addresses, in order; nothing where it is no such one. */
export function describeAlias({ domain }: StageDomain, facts: DomainFacts | string): string[] {
	if (typeof facts === "string" || domain === facts.reading.zone) return [];
	const own = listAddresses(facts.sets);
	if (facts.sets.CNAME !== undefined || own.length === 0) return [];
	const old = oldName(domain);
	return [
		`make \`${old}\` with ${own.join(", ")} and TTL ${NIGHT_TTL_SECONDS} s`,
		`in one change, replace the records of ${domain} by the CNAME \`${old}\` with TTL ${NIGHT_TTL_SECONDS} s, days before the night`,
	];
}

function hostOf({ live, app }: StageDomain): string {
	return live?.hostname === undefined
		? `the endpoint's host name (\`aptible endpoints:list --app ${app}\`)`
		: `\`${live.hostname}\``;
}

/** Of the guide's step 19. */
export function describeSwitch(subject: StageDomain, facts: DomainFacts | string): string {
	const now = typeof facts === "string" ? undefined : facts.sets.CNAME?.values.join(", ");
	const before =
		now === undefined
			? `\`${subject.domain}\`, by then a CNAME to \`${oldName(subject.domain)}\`,`
			: `the CNAME \`${now}\``;
	return `change the value of ${before} to ${hostOf(subject)}`;
}

/** A request by the real name while DNS still leads to MedStack. */
export function writeTest(stage: Stage, subject: StageDomain): string {
	const { domain, live } = subject;
	const name = domain.replace(/^\*\./, "any.");
	return `curl --connect-to ${name}:443:${live?.hostname ?? "HOST"}:443 https://${name}${stage.move?.smoke?.path ?? "/"}`;
}

/** Where it leads to on the way back: to where it leads now, or will before the night. */
export function describeOrigin({ moved, domain, live }: StageDomain, facts: DomainFacts | string): string {
	const now = typeof facts === "string" ? undefined : facts.sets.CNAME?.values[0];
	if (now !== undefined && now !== live?.hostname) return `\`${now}\``;
	if (typeof facts !== "string" && listAddresses(facts.sets).length > 0) return `\`${oldName(domain)}\``;
	return moved === undefined ? "what it was before" : moved.from;
}
