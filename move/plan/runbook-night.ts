/** The night's steps, and the way back from it. */
import { ttlFloor } from "../dns/ttl-notes.ts";
import { movedDatabases } from "../session.ts";
import { type ServiceKind, stopOrder } from "../source-cluster/order.ts";
import type { MoveStage } from "../stage.ts";
import { describeAlias } from "./alias.ts";
import type { StageDomain } from "./domains.ts";
import { describeOrigin, describeRecord, describeSwitch, describeTtl, writeTest } from "./runbook-domains.ts";
import {
	CONSOLE,
	handOver,
	move,
	type PlannedDomain,
	phase,
	type RunbookPart,
	type RunbookStep,
	YOU,
} from "./runbook-steps.ts";

/** What is said of a service that stops. */
const KINDS: Readonly<Record<ServiceKind, string>> = {
	reached: "reached by people",
	worker: "acts by itself",
	scheduler: "a scheduler, by its name",
};

const changeRecord = (subject: StageDomain, how: string): RunbookStep => {
	const { who, what } = describeRecord(subject);
	return { who, does: `${what}: ${how}` };
};

export function writeNight(moved: MoveStage, domains: readonly PlannedDomain[]): RunbookPart[] {
	const { stage } = moved;
	const objects = stage.move?.objects ?? [];
	const types = new Set(movedDatabases(moved).map(({ type }) => type));
	return [
		{
			title: "17. TTL",
			steps: domains.flatMap(({ subject, facts, note }) => [
				changeRecord(subject, describeTtl(facts, note, ttlFloor(moved))),
				...describeAlias(subject, facts).map((does) => changeRecord(subject, does)),
			]),
		},
		{
			title: "15. Estimate the downtime",
			steps: [
				{
					who: YOU,
					does: "read the forecast once more, add the steps by hand and the TTL, and agree on the hour",
					commands: [move("plan"), move("status")],
				},
				{
					who: YOU,
					does: "in that hour let one command walk through the steps that follow, or take each of them by hand",
					commands: [move("night")],
				},
			],
		},
		{
			title: "16. Nothing writes",
			steps: [
				...(domains.length === 0
					? []
					: [
							{
								who: CONSOLE,
								does: `move ${domains.map(({ subject }) => subject.domain).join(", ")} from the services that have them to the page service`,
							},
						]),
				...stopServices(moved),
				...(types.has("mysql")
					? [{ who: YOU, does: "on each old MySQL, turn the events off: `SET GLOBAL event_scheduler = OFF`" }]
					: []),
				phase("frozen", "every service on Aptible goes to 0"),
				{
					who: YOU,
					does: "shut everybody but the mover out of the old databases, prove that nobody writes, and do what it says of the rest",
					commands: [move("freeze")],
				},
			],
		},
		{
			title: "18. Move and test",
			steps: [
				{
					who: YOU,
					does: "copy, verify, swap in; commit the record, and keep the report for the audit",
					commands: [move("copy"), `git add Pulumi.${moved.name}.move.json`, move("report")],
				},
				...(objects.length === 0
					? []
					: [
							{
								who: YOU,
								does: `copy what has changed in ${objects.map((name) => `\`${name}\``).join(", ")} since the first pass, and delete what was deleted; with \`--rewrite\`, URLs of the old account in the databases lead to the new one`,
								commands: [move("objects")],
							},
						]),
				phase("trial", "services with an endpoint start, DNS is unchanged"),
				...(domains.some(({ subject }) => subject.moved !== undefined)
					? [
							{
								who: YOU,
								does: "ask each domain under `move.domains` by its real name, past DNS; `live` wants all to have passed",
								commands: [move("probe")],
							},
						]
					: []),
				...domains.map(({ subject }) => ({
					who: YOU,
					does: `test ${subject.domain} by its real name, past DNS`,
					commands: [writeTest(stage, subject)],
				})),
			],
		},
		{
			title: "19. Switch DNS",
			steps: [
				phase(
					"live",
					"everything runs as declared. **From the first write on Aptible, going back loses what was written there**",
				),
				...domains.map(({ subject, facts }) => changeRecord(subject, describeSwitch(subject, facts))),
			],
		},
		{
			title: "20. Watch",
			steps: [
				{
					who: CONSOLE,
					does: "save the log of the page service: whoever still comes there, some for hours, is in it",
				},
				{
					who: YOU,
					does: "find out from it, and from the lines of Aptible's endpoints, whether MedStack is silent",
					commands: [move("watch --old OLD --new NEW")],
				},
			],
		},
	];
}

