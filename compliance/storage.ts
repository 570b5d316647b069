/** The storage account in Azure, as the file declares it: a report looks at Aptible alone. */
import { type Control, judge, type Row, type Seen } from "./control.ts";
import { mistakesOf } from "./phi-rules.ts";
import { hipaa, hitrust, pipeda } from "./references.ts";

type Storage = NonNullable<Seen["stage"]["storage"]>;

/** A row, but for an account that is only used and so has what its owner gave it. */
function row({ stage: { storage } }: Seen, read: (storage: Storage) => Row["declared"]): Row[] {
	if (storage === undefined || storage.existing === "reference") return [];
	return [{ object: `storage account ${storage.account}`, declared: read(storage) }];
}

export const storage: readonly Control[] = [
	{
		id: "storage-copies",
		title: "Files are in a second region",
		requires: "copies in another region (GRS, GZRS); in a region that has no pair, in its three zones (ZRS)",
		references: [...hipaa("308(a)(7)(ii)(A)"), ...hitrust("09.l")],
		on: "file",
		phiKeys: ["storage.redundancy"],
		rows: (seen) =>
			row(seen, ({ redundancy, location }) =>
				judge(mistakesOf(seen.draft, "storage.redundancy").length === 0, `${redundancy} in ${location}`),
			),
	},
	{
		id: "storage-versions",
		title: "Overwritten files are kept",
		requires: "versions of blobs",
		references: [...hipaa("312(c)(1)"), ...pipeda("4.7.1")],
		on: "file",
		phiKeys: ["storage.versioning"],
		rows: (seen) =>
			row(seen, ({ versioning, softDeleteDays }) =>
				judge(versioning, `versions ${versioning ? "kept" : "not kept"}, deleted blobs for ${softDeleteDays} days`),
			),
	},
	{
		id: "storage-logs",
		title: "Access to files is logged",
		requires: "a log of each read, write and delete",
		references: [...hipaa("312(b)"), ...hitrust("09.aa")],
		on: "file",
		phiKeys: ["storage.logs"],
		rows: (seen) =>
			row(seen, ({ logs }) => judge(logs !== undefined, logs === undefined ? "no log" : "reads, writes and deletes")),
	},
	{
		id: "storage-origins",
		title: "Web pages of others may not read files",
		requires: "CORS rules for named origins over https",
		references: [...hipaa("312(a)(1)"), ...pipeda("4.7.1")],
		on: "file",
		phiKeys: ["storage.cors.NAME.origins"],
		rows: (seen) =>
			row(seen, ({ cors }) => {
				const origins = Object.values(cors ?? {}).flatMap((rule) => rule.origins);
				const areKnown = origins.every((origin) => origin.startsWith("https://"));
				return judge(areKnown, origins.length === 0 ? "no CORS rule" : origins.join(", "));
			}),
	},
	{
		id: "storage-protection",
		title: "Files are protected from deletion",
		requires: "pulumi refuses to delete the account",
		references: [...hipaa("312(c)(1)"), ...pipeda("4.7.1")],
		on: "file",
		phiKeys: ["storage.protect"],
		rows: (seen) =>
			row(seen, ({ protect, lock }) =>
				judge(protect, `${protect ? "protected" : "not protected"}${lock ? ", locked in Azure" : ""}`),
			),
	},
];
