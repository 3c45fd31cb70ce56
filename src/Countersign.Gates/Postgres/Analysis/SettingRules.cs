using System.Collections.Frozen;
using Countersign.Gates.Postgres.Analysis.Catalog;
using Countersign.Gates.Postgres.Analysis.Trees;
using Countersign.Gates.Postgres.Statements;

namespace Countersign.Gates.Postgres.Analysis;

/// <summary>
/// <c>set_config</c>: what SET would do, but with a name and a value that may be computed. Both have to stand in the
/// statement: a computed value could carry a masked one out (as ParameterStatus), a computed name could be any.
/// </summary>
internal static class SettingRules
{
    private const string Remedy = "Use SET, or set_config with a constant name and value.";

    private static readonly FrozenSet<string> s_harmless = new[]
    {
        "application_name", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout",
        "transaction_timeout", "idle_session_timeout", "extra_float_digits", "bytea_output", "client_min_messages",
        "datestyle", "intervalstyle", "timezone", "xmloption", "synchronize_seqscans", "quote_all_identifiers",
        "restrict_nonsystem_relation_kind", "work_mem", "jit", "default_statistics_target", "lc_monetary",
        "lc_numeric", "lc_time", "gin_fuzzy_search_limit", "plan_cache_mode", "enable_seqscan", "enable_indexscan",
        "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin", "enable_nestloop", "random_page_cost",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>
    /// Numbers, words of a list, and what the server says about itself: no code could have put a row's value there.
    /// </summary>
    private static readonly FrozenSet<string> s_withoutText = new[]
    {
        "server_version", "server_version_num", "server_encoding", "client_encoding", "standard_conforming_strings",
        "integer_datetimes", "is_superuser", "in_hot_standby", "max_identifier_length", "block_size", "max_connections",
        "transaction_isolation", "transaction_read_only", "transaction_deferrable", "default_transaction_isolation",
        "default_transaction_read_only", "default_transaction_deferrable", "statement_timeout", "lock_timeout",
        "idle_in_transaction_session_timeout", "idle_session_timeout", "transaction_timeout", "extra_float_digits",
        "bytea_output", "client_min_messages", "datestyle", "intervalstyle", "row_security", "work_mem", "jit",
        "lc_collate", "lc_ctype", "wal_level", "array_nulls", "backslash_quote", "escape_string_warning", "port",
        "data_checksums", "max_index_keys", "segment_size", "synchronous_commit", "wal_block_size",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Whether a setting of this name, in lower case, cannot hold what code read somewhere.</summary>
    public static bool HoldsNoText(string name) => s_withoutText.Contains(name);

    public static void Apply(
        NodeValue.Node? call, QueryTree? query, CatalogFacts facts, EffectsBuilder effects)
    {
        effects.IsValueSensitive = true;
        var arguments = call?.List("args") ?? [];
        if (arguments is not [var first, var second, var third])
        {
            effects.Refuse($"It calls set_config in a way that hides which setting it changes. {Remedy}");
            return;
        }

        var name = (Constants.String(first) ?? NameByCondition(first, query, facts))?.ToLowerInvariant();
        var value = Constants.String(second);
        if (name is null || value is null)
        {
            effects.Refuse($"set_config computes the {(name is null ? "name" : "value")} of a setting. {Remedy}");
            return;
        }

        Judge(name, value, effects);
        effects.AddSetting(new SettingChange(name, value, Constants.Truth(third)));
    }

    private static void Judge(string name, string value, EffectsBuilder effects)
    {
        if (name == "search_path" ? value.Trim() is "" or "\"\"" or "pg_catalog" : s_harmless.Contains(name))
        {
            return;
        }

        // A name with a dot is the application's own; policies of row-level security often trust such a setting.
        if (name.Contains('.', StringComparison.Ordinal))
        {
            effects.Impure($"It sets {name}, which policies and functions of the database may read.");
            return;
        }

        effects.Refuse(name == "search_path"
            ? $"set_config may set search_path to nothing but '' here. {Remedy}"
            : $"set_config may not change {name} here: that could change what later statements do.");
    }

    /// <summary>
    /// <c>SELECT set_config(name, '…', false) FROM pg_settings WHERE name = '…'</c> is how pg_dump sets what an
    /// older server may not have: the condition says which name it is.
    /// </summary>
    private static string? NameByCondition(NodeValue name, QueryTree? query, CatalogFacts facts)
    {
        var isColumn = name is NodeValue.Node { Label: "VAR" } column
            && column.Number("varlevelsup") == 0
            && query is { Ranges: [{ Kind: RangeKind.Relation } only] }
            && facts.Relation(only.Relation) is { IsBuiltIn: true, Table: "pg_settings" } settings
            && settings.Columns.GetValueOrDefault((short)column.Number("varattno")) == "name";
        return isColumn
            && query?.Condition is { Label: "OPEXPR" } condition
            && facts.BuiltIns.Functions.GetValueOrDefault(condition.Oid("opfuncid")).Name == "texteq"
            && condition.List("args") is [var left, var right]
            && left is NodeValue.Node { Label: "VAR" } compared
            && compared.Number("varattno") == ((NodeValue.Node)name).Number("varattno")
            && compared.Number("varno") == ((NodeValue.Node)name).Number("varno")
                ? Constants.String(right)
                : null;
    }
}
