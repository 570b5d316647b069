/** Words that a version of MySQL began to reserve, `since` as 800 for 8.0; as MySQL's reference lists them. */
export const RESERVED_SINCE_80: readonly { since: number; words: string }[] = [
	{
		since: 800,
		words:
			"CUBE CUME_DIST DENSE_RANK EMPTY EXCEPT FIRST_VALUE FUNCTION GROUPING GROUPS INTERSECT JSON_TABLE LAG LAST_VALUE LATERAL LEAD NTH_VALUE NTILE OF OVER PERCENT_RANK RANK RECURSIVE ROW ROWS ROW_NUMBER SYSTEM WINDOW",
	},
	{ since: 804, words: "MANUAL PARALLEL QUALIFY TABLESAMPLE" },
];
