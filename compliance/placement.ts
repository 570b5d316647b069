/** Where a stage lives. */
import { isSharedStack } from "../config/catalogue.ts";
import { type Control, judge, readLive, type Seen, shown } from "./control.ts";
import { hipaa, pipeda } from "./references.ts";

const environmentOf = ({ stage }: Seen) => `environment ${stage.environment.handle}`;

export const placement: readonly Control[] = [
	{
		id: "dedicated-stack",
		title: "Dedicated stack",
		requires:
			"a stack of the organization alone: health information and a business associate agreement need one (docs/facts/aptible.md §1)",
		references: [...hipaa("308(b)(1)"), ...pipeda("4.1.3")],
		on: "both",
		phiKeys: ["environment.stack"],
		rows: (seen) => {
			const { stack } = seen.stage.environment;
			return [
				{
					object: environmentOf(seen),
					declared: judge(!isSharedStack(stack), stack),
					live: readLive(
						seen,
						({ snapshot }) => snapshot.environment.stack,
						({ name, organizationId }) => judge(organizationId !== undefined, name),
					),
					isCompared: true,
				},
			];
		},
	},
	{
		id: "region",
		title: "Region",
		requires: "nothing: where the data is, for whoever has to know",
		references: [],
		on: "both",
		phiKeys: [],
		rows: (seen) => {
			const { storage } = seen.stage;
			return [
				{
					object: environmentOf(seen),
					live: readLive(
						seen,
						({ snapshot }) => snapshot.environment.stack,
						({ region }) => shown(region),
					),
				},
				...(storage === undefined
					? []
					: [{ object: "storage in Azure", declared: shown(`${storage.location}, ${storage.redundancy}`) }]),
			];
		},
	},
];
