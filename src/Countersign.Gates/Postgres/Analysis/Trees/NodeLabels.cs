using System.Collections.Frozen;

namespace Countersign.Gates.Postgres.Analysis.Trees;

/// <summary>
/// The nodes that an analysed statement may consist of. One that is not here may do anything, so it makes the statement
/// opaque. The forms of 15 were run; older names (14) and newer nodes (16 to 18) come from the documentation of
/// their sources.
/// </summary>
internal static class NodeLabels
{
    private static readonly FrozenSet<string> s_known = new[]
    {
        // Statements and what they read.
        "QUERY", "RANGETBLENTRY", "RTE", "RANGETBLREF", "RANGETBLFUNCTION", "TABLEFUNC", "TABLESAMPLECLAUSE",
        "FROMEXPR", "JOINEXPR", "ALIAS", "COMMONTABLEEXPR", "CTESEARCHCLAUSE", "CTECYCLECLAUSE", "SETOPERATIONSTMT",
        "TARGETENTRY", "ONCONFLICTEXPR", "INFERENCEELEM", "MERGEACTION", "ROWMARKCLAUSE", "SORTGROUPCLAUSE",
        "GROUPINGSET", "WINDOWCLAUSE", "WITHCHECKOPTION",

        // Expressions.
        "VAR", "CONST", "PARAM", "AGGREF", "GROUPINGFUNC", "WINDOWFUNC", "SUBSCRIPTINGREF", "FUNCEXPR",
        "NAMEDARGEXPR", "OPEXPR", "DISTINCTEXPR", "NULLIFEXPR", "SCALARARRAYOPEXPR", "BOOLEXPR", "SUBLINK",
        "FIELDSELECT", "FIELDSTORE", "RELABELTYPE", "COERCEVIAIO", "ARRAYCOERCEEXPR", "CONVERTROWTYPEEXPR",
        "COLLATEEXPR", "COLLATE", "CASEEXPR", "CASE", "CASEWHEN", "WHEN", "CASETESTEXPR", "ARRAYEXPR", "ARRAY",
        "ROWEXPR", "ROW", "ROWCOMPAREEXPR", "ROWCOMPARE", "COALESCEEXPR", "COALESCE", "MINMAXEXPR", "MINMAX",
        "SQLVALUEFUNCTION", "XMLEXPR", "NULLTEST", "BOOLEANTEST", "COERCETODOMAIN", "COERCETODOMAINVALUE",
        "SETTODEFAULT", "CURRENTOFEXPR",

        // 16 and newer; not run.
        "RTEPERMISSIONINFO", "JSONFORMAT", "JSONRETURNING", "JSONVALUEEXPR", "JSONCONSTRUCTOREXPR",
        "JSONISPREDICATE", "JSONBEHAVIOR", "JSONEXPR", "JSONTABLEPATH", "JSONTABLEPATHSCAN",
        "JSONTABLESIBLINGJOIN", "WINDOWFUNCRUNCONDITION", "MERGESUPPORTFUNC", "RETURNINGEXPR",
    }.ToFrozenSet(StringComparer.Ordinal);

    public static bool IsKnown(string label) => s_known.Contains(label);

    /// <summary>
    /// Fields that hold functions: the server calls them when it evaluates the node. <c>0</c> stands for none.
    /// </summary>
    public static bool IsFunction(string field) => field is "funcid" or "opfuncid" or "aggfnoid" or "winfnoid"
        or "hashfuncid" or "negfuncid" or "elemfuncid" or "startInRangeFunc" or "endInRangeFunc" or "tsmhandler";

    /// <summary>Fields that hold operators beside a function that is named already.</summary>
    public static bool IsOperator(string field) =>
        field is "opno" or "eqop" or "sortop" or "opnos" or "cycle_mark_neop";

    /// <summary>
    /// Fields that hold types. Enumerations such as <c>jointype</c> end that way too; their numbers are far below those
    /// of anything a user made.
    /// </summary>
    public static bool IsType(string field) =>
        field.EndsWith("type", StringComparison.OrdinalIgnoreCase)
        || field.EndsWith("types", StringComparison.OrdinalIgnoreCase)
        || field.EndsWith("typeid", StringComparison.OrdinalIgnoreCase);
}
