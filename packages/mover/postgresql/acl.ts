/** Rights on objects, read from their lists in the catalog. */
import type pg from "pg";
import { quoteName } from "./target.ts";

/** One right of one role on one object. */
export interface Right {
	/** The object as SQL names it. */
	object: string;
	/** Empty for PUBLIC. */
	grantee: string;
	privilege: string;
	isGrantable: boolean;
	/** Whether it is the owner's own. */
	isOwner: boolean;
	/** Whether another one than the owner gave it. */
	isPassedOn: boolean;
}

/**
 * Reads rights.
 *
 * @param sql gives columns `object`, `acl`, `owner` (an oid) and `columns`, which is empty or ` (column)`
 */
export async function readAcl(client: pg.Client, sql: string): Promise<Right[]> {
	const { rows } = await client.query<Right>(`
		SELECT o.object, coalesce(r.rolname, '') AS grantee, a.privilege_type || o.columns AS privilege,
			bool_or(a.is_grantable) AS "isGrantable", a.grantee = o.owner AS "isOwner", bool_or(a.grantor <> o.owner) AS "isPassedOn"
		FROM (${sql}) AS o, LATERAL pg_catalog.aclexplode(o.acl) AS a LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
		WHERE a.grantee = 0 OR r.oid IS NOT NULL
		GROUP BY 1, 2, 3, 5 ORDER BY 1, 2, 3`);
	return rows;
}

export const grantee = (role: string) => (role === "" ? "PUBLIC" : quoteName(role));

/** @param on the object with its kind: `TABLE s.t` */
export function grantStatement(
	{ privilege, grantee: role, isGrantable }: Pick<Right, "privilege" | "grantee" | "isGrantable">,
	on: string,
): string {
	return `GRANT ${privilege} ON ${on} TO ${grantee(role)}${isGrantable ? " WITH GRANT OPTION" : ""}`;
}
