using Countersign.Gates.Postgres.Analysis.Catalog;

namespace Countersign.Gates.Postgres.Analysis;

/// <summary>The server's own views that show more than the catalog. All others only read and compute.</summary>
internal static class BuiltInViews
{
    /// <summary>
    /// Whether a column of the server's own holds values of other columns, or texts that sessions left behind.
    /// </summary>
    public static bool HoldsValues(RelationFacts relation, string column) => relation.IsBuiltIn && relation.Table switch
    {
        "pg_statistic" => column.StartsWith("stavalues", StringComparison.Ordinal),
        "pg_stats" or "pg_stats_ext" or "pg_stats_ext_exprs" => column is "most_common_vals" or "histogram_bounds"
            or "most_common_elems" or "range_bounds_histogram",
        "pg_statistic_ext_data" => column is "stxdmcv" or "stxdexpr",
        "pg_attribute" => column == "attmissingval",
        "pg_stat_activity" => column is "query" or "application_name",
        "pg_stat_replication" => column == "application_name",
        "pg_prepared_statements" or "pg_cursors" => column is "statement" or "name",
        "pg_settings" => column is "setting" or "reset_val",
        "pg_backend_memory_contexts" => column == "ident",
        _ => false,
    };

    /// <summary>Why a relation is never read through this gate, or <c>null</c>.</summary>
    public static string? Outside(RelationFacts relation) => relation switch
    {
        { IsBuiltIn: true, Table: "pg_hba_file_rules" or "pg_ident_file_mappings" or "pg_file_settings" } =>
            $"{relation.Name} shows files of the server.",
        { IsBuiltIn: true, Table: "pg_largeobject" } =>
            "Large objects do not pass this gate: what they hold belongs to no relation that a policy could name.",
        { IsBuiltIn: true, Table: "pg_authid" or "pg_shadow" or "pg_user_mapping" } =>
            $"{relation.Name} holds passwords or their verifiers.",
        _ => null,
    };
}
