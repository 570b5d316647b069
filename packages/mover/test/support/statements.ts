import process from "node:process";
import pg from "pg";

/**
 * Has something done before each statement that this process sends to PostgreSQL.
 *
 * @param before is given the statement's number, from 1; where it throws, the statement is not sent
 * @returns what ends that
 */
export function beforeStatements(before: (n: number) => void): () => void {
	let statements = 0;
	const query = pg.Client.prototype.query;
	pg.Client.prototype.query = function (this: pg.Client, ...parameters: unknown[]) {
		statements += 1;
		before(statements);
		return Reflect.apply(query, this, parameters);
	} as typeof query;
	return () => {
		pg.Client.prototype.query = query;
	};
}

/** Ends this process by SIGKILL before the n-th statement. */
export function killAtStatement(n: number): void {
	beforeStatements((statement) => {
		if (statement === n) process.kill(process.pid, "SIGKILL");
	});
}
