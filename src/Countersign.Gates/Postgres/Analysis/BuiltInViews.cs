using Countersign.Gates.Postgres.Analysis.Catalog;

namespace Countersign.Gates.Postgres.Analysis;

/// <summary>The server's own views that show more than the catalog. All others only read and compute.</summary>
internal static class BuiltInViews
{
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