/** Nobody adds to a queue that is to run empty, so that what works on it stops last. */
function stopServices(moved: MoveStage): RunbookStep[] {
	const drained = movedDatabases(moved).filter(({ drain }) => drain !== undefined);
	const listed = (isListed: (kind: ServiceKind) => boolean) =>
		stopOrder(moved)
			.filter(({ kind }) => isListed(kind))
			.flatMap(({ kind, names }) => names.map((name) => `\`${name}\` (${KINDS[kind]})`));
	const stop = (names: readonly string[]): RunbookStep => ({
		who: CONSOLE,
		does: `set to 0 replicas, in this order: ${names.join(", ")}`,
	});
	const byApi =
		moved.stage.move?.from.cluster === undefined
			? ""
			: ". With MEDSTACK_TOKEN_KEY and MEDSTACK_TOKEN_VALUE set, `freeze` does what is named here by MedStack's API";
	const last = `what else has the databases' passwords, such as pgAdmin and BI. The load balancer, the page service and the mover stay. Names in MedStack may differ${byApi}`;
	if (drained.length === 0) return [stop([...listed(() => true), last])];
	return [
		stop([...listed((kind) => kind !== "worker"), `what else adds to queues. Workers stay${byApi}`]),
		{
			who: YOU,
			does: `wait until \`check\` says that nothing is in the queues of ${drained.map(({ handle }) => `\`${handle}\``).join(", ")}`,
			commands: [move("check")],
		},
		stop([...listed((kind) => kind === "worker"), last]),
	];
}

/** Every part of the way back to MedStack. */
export function writeWayBack(moved: MoveStage, domains: readonly PlannedDomain[]): RunbookPart {
	const types = new Set(movedDatabases(moved).map(({ type }) => type));
	return {
		title: "Going back, in this order",
		steps: [
			{
				who: YOU,
				does: "one command takes the steps up to MedStack's services in this order, and first counts what was written on Aptible and is lost; or take each of them by hand",
				commands: [move("back")],
			},
			phase("frozen", "Aptible's writers stop first, so that both sides are never open at once"),
			...domains.map(({ subject, facts }) =>
				changeRecord(subject, `back to ${describeOrigin(subject, facts)}, then wait for its TTL`),
			),
			...handOver(moved.name, false).map((step, at) =>
				at > 0 ? step : { ...step, does: `where it came from \`live\`, the mover's endpoints are new: ${step.does}` },
			),
			{
				who: YOU,
				does: "open the old databases again; without a mover: what `thaw --sql` prints",
				commands: [move("thaw")],
			},
			{
				who: CONSOLE,
				does: "the domains back from the page service, and the services up again; MedStack refuses one whose domain does not resolve to its cluster yet (facts/move.md §0)",
			},
			...(types.has("mysql") ? [{ who: YOU, does: "on each old MySQL, turn the events on again, last" }] : []),
			phase("cancelled", "that ends the move. The steps below are for another night instead"),
			{
				...phase("prepare", "the record goes, as what was copied is old by then"),
				commands: [`git rm Pulumi.${moved.name}.move.json`, move("switch prepare")],
			},
			...handOver(moved.name, false).map((step, at) =>
				at > 0
					? step
					: {
							...step,
							does: `where it came from \`live\` or \`cancelled\`, the mover's endpoints are new: ${step.does}`,
						},
			),
			{ who: YOU, does: "in that night the copy is another command", commands: [move("copy --again")] },
		],
	};
}
